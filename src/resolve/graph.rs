//! The dependency graph of a set of objects, resolved as musl would.

use std::collections::BTreeMap;

use serde::Serialize;

use super::object::Object;
use super::process::Process;

/// The objects at hand and what each needs. Roots (the members of a wheel, or one file) come first, then the files
/// outside that they lead to, in order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The objects; [`Resolution::Object`] holds an index into this list.
    pub objects: Vec<Object>,
    /// What happens when the roots are loaded, each that is loaded by itself in a process of its own.
    #[serde(skip)]
    pub processes: Vec<Process>,
    /// The `--exclude` patterns that matched nothing.
    pub unused_patterns: Vec<String>,
    /// The limit that ended the search, if one did. What lies beyond is missing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded: Option<Exceeded>,
}

/// A limit that ended a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// The name of the limit: `objects`.
    pub what: &'static str,
    /// How much is allowed.
    pub limit: u64,
    /// The object that asked for more.
    pub object: String,
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` leads to more than the limit `{}` of {}", self.object, self.what, self.limit)
    }
}

impl Graph {
    /// The objects that programs load, the programs included, each with the first program that does. Such a process has
    /// no interpreter but the one that its libraries bring.
    #[must_use]
    pub fn loaded_by_programs(&self) -> BTreeMap<usize, usize> {
        let is_program = |index: usize| self.objects.get(index).is_some_and(Object::starts_a_process);
        let programs = (0..self.objects.len()).filter(|index| is_program(*index)).map(|index| (index, index));
        let mut loaded: BTreeMap<usize, usize> = programs.collect();
        for process in &self.processes {
            let Some(root) = process.root().filter(|root| is_program(*root)) else { continue };
            for object in &process.objects {
                loaded.entry(*object).or_insert(root);
            }
        }
        loaded
    }
}
