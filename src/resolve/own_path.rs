//! Where the run path of one object leads.

use std::path::PathBuf;

use crate::musl::RunPath;

use super::graph::{Object, Origin};
use super::layout::{InstalledLayout, directory_of};
use super::search::Directory;

/// The directories that the run path of an object names, in its order: those of the installed wheels, and those outside.
pub(super) struct OwnPath {
    pub(super) inside: Vec<String>,
    pub(super) outside: Vec<Directory>,
}

impl OwnPath {
    /// Follows the entries (`fixup_rpath`). What the wheels install has one place; what was found outside is where it was
    /// found.
    pub(super) fn of(object: &Object, layout: &InstalledLayout) -> Self {
        let run_path = RunPath::parse(object.facts.run_path().unwrap_or_default());
        let entries = run_path.entries().iter().copied();
        match &object.origin {
            Origin::Member { place, .. } | Origin::Neighbour { place, .. } => {
                let installed = layout.installed(place);
                let origin = directory_of(&installed);
                let absolute = entries.clone().filter(|entry| entry.starts_with('/'));
                Self {
                    inside: entries.filter_map(|entry| layout.expand(entry, origin)).collect(),
                    outside: absolute.map(|entry| Directory::Inside(entry.to_owned())).collect(),
                }
            }
            Origin::File { found, file } => {
                let origin = directory_of(found);
                let expanded = entries.map(|entry| RunPath::expand(entry, origin));
                let outside = expanded.filter(|entry| entry.starts_with('/')).map(|entry| {
                    let relative_to_host = !file.in_sysroot && entry.starts_with(origin);
                    if relative_to_host {
                        Directory::Host(PathBuf::from(entry))
                    } else {
                        Directory::Inside(entry)
                    }
                });
                Self { inside: Vec::new(), outside: outside.collect() }
            }
        }
    }
}
