//! The members of a repaired wheel.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::elf::{ElfEdit, RunPathEdit};
use crate::wheel::{Content, DosTime, Entry, Member, NewFile, Wheel, WheelInfoJson, WheelPath};

use super::error::RepairError;
use super::make::{cost, make};
use super::options::RepairOptions;
use super::patch::{PATCH_COST, patch};
use super::plan::Plan;
use super::sbom;
use super::shared::MadeGrafts;
use super::shim;
use super::stale_bill::{Bill, without};

/// Builds the entries of the new wheel.
pub(super) struct EntryBuilder<'a> {
    pub(super) wheel: &'a Wheel,
    pub(super) plan: &'a Plan,
    /// Grafts that are already patched and compressed.
    pub(super) made: MadeGrafts<'a>,
    pub(super) options: &'a RepairOptions,
    /// The time of new and changed members.
    pub(super) modified: DosTime,
}

impl<'a> EntryBuilder<'a> {
    /// All members except the bill of materials and `RECORD`: the old members in order, then moved programs,
    /// then grafts. The writer puts the `.dist-info` directory last.
    pub(super) fn entries(&self) -> Result<Vec<Entry<'a>>, RepairError> {
        let edits: BTreeMap<&WheelPath, &'a ElfEdit> =
            self.plan.edits.iter().map(|edit| (&edit.member, &edit.edit)).collect();
        let moved: BTreeMap<&WheelPath, &WheelPath> =
            self.plan.moved.iter().map(|moved| (&moved.script, &moved.program)).collect();
        let renamed: BTreeMap<&WheelPath, &WheelPath> =
            self.plan.renamed.iter().map(|rename| (&rename.from, &rename.to)).collect();
        let mut changed = self.changed_metadata()?;
        let mut left_out: BTreeSet<WheelPath> = self.plan.removed.iter().cloned().collect();
        if !self.plan.removed.is_empty() {
            for (path, bill) in stale_bills(self.wheel, self.plan)? {
                match bill {
                    Some(bytes) => drop(changed.insert(path, bytes)),
                    None => drop(left_out.insert(path)),
                }
            }
        }
        let emptied = emptied(self.wheel, &left_out);
        let mut entries = Vec::new();
        for member in self.wheel.members() {
            let path = &member.path;
            if left_out.contains(path) || emptied.contains(path) {
                continue;
            }
            if let Some(name) = renamed.get(path) {
                let edit = edits.get(path).copied().unwrap_or(&UNCHANGED);
                let content = self.patched_member(path.clone(), edit, member.size);
                let mode = member.mode.unwrap_or(0o755);
                entries.push(Entry::Write(self.new_file((*name).clone(), content, mode)));
            } else if let Some(program) = moved.get(path) {
                let mut script = self.new_file(path.clone(), shim::text(program).into(), 0o755);
                script.mode = member.mode.unwrap_or(0o755) | 0o111;
                entries.push(Entry::Write(script));
            } else if let Some(edit) = edits.get(path) {
                let content = self.patched_member(path.clone(), edit, member.size);
                entries.push(Entry::Write(self.new_file(
                    path.clone(),
                    content,
                    member.mode.unwrap_or(0o755),
                )));
            } else if let Some(bytes) = changed.get(path) {
                let file = self.new_file(path.clone(), bytes.clone().into(), member.mode.unwrap_or(0o644));
                entries.push(Entry::Write(file));
            } else {
                entries.push(Entry::Keep(path.clone()));
            }
        }
        let unchanged: &'a ElfEdit = &UNCHANGED;
        for moved in &self.plan.moved {
            let edit = edits.get(&moved.script).copied().unwrap_or(unchanged);
            let size = self.wheel.member(moved.script.as_str()).map_or(0, |member| member.size);
            let content = self.patched_member(moved.script.clone(), edit, size);
            entries.push(Entry::Write(self.new_file(moved.program.clone(), content, 0o755)));
        }
        for graft in &self.plan.grafts {
            let options = self.options;
            let content = match self.made.get(&graft.member).cloned() {
                Some(packed) => Content::packed(0, move || Ok(Arc::clone(&packed))),
                None => Content::packed(cost(graft), move || Ok(Arc::new(make(graft, options)?))),
            };
            entries.push(Entry::Write(self.new_file(graft.member.clone(), content, 0o755)));
        }
        Ok(entries)
    }

    /// Metadata files that change: `WHEEL`, and bills of materials that name the wheel's file.
    fn changed_metadata(&self) -> Result<BTreeMap<WheelPath, Vec<u8>>, RepairError> {
        let (edit, mut changed) = (&self.plan.metadata, BTreeMap::new());
        if !edit.is_empty() {
            changed.insert(in_dist_info(self.wheel, "WHEEL")?, edit.apply(self.wheel.info()));
            if let Some(json) = self.wheel.info_json() {
                changed.insert(in_dist_info(self.wheel, WheelInfoJson::NAME)?, edit.apply_to_json(json));
            }
        }
        let Plan { input, output, .. } = self.plan;
        if input != output {
            for path in self.documents()? {
                // A file that is not text has no names to replace.
                if let Ok(text) = String::from_utf8(self.wheel.read(&path)?)
                    && let Some(text) = sbom::renamed(&text, input, output)
                {
                    changed.insert(path, text.into_bytes());
                }
            }
        }
        Ok(changed)
    }

    /// The wheel's own bills of materials (PEP 770), in JSON.
    fn documents(&self) -> Result<Vec<WheelPath>, RepairError> {
        let directory = in_dist_info(self.wheel, "sboms")?;
        let is_document = |path: &&WheelPath| {
            path.parent().as_ref() == Some(&directory) && path.as_str().ends_with(".json")
        };
        Ok(self.wheel.members().iter().map(|member| &member.path).filter(is_document).cloned().collect())
    }

    fn patched_member(&self, path: WheelPath, edit: &'a ElfEdit, size: u64) -> Content<'a> {
        let patcher = self.options.patcher;
        Content::edited(path.clone(), size.saturating_mul(PATCH_COST), move |bytes| {
            Ok(patch(patcher, bytes, edit).map_err(|source| RepairError::elf(path.as_str(), source))?)
        })
    }

    fn new_file(&self, path: WheelPath, content: Content<'a>, mode: u32) -> NewFile<'a> {
        NewFile { path, content, mode, modified: self.modified }
    }

    /// The bill of materials. If a wheel is repaired again, the existing document stays and the new one gets
    /// another name.
    pub(super) fn sbom(&self, document: Vec<u8>) -> Result<Entry<'a>, RepairError> {
        let mut path = in_dist_info(self.wheel, "sboms/muslrepair.cdx.json")?;
        let mut number = 1;
        while self.wheel.member(path.as_str()).is_some() {
            number += 1;
            path = in_dist_info(self.wheel, &format!("sboms/muslrepair-{number}.cdx.json"))?;
        }
        Ok(Entry::Write(self.new_file(path, document.into(), 0o644)))
    }
}

