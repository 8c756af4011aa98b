//! The wheel without some of its grafts: the removed members, the edits of the others, and the input for an
//! audit of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Audit, ObjectSet, ScannedWheel};
use crate::elf::{ElfEdit, ElfFacts, RunPathEdit};
use crate::musl::{self, RunPath};
use crate::repair::MemberEdit;
use crate::resolve::{InstalledLayout, Object, Origin, directory_of};
use crate::wheel::{PlatformTag, Wheel};

use super::bundled::{Bundled, reach};

/// A wheel without some of its grafts.
pub(super) struct PlannedWheel {
    /// The removed grafts: those that are replaced, and those that nothing needs without them.
    pub(super) removed: BTreeSet<usize>,
    /// The edits of the members that stay, in archive order.
    pub(super) edits: Vec<MemberEdit>,
    /// The remaining objects, for the audit.
    pub(super) set: ObjectSet,
}

impl PlannedWheel {
    /// The wheel with these grafts replaced.
    pub(super) fn without(
        replaced: &BTreeSet<usize>,
        bundled: &BTreeMap<usize, Bundled>,
        wheel: &Wheel,
        scanned: &ScannedWheel,
        audit: &Audit,
    ) -> Self {
        let removed = removed(replaced, bundled, audit);
        let (mut edits, mut own) = (Vec::new(), Vec::new());
        for (index, path, _, object) in audit.elf.members() {
            if removed.contains(&index) {
                continue;
            }
            let edit = ElfEdit {
                rename_needed: renamed(object, replaced, bundled),
                run_path: run_path(index, object, &removed, bundled, audit),
                ..ElfEdit::default()
            };
            own.push(edited(object, &edit));
            if !edit.is_empty() {
                edits.push(MemberEdit { member: path.clone(), edit });
            }
        }
        let gone: BTreeSet<&str> =
            removed.iter().filter_map(|index| Some(bundled.get(index)?.path.as_str())).collect();
        let mut layout = InstalledLayout::new(wheel.filename().python_version());
        let files = audit.hashes.iter().filter(|(path, _)| !gone.contains(path.as_str()));
        for place in files.filter_map(|(path, _)| wheel.place(path).ok()) {
            layout.insert_other(&place);
        }
        let platforms = audit.elf.arch.map(|arch| PlatformTag::Linux(arch.to_string()));
        let set = ObjectSet {
            own,
            layout,
            platforms: platforms.into_iter().collect(),
            ..ObjectSet::of(wheel.filename().to_string(), scanned.roles.clone())
        };
        Self { removed, edits, set }
    }
}

/// The grafts that are removed together with the replaced ones: everything that only they need.
fn removed(replaced: &BTreeSet<usize>, bundled: &BTreeMap<usize, Bundled>, audit: &Audit) -> BTreeSet<usize> {
    let stays = |index: &usize| bundled.get(index).is_none_or(|graft| !graft.may_go());
    let starts = audit.elf.members().map(|(index, ..)| index).filter(stays);
    let needed = reach(&audit.elf.graph, starts, |index| !replaced.contains(&index));
    bundled.keys().copied().filter(|index| !needed.contains(index)).collect()
}

/// The names of replaced grafts that an object needs, with the names that replace them.
fn renamed(
    object: &Object,
    replaced: &BTreeSet<usize>,
    bundled: &BTreeMap<usize, Bundled>,
) -> BTreeMap<String, String> {
    let replaced = object.edges().filter(|(_, target)| replaced.contains(target));
    let names = replaced.filter_map(|(name, target)| {
        let counterpart = bundled.get(&target)?.counterpart.as_ref().ok()?;
        Some((name.to_owned(), counterpart.name.clone()))
    });
    names.filter(|(old, new)| old != new).collect()
}

/// The run path of an object that needed removed grafts: without the directories of grafts from which it
/// needs nothing any more.
fn run_path(
    index: usize,
    object: &Object,
    removed: &BTreeSet<usize>,
    bundled: &BTreeMap<usize, Bundled>,
    audit: &Audit,
) -> RunPathEdit {
    let (graph, layout) = (&audit.elf.graph, &audit.elf.layout);
    let (Some(text), Some(place)) = (object.facts.run_path(), object.origin.place()) else {
        return RunPathEdit::Keep;
    };
    let led_to_removed = reach(graph, [index], |_| true).intersection(removed).next().is_some();
    if !led_to_removed || RunPath::parse(text) == RunPath::Void {
        return RunPathEdit::Keep;
    }
    let directory = |index: &usize| {
        let place = graph.objects.get(*index)?.origin.place()?;
        Some(directory_of(&layout.installed(place)).to_owned())
    };
    let of_grafts: BTreeSet<String> = bundled.keys().filter_map(directory).collect();
    let leads_to = reach(graph, [index], |index| !removed.contains(&index));
    let in_use: BTreeSet<String> =
        leads_to.iter().filter(|other| **other != index).filter_map(directory).collect();
    let installed = layout.installed(place);
    let is_stale = |entry: &&str| {
        let found = layout.expand(entry, directory_of(&installed));
        found.is_some_and(|found| of_grafts.contains(&found) && !in_use.contains(&found))
    };
    let (stale, kept): (Vec<&str>, Vec<&str>) = musl::search_path_entries(text).partition(is_stale);
    match (stale.is_empty(), kept.is_empty()) {
        (true, _) => RunPathEdit::Keep,
        (false, true) => RunPathEdit::Clear,
        (false, false) => RunPathEdit::Set(kept.join(":")),
    }
}

/// The object after an edit, as far as the search for libraries is concerned.
fn edited(object: &Object, edit: &ElfEdit) -> Object {
    let mut facts: ElfFacts = object.facts.clone();
    let new_name = |name: &str| edit.rename_needed.get(name).cloned().unwrap_or_else(|| name.to_owned());
    let mut seen = BTreeSet::new();
    facts.needed =
        facts.needed.iter().map(|name| new_name(name)).filter(|name| seen.insert(name.clone())).collect();
    for need in &mut facts.version_needs {
        need.file = new_name(&need.file);
    }
    match &edit.run_path {
        RunPathEdit::Keep => {}
        RunPathEdit::Clear => (facts.rpath, facts.runpath) = (None, None),
        RunPathEdit::Set(text) => (facts.rpath, facts.runpath) = (Some(text.clone()), None),
    }
    let origin: Origin = object.origin.clone();
    Object { origin, facts, symbols: object.symbols.clone(), size: object.size, dependencies: Vec::new() }
}
