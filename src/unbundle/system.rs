//! The libraries of a system that grafts came from.

use std::sync::Arc;

use crate::repair::original_names;
use crate::resolve::{LibraryFile, Object, Origin, Rejected, Resolution, Resolver, Shape};

use super::reason::Reason;

/// A library of the system that may take the place of a graft.
#[derive(Clone, Debug)]
pub(super) struct Counterpart {
    /// The name that objects ask for it by: its `DT_SONAME`.
    pub(super) name: String,
    /// The file.
    pub(super) file: Arc<LibraryFile>,
}

/// The library that a graft came from, as musl finds it there by its name for an object without a run path.
///
/// The name is that of the graft without its hash, or with fewer numbers at its end if that is the `DT_SONAME` of what is
/// found: auditwheel names grafts after files.
pub(super) fn counterpart(graft: &Object, resolver: &Resolver) -> Result<Counterpart, Reason> {
    let Some(graft_name) = graft.facts.soname.as_deref().or_else(|| file_name(graft)) else {
        return Err(Reason::NotInstalled { names: Vec::new(), rejected: Vec::new() });
    };
    let names = original_names(graft_name);
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

fn file_name(graft: &Object) -> Option<&str> {
    graft.origin.place().map(|place| place.path.file_name())
}

enum Found {
    Library(Arc<LibraryFile>),
    /// musl takes the name for itself.
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