/// The bills of materials that list removed libraries, each with its new text, or `None` if it lists no
/// library any more.
fn stale_bills(wheel: &Wheel, plan: &Plan) -> Result<BTreeMap<WheelPath, Option<Vec<u8>>>, RepairError> {
    let directory = in_dist_info(wheel, "sboms")?;
    let is_bill = |member: &&Member| !member.is_dir && member.path.parent().as_ref() == Some(&directory);
    let mut bills = BTreeMap::new();
    for member in wheel.members().iter().filter(is_bill) {
        if member.size > wheel.limits().metadata_size {
            continue;
        }
        let text = wheel.read(&member.path)?;
        match without(&text, &plan.removed, &plan.input, &plan.output) {
            Bill::Same => {}
            Bill::Changed(bytes) => drop(bills.insert(member.path.clone(), Some(bytes))),
            Bill::Empty => drop(bills.insert(member.path.clone(), None)),
        }
    }
    Ok(bills)
}

/// The directories of a wheel that become empty without these files.
fn emptied(wheel: &Wheel, left_out: &BTreeSet<WheelPath>) -> BTreeSet<WheelPath> {
    let above = |path: &WheelPath| std::iter::successors(path.parent(), WheelPath::parent);
    let files = wheel.members().iter().filter(|member| !member.is_dir && !left_out.contains(&member.path));
    let kept: BTreeSet<WheelPath> = files.flat_map(|member| above(&member.path)).collect();
    left_out.iter().flat_map(above).filter(|directory| !kept.contains(directory)).collect()
}

/// The edit of a moved program that is not changed.
static UNCHANGED: ElfEdit = ElfEdit {
    soname: None,
    rename_needed: BTreeMap::new(),
    remove_needed: BTreeSet::new(),
    run_path: RunPathEdit::Keep,
    lower_relr: false,
    strip: None,
};

fn in_dist_info(wheel: &Wheel, name: &str) -> Result<WheelPath, RepairError> {
    wheel.dist_info().join(name).map_err(|source| RepairError::Name { name: name.to_owned(), source })
}
