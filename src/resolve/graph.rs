//! The dependency graph of a set of objects, resolved as musl would.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::elf::Kind;

use super::object::Object;
use super::process::Process;

/// Objects and their dependencies. Roots (the members of a wheel, or one file) come first, then the files
/// outside that they need, in order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The objects; [`super::Resolution::Object`] holds an index into this list.
    pub objects: Vec<Object>,
    /// What is loaded for each root that is loaded separately, in a process of its own.
    #[serde(skip)]
    pub processes: Vec<Process>,
    /// The objects that are libraries or modules, whatever `PT_INTERP` and `DF_1_PIE` say: by their file
    /// name, or because another object needs them.
    #[serde(skip)]
    pub(super) libraries: BTreeSet<usize>,
    /// The `--exclude` patterns that matched nothing.
    pub unused_patterns: Vec<String>,
    /// The limit that ended the search, if one did. The graph is incomplete then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded: Option<Exceeded>,
}

/// A limit that ended a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// The name of the limit: `objects`.
    pub what: &'static str,
    /// The value of the limit.
    pub limit: u64,
    /// The object that exceeded it.
    pub object: String,
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the dependencies of `{}` need more than the limit `{}` of {}",
            self.object, self.what, self.limit
        )
    }
}

impl Graph {
    /// The objects that are libraries or modules.
    pub(super) fn libraries_of(objects: &[Object]) -> BTreeSet<usize> {
        let needed = objects.iter().enumerate().flat_map(|(index, object)| {
            object.edges().map(|(_, target)| target).filter(move |target| *target != index)
        });
        let dynamic = |index: &usize| objects.get(*index).is_some_and(|one| one.facts.kind == Kind::Dynamic);
        let named = objects.iter().enumerate().filter(|(_, object)| object.is_named_as_library());
        needed.filter(dynamic).chain(named.map(|(index, _)| index)).collect()
    }

    /// Whether a process starts with the object: it is a program, not a library.
    #[must_use]
    pub fn starts_a_process(&self, index: usize) -> bool {
        self.is_no_library_and(index, |object| object.facts.is_program())
    }

    /// Whether an object is a statically linked program, not a library: musl's loader does not load it.
    #[must_use]
    pub fn is_static_program(&self, index: usize) -> bool {
        self.is_no_library_and(index, |object| object.facts.is_static_program())
    }

    /// Whether an object is any kind of program, not a library: one that is started, or would be if it had an
    /// interpreter.
    #[must_use]
    pub fn is_program(&self, index: usize) -> bool {
        self.is_no_library_and(index, |object| object.facts.is_program() || object.facts.pie_flag)
    }

    fn is_no_library_and(&self, index: usize, is: impl Fn(&Object) -> bool) -> bool {
        !self.libraries.contains(&index) && self.objects.get(index).is_some_and(is)
    }

    /// The objects that programs load, the programs included, each with the first program that loads it. Such
    /// a process has no Python interpreter, unless its libraries include one.
    #[must_use]
    pub fn loaded_by_programs(&self) -> BTreeMap<usize, usize> {
        let programs = (0..self.objects.len()).filter(|index| self.starts_a_process(*index));
        let programs = programs.map(|index| (index, index));
        let mut loaded: BTreeMap<usize, usize> = programs.collect();
        for process in &self.processes {
            let Some(root) = process.root().filter(|root| self.starts_a_process(*root)) else { continue };
            for object in &process.objects {
                loaded.entry(*object).or_insert(root);
            }
        }
        loaded
    }
}
