//! The system libraries from which grafts were made.

use std::sync::Arc;

use crate::repair::original_names;
use crate::resolve::{LibraryFile, Object, Origin, Rejected, Resolution, Resolver, Shape};

use super::reason::Reason;

/// A library of the system that may replace a graft.
#[derive(Clone, Debug)]
pub(super) struct Counterpart {
    /// The name by which objects need it: its `DT_SONAME`.
    pub(super) name: String,
    /// The file.
    pub(super) file: Arc<LibraryFile>,
}

/// The library from which a graft was made, as musl finds it by name for an object without a run path.
///
/// The name is an old `DT_SONAME` that is still in the file (`strings`), or the name of the graft without its
/// hash, or the same with fewer numbers at its end if that is the `DT_SONAME` of the library found:
/// auditwheel names grafts after files, which may have other numbers.
pub(super) fn counterpart(
    graft: &Object,
    strings: &[u8],
    resolver: &Resolver,
) -> Result<Counterpart, Reason> {
    let Some(graft_name) = graft.facts.soname.as_deref().or_else(|| file_name(graft)) else {
        return Err(Reason::NotInstalled { names: Vec::new(), rejected: Vec::new() });
    };
    let mut names = original_names(graft_name);
    let left = names.iter().flat_map(|name| left_names(name, strings)).find(|name| name != graft_name);
    if let Some(left) = left.filter(|left| !names.contains(left)) {
        names.insert(0, left);
    }
    let mut all_rejected: Vec<Rejected> = Vec::new();
    let mut other = None;
    for name in &names {
        let found = match find(name, graft, resolver) {
            Found::Library(found) => found,
            Found::Reserved => return Err(Reason::Reserved { name: name.clone() }),
            Found::Nothing(rejected) => {
                all_rejected.extend(rejected);
                continue;
            }
        };
        let soname = found.facts.soname.clone().unwrap_or_else(|| name.clone());
        let same_file = |name: &str| match find(name, graft, resolver) {
            Found::Library(again) => again.location == found.location,
            Found::Reserved | Found::Nothing(_) => false,
        };
        if names.contains(&soname) && (soname == *name || same_file(&soname)) {
            return Ok(Counterpart { name: soname, file: found });
        }
        other.get_or_insert(Reason::OtherSoname { path: found.path.clone(), soname, name: name.clone() });
    }
    Err(other.unwrap_or(Reason::NotInstalled { names, rejected: all_rejected }))
}

/// Strings of a file that start like `name` up to `.so`, end like a `DT_SONAME`, and are complete: tools that
/// rename a library write the new name elsewhere, and leave the old one.
fn left_names(name: &str, strings: &[u8]) -> Vec<String> {
    /// Longer than any soname.
    const LONGEST: usize = 128;
    let Some(base) = name.find(".so").and_then(|at| name.get(..at + ".so".len())) else { return Vec::new() };
    let start = [&b"\0"[..], base.as_bytes()].concat();
    let found = memchr::memmem::find_iter(strings, &start).filter_map(|at| {
        let rest = strings.get(at + 1..)?;
        let end = memchr::memchr(0, rest.get(..LONGEST).unwrap_or(rest))?;
        let text = std::str::from_utf8(rest.get(..end)?).ok()?;
        let version = text.get(base.len()..)?;
        let is_version = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (version.is_empty() || version.starts_with('.') && version.bytes().all(is_version))
            .then(|| text.to_owned())
    });
    found.collect()
}

fn file_name(graft: &Object) -> Option<&str> {
    graft.origin.place().map(|place| place.path.file_name())
}

enum Found {
    Library(Arc<LibraryFile>),
    /// musl reserves the name for itself.
    Reserved,
    Nothing(Vec<Rejected>),
}

fn find(name: &str, graft: &Object, resolver: &Resolver) -> Found {
    match resolver.by_name(name, Shape::of(&graft.facts)) {
        (_, Some(Object { origin: Origin::File { file, .. }, .. })) => Found::Library(file),
        (Resolution::Allowed { file: Some(file), .. }, _) => Found::Library(file),
        (Resolution::Libc | Resolution::Interpreter, _) => Found::Reserved,
        (Resolution::Missing { rejected, .. } | Resolution::Allowed { rejected, .. }, _) => {
            Found::Nothing(rejected)
        }
        (Resolution::Object { .. } | Resolution::Excluded { .. }, _) => Found::Nothing(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::left_names;

    #[test]
    fn an_old_soname_is_a_string_of_its_own() {
        let strings =
            b"\0libopenjp2.so.7\0xlibopenjp2.so.8\0libopenjp2.so.2.5.4\0libopenjp2.sorry\0libopenjp2.so.9";
        let found = left_names("libopenjp2.so.2.5.4", strings);
        assert_eq!(found, ["libopenjp2.so.7", "libopenjp2.so.2.5.4"]);
        assert!(left_names("plugin", strings).is_empty());
    }
}
