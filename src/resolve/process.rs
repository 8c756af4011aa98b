//! What one process loads, in musl's order.

use std::collections::BTreeMap;

use super::object::{Object, Resolution};

/// A process that loads one object, with everything that comes with it: the start of a program, or an interpreter that
/// opens an extension module before any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// What is loaded, in order, as indices into the graph. The first is what the process was asked for.
    pub objects: Vec<usize>,
    /// Where names lead in this process, if it is not where the search of the object that asks leads by itself: to a library
    /// that was loaded before under that name, or nowhere, since only something else would have led there. By object and
    /// position among its dependencies.
    pub overrides: BTreeMap<(usize, usize), Resolution>,
}

impl Process {
    /// What is loaded first.
    #[must_use]
    pub fn root(&self) -> Option<usize> {
        self.objects.first().copied()
    }

    /// The names that a loaded object asks for, with where they lead in this process.
    pub fn dependencies<'a>(
        &'a self,
        objects: &'a [Object],
        object: usize,
    ) -> impl Iterator<Item = (&'a str, &'a Resolution)> {
        let dependencies = objects.get(object).into_iter().flat_map(|object| &object.dependencies);
        dependencies.enumerate().map(move |(position, dependency)| {
            let here = self.overrides.get(&(object, position)).unwrap_or(&dependency.resolution);
            (dependency.name.as_str(), here)
        })
    }
}
