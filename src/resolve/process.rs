//! The objects that one process loads, in musl's order.

use std::collections::BTreeMap;

use super::object::{Object, Resolution};

/// A process that loads one object and everything it needs: a program being started, or an interpreter that
/// imports an extension module before any other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The loaded objects in order, as indices into the graph. The first is the one that was requested.
    pub objects: Vec<usize>,
    /// Dependencies whose result in this process differs from the object's own search: a library that is
    /// already loaded under that name, or missing, because only another object's run path would find it. By
    /// object and position among its dependencies.
    pub overrides: BTreeMap<(usize, usize), Resolution>,
}

impl Process {
    /// The object that is loaded first.
    #[must_use]
    pub fn root(&self) -> Option<usize> {
        self.objects.first().copied()
    }

    /// The dependencies of a loaded object, with their results in this process.
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
