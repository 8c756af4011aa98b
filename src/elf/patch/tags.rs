//! Step 1: plans the new dynamic section, with texts in place of the offsets of new strings.

use std::collections::BTreeMap;

use goblin::elf::dynamic::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME};

use crate::elf::edit::{ElfEdit, RunPathEdit};
use crate::elf::error::ElfError;
use crate::elf::read::dynamic::{Dynamic, LONGEST_NAME, LONGEST_TEXT, Strings, is_string_tag};
use crate::elf::read::versions::Need;

/// The new value of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The old value.
    Keep(u64),
    /// The offset of this string, once it has a place.
    Text(String),
}

/// The planned dynamic section and version needs.
#[derive(Debug, Default)]
pub(crate) struct TagPlan {
    pub(crate) entries: Vec<(u64, Value)>,
    /// The `vn_file` fields that name a renamed library: file offset and new name, ascending.
    pub(crate) needs: Vec<(u64, String)>,
    /// Offsets of strings that something referred to before and no longer does.
    pub(crate) dropped: Vec<u64>,
    changed: bool,
}

impl TagPlan {
    /// Applies an edit to the tags. The order is kept, new tags come last, and `DT_RPATH` and `DT_RUNPATH`
    /// become one tag.
    pub(crate) fn new(
        dynamic: &Dynamic,
        needs: &[Need],
        strings: &Strings<'_>,
        edit: &ElfEdit,
    ) -> Result<Self, ElfError> {
        check_names(edit)?;
        let mut plan = Self::default();
        let mut libraries: BTreeMap<String, bool> = BTreeMap::new();
        let (mut soname, mut run_path) = (edit.soname.as_ref(), run_path_text(edit));
        let (sets_soname, keeps_run_path) = (soname.is_some(), edit.run_path == RunPathEdit::Keep);
        for entry in &dynamic.entries {
            let (tag, value) = (entry.tag, entry.value);
            if !is_string_tag(tag) {
                plan.entries.push((tag, Value::Keep(value)));
                continue;
            }
            let current = strings.text(value, "dynamic section")?;
            match tag {
                DT_NEEDED if edit.remove_needed.contains(&current) => plan.drop(value),
                DT_NEEDED => {
                    let new = edit.rename_needed.get(&current);
                    let name = new.unwrap_or(&current).clone();
                    let renamed = name != current;
                    match libraries.get(&name) {
                        // Two entries would name the same library: keep the first.
                        Some(before) if renamed || *before => plan.drop(value),
                        _ => {
                            plan.replace((tag, value), tag, &current, name.clone());
                            libraries.insert(name, renamed);
                        }
                    }
                }
                DT_SONAME if sets_soname => match soname.take() {
                    Some(name) => plan.replace((tag, value), tag, &current, name.clone()),
                    None => plan.drop(value),
                },
                DT_RPATH | DT_RUNPATH if !keeps_run_path => match run_path.take() {
                    Some(path) => plan.replace((tag, value), DT_RPATH, &current, path.clone()),
                    None => plan.drop(value),
                },
                _ => plan.entries.push((tag, Value::Keep(value))),
            }
        }
        for (tag, text) in [(DT_SONAME, soname), (DT_RPATH, run_path)] {
            if let Some(text) = text {
                plan.entries.push((tag, Value::Text(text.clone())));
                plan.changed = true;
            }
        }
        for need in needs {
            let current = strings.text(need.file, "version need")?;
            if let Some(new) = edit.rename_needed.get(&current).filter(|new| **new != current) {
                plan.needs.push((need.file_field, new.clone()));
                plan.drop(need.file);
            }
        }
        Ok(plan)
    }

    /// Whether the plan changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        !self.changed
    }

    /// Every new string once, longest first.
    pub(crate) fn texts(&self) -> Vec<&str> {
        let tags = self.entries.iter().filter_map(|(_, value)| match value {
            Value::Text(text) => Some(text.as_str()),
            Value::Keep(_) => None,
        });
        let mut texts: Vec<&str> = tags.chain(self.needs.iter().map(|(_, name)| name.as_str())).collect();
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        texts.dedup();
        texts
    }

    fn drop(&mut self, offset: u64) {
        self.dropped.push(offset);
        self.changed = true;
    }

    fn replace(&mut self, (tag, value): (u64, u64), new_tag: u64, current: &str, text: String) {
        self.changed |= tag != new_tag;
        if text == current {
            self.entries.push((new_tag, Value::Keep(value)));
        } else {
            self.drop(value);
            self.entries.push((new_tag, Value::Text(text)));
        }
    }
}

fn run_path_text(edit: &ElfEdit) -> Option<&String> {
    match &edit.run_path {
        RunPathEdit::Set(path) => Some(path),
        RunPathEdit::Keep | RunPathEdit::Clear => None,
    }
}

/// A NUL would cut a name short, and a name that is too long could not be read again.
fn check_names(edit: &ElfEdit) -> Result<(), ElfError> {
    let names = || edit.rename_needed.values().chain(edit.soname.as_ref());
    if names().chain(run_path_text(edit)).any(|name| name.contains('\0')) {
        return Err(ElfError::unsupported("a new name contains a NUL byte"));
    }
    let longer = |text: &String, longest| text.len() as u64 > longest;
    if names().any(|name| longer(name, LONGEST_NAME))
        || run_path_text(edit).is_some_and(|path| longer(path, LONGEST_TEXT))
    {
        return Err(ElfError::unsupported("a new name or run path is too long"));
    }
    Ok(())
}
