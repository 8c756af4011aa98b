//! The directories of the run path of one object.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::musl::RunPath;

use super::layout::{InstalledLayout, directory_of};
use super::object::{Object, Origin};
use super::search::{Directory, SearchPaths};

/// The directories in an object's run path, in order: those inside the installed wheels, and those outside.
pub(super) struct ExpandedRunPath {
    pub(super) inside: Vec<String>,
    pub(super) outside: Vec<Directory>,
}

impl ExpandedRunPath {
    /// Expands the run paths of all these objects, only once for objects with the same directory and run
    /// path.
    pub(super) fn of_all(
        objects: &[Object],
        layout: &InstalledLayout,
        search_paths: &SearchPaths,
    ) -> Vec<Arc<Self>> {
        let mut followed: HashMap<(String, &str), Arc<Self>> = HashMap::new();
        let of = |object| Arc::new(Self::of(object, layout, search_paths));
        let paths = objects.iter().map(|object| match object.origin.place() {
            Some(place) => {
                let origin = directory_of(&layout.installed(place)).to_owned();
                let run_path = object.facts.run_path().unwrap_or_default();
                followed.entry((origin, run_path)).or_insert_with(|| of(object)).clone()
            }
            None => of(object),
        });
        paths.collect()
    }

    /// Expands the entries (`fixup_rpath`). The directory of an installed file is known from the layout; a
    /// file outside has the directory where it was found.
    pub(super) fn of(object: &Object, layout: &InstalledLayout, search_paths: &SearchPaths) -> Self {
        let run_path = RunPath::parse(object.facts.run_path().unwrap_or_default());
        let entries = run_path.entries().iter().copied();
        match &object.origin {
            Origin::Member { place, .. } | Origin::Sibling { place, .. } => {
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
                let named = Named::of(search_paths, Path::new(origin));
                let outside = entries.filter_map(|entry| {
                    let expanded = RunPath::expand(entry, origin);
                    let is_relative = begins_with_origin(entry);
                    if !file.in_sysroot && named.has(Path::new(&expanded), is_relative) {
                        return Some(Directory::Host(PathBuf::from(expanded)));
                    }
                    expanded.starts_with('/').then_some(Directory::Inside(expanded))
                });
                Self { inside: Vec::new(), outside: outside.collect() }
            }
        }
    }
}

/// Whether an entry is relative to the directory of the object.
fn begins_with_origin(entry: &str) -> bool {
    let entry = entry.trim_start_matches('/');
    entry.starts_with("$ORIGIN") || entry.starts_with("${ORIGIN}")
}

/// The directories outside the root file system that the caller named, for a file there.
struct Named {
    /// The directories, with links resolved.
    directories: Vec<PathBuf>,
    /// Whether the file was found in one of them. Otherwise the caller named the file, and its surroundings
    /// count as named too.
    holds_origin: bool,
}

impl Named {
    fn of(search_paths: &SearchPaths, origin: &Path) -> Self {
        let directories = search_paths.named().filter_map(|path| std::fs::canonicalize(path).ok());
        let mut named = Self { directories: directories.collect(), holds_origin: false };
        named.holds_origin = named.holds(origin);
        named
    }

    /// Whether a directory is inside a named one, compared by component with every link and `..` resolved.
    fn holds(&self, path: &Path) -> bool {
        std::fs::canonicalize(path)
            .is_ok_and(|path| self.directories.iter().any(|directory| path.starts_with(directory)))
    }

    fn has(&self, path: &Path, is_relative: bool) -> bool {
        (is_relative && !self.holds_origin) || self.holds(path)
    }
}
