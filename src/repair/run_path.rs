//! The run paths of repaired objects.

use std::collections::HashSet;

use crate::elf::{ElfFacts, RunPathEdit};
use crate::musl;
use crate::resolve::{InstalledLayout, directory_of};
use crate::wheel::{Directory, InstallLocation, relative_run_path};

/// The change to an object's run path, and the entries that are removed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RunPathDecision {
    pub(super) edit: RunPathEdit,
    pub(super) dropped: Vec<String>,
}

/// Keeps the entries that point from `origin` (an installed directory) to directories that wheels may rely
/// on, removes the others, and appends `wanted`. Only the run path that musl reads counts: `DT_RUNPATH` hides
/// `DT_RPATH`.
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

/// The run path of an object that moves from `place` to the directory `to`: the entries that point to
/// directories wheels may rely on, rewritten for the new place because libraries inherit them, followed by
/// `wanted`.
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

/// The run path of an object in a new place, where no old entry is valid.
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
