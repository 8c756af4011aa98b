//! Run paths of repaired objects.

use std::collections::HashSet;

use crate::elf::{ElfFacts, RunPathEdit};
use crate::musl;
use crate::resolve::{InstalledLayout, directory_of};
use crate::wheel::{Directory, InstallLocation, relative_run_path};

/// What becomes of an object's run path, and the entries that are dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RunPathDecision {
    pub(super) edit: RunPathEdit,
    pub(super) dropped: Vec<String>,
}

/// Keeps the entries that lead from `origin` (an installed directory) to something wheels may rely on, drops the others,
/// and appends `wanted`. Only what musl would read counts: `DT_RUNPATH` hides `DT_RPATH`.
pub(super) fn decide(
    facts: &ElfFacts,
    layout: &InstalledLayout,
    origin: &str,
    wanted: &[String],
) -> RunPathDecision {
    let current = facts.run_path();
    let mut kept: Vec<&str> = Vec::new();
    let mut dropped = Vec::new();
    let (mut entries, mut directories) = (HashSet::new(), HashSet::new());
    for entry in current.into_iter().flat_map(musl::search_path_entries) {
        match layout.expand(entry, origin) {
            Some(found) if layout.is_reliable(&found) => {
                if entries.insert(entry) {
                    kept.push(entry);
                    directories.insert(Some(found));
                }
            }
            _ => dropped.push(entry.to_owned()),
        }
    }
    kept.extend(
        wanted.iter().map(String::as_str).filter(|entry| directories.insert(layout.expand(entry, origin))),
    );
    RunPathDecision { edit: write(facts, &kept.join(":")), dropped }
}

/// The run path of an object that moves from `place` to the directory `to`, where entries are spelt anew: those that lead to
/// something wheels may rely on, because libraries inherit them, then `wanted`.
pub(super) fn translate(
    facts: &ElfFacts,
    layout: &InstalledLayout,
    place: &InstallLocation,
    to: &Directory,
    wanted: &[String],
) -> RunPathDecision {
    let installed = layout.installed(place);
    let mut kept: Vec<String> = Vec::new();
    let mut dropped = Vec::new();
    let mut known = HashSet::new();
    for entry in facts.run_path().into_iter().flat_map(musl::search_path_entries) {
        let found = layout.expand(entry, directory_of(&installed)).filter(|found| layout.is_reliable(found));
        let found = found.and_then(|found| layout.directory(&found));
        match found.and_then(|found| relative_run_path(to, &found)) {
            Some(entry) if !known.insert(entry.clone()) => {}
            Some(entry) => kept.push(entry),
            None => dropped.push(entry.to_owned()),
        }
    }
    kept.extend(wanted.iter().filter(|wanted| known.insert((*wanted).clone())).cloned());
    RunPathDecision { edit: write(facts, &kept.join(":")), dropped }
}

/// The run path of an object that lies somewhere new: nothing of the old one holds there.
pub(super) fn replace(facts: &ElfFacts, wanted: &[String]) -> RunPathDecision {
    let stays: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let dropped = facts.run_path().into_iter().flat_map(musl::search_path_entries);
    let dropped = dropped.filter(|entry| !stays.contains(entry)).map(str::to_owned).collect();
    RunPathDecision { edit: write(facts, &wanted.join(":")), dropped }
}

fn write(facts: &ElfFacts, text: &str) -> RunPathEdit {
    match facts.run_path() {
        Some(current) if current == text => RunPathEdit::Keep,
        None if text.is_empty() => RunPathEdit::Keep,
        _ if text.is_empty() => RunPathEdit::Clear,
        _ => RunPathEdit::Set(text.to_owned()),
    }
}
