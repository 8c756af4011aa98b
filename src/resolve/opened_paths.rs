//! Where the paths in an ELF file lead, of a file that is looked at by itself.

use super::finder::Finder;
use super::layout::directory_of;
use super::object::{Object, Origin};
use crate::musl::{RunPath, search_path_entries};

/// The paths in an ELF file as auditwheel's `lddtree` gives them: expanded, normalized, each once, and only
/// directories that exist (`parse_ld_paths` in `lddtree.py`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedPaths {
    /// The directories of `DT_RPATH`; none where `DT_RUNPATH` has some.
    pub rpath: Vec<String>,
    /// The directories of `DT_RUNPATH`.
    pub runpath: Vec<String>,
    /// Where `PT_INTERP` leads with all links followed; its own text where nothing has that path.
    pub interpreter: Option<String>,
}

impl OpenedPaths {
    pub(super) fn of(object: &Object, finder: &Finder) -> Self {
        let runpath = directories(object, object.facts.runpath.as_deref(), finder);
        let rpath = match runpath.is_empty() {
            true => directories(object, object.facts.rpath.as_deref(), finder),
            false => Vec::new(),
        };
        let sysroot = &finder.options().search_paths.sysroot;
        let followed = |path: &String| sysroot.resolve(path).map_or_else(|_| path.clone(), |(path, _)| path);
        Self { rpath, runpath, interpreter: object.facts.interpreter.as_ref().map(followed) }
    }
}

fn directories(object: &Object, run_path: Option<&str>, finder: &Finder) -> Vec<String> {
    let Origin::File { found, file } = &object.origin else { return Vec::new() };
    let sysroot = &finder.options().search_paths.sysroot;
    let mut directories: Vec<String> = Vec::new();
    for entry in run_path.into_iter().flat_map(search_path_entries) {
        let is_relative = entry.contains("$ORIGIN") || entry.contains("${ORIGIN}");
        let path = normalized(&RunPath::expand(entry, directory_of(found)));
        let exists = match is_relative && !file.in_sysroot {
            true => std::path::Path::new(&path).is_dir(),
            false => sysroot.resolve(&path).is_ok_and(|(_, location)| location.is_dir()),
        };
        if exists && !directories.contains(&path) {
            directories.push(path);
        }
    }
    directories
}

/// A path without `.`, `..` and doubled slashes, as it is spelt: links are not followed.
fn normalized(path: &str) -> String {
    let mut components: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            component => components.push(component),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", components.join("/"))
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn dots_and_doubled_slashes_go() {
        for (path, short) in
            [("/a/../b//./c/", "/b/c"), ("/..", "/"), ("/x/lib/../../y", "/y"), ("a/./b", "a/b")]
        {
            assert_eq!(normalized(path), short);
        }
    }
}
