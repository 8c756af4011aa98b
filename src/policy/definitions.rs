//! Who defines the symbols that objects ask for.

use std::collections::{BTreeSet, HashMap};

use crate::musl::{self, Releases};
use crate::resolve::{Graph, Object, Process, Resolution};

use super::binding::{Cause, Requirement};
use super::symbols::{Unusual, text};

/// How many unbound symbols of one object are told apart. Each takes some hundred bytes, and more of them say no more
/// of the object than that it was not built for musl.
const MOST_UNBOUND: usize = 10_000;

/// The strong undefined symbols of all objects that musl does not have on every release, with the objects that define
/// them.
pub(super) struct Definitions<'a> {
    /// For each object, what it asks for, and the releases that export it.
    asked: Vec<Vec<(&'a [u8], Releases)>>,
    definers: HashMap<&'a [u8], Vec<usize>>,
}

/// What a process has besides the definitions of the objects it loads.
pub(super) struct Provided<'a> {
    objects: BTreeSet<usize>,
    /// The names by which libraries were searched and found.
    names: HashMap<&'a str, usize>,
    /// zlib, where the policy leaves it to the system.
    zlib: bool,
    python: bool,
    /// Libraries that the user provides, or that are missing, which may define anything.
    unknown: bool,
}

impl<'a> Definitions<'a> {
    /// Looks them up, once for all processes.
    pub(super) fn of(graph: &'a Graph) -> Self {
        let asked: Vec<Vec<(&[u8], Releases)>> = graph.objects.iter().map(asked).collect();
        let mut definers: HashMap<&[u8], Vec<usize>> =
            asked.iter().flatten().map(|(name, _)| (*name, Vec::new())).collect();
        for (index, object) in graph.objects.iter().enumerate() {
            for name in object.symbols.defined.iter() {
                if let Some(definers) = definers.get_mut(name) {
                    definers.push(index);
                }
            }
        }
        Self { asked, definers }
    }

    /// The symbols of an object that some release leaves unbound in a process: neither libc exports them on every release,
    /// nor does an object of the process define them, nor the interpreter, nor the system's zlib.
    pub(super) fn unbound(&self, graph: &Graph, provided: &Provided<'_>, index: usize) -> Vec<Requirement> {
        let Some(object) = graph.objects.get(index) else { return Vec::new() };
        let mut requirements = Vec::new();
        for (name, exported) in self.asked.get(index).into_iter().flatten() {
            if requirements.len() >= MOST_UNBOUND {
                break;
            }
            let definers = self.definers.get(name).map_or(&[][..], Vec::as_slice);
            let bound = definers.iter().any(|definer| provided.objects.contains(definer))
                || (provided.zlib && musl::is_zlib_export(name))
                || (provided.python && is_interpreters(name, definers))
                || (provided.unknown && exported.is_empty());
            if bound {
                continue;
            }
            let symbol = text(name);
            let cause = match object.symbols.unusual.get(*name).filter(|_| exported.is_empty()) {
                Some(Unusual::IndirectFunction) => Cause::Ifunc { symbol: Some(symbol) },
                Some(Unusual::PassedOver) => Cause::PassedOver { symbol },
                Some(Unusual::WeakThreadLocal) => Cause::WeakThreadLocal { symbol },
                None => {
                    let elsewhere = definers.iter().find_map(|definer| {
                        let object = graph.objects.get(*definer)?;
                        provided.could_have(*definer, object).then(|| object.origin.shown().to_owned())
                    });
                    Cause::Symbol { symbol, elsewhere }
                }
            };
            let object = object.origin.shown().to_owned();
            requirements.push(Requirement { object, cause, met_by: *exported });
        }
        requirements
    }
}

impl<'a> Provided<'a> {
    /// What `process` has.
    pub(super) fn to(graph: &'a Graph, process: &'a Process, is_program: bool) -> Self {
        let mut provided = Self {
            objects: process.objects.iter().copied().collect(),
            names: HashMap::new(),
            zlib: false,
            // A program has the interpreter's symbols only if it asks for its library, which is refused elsewhere.
            python: !is_program,
            unknown: false,
        };
        for (name, resolution) in
            process.objects.iter().flat_map(|object| process.dependencies(graph, *object))
        {
            match resolution {
                Resolution::Object { index } => {
                    provided.names.entry(name).or_insert(*index);
                }
                Resolution::Allowed => provided.zlib = true,
                Resolution::Interpreter => provided.python = true,
                Resolution::Excluded { .. } | Resolution::Missing { .. } => provided.unknown = true,
                Resolution::Libc => {}
            }
        }
        provided
    }

    /// Whether an object that the process does not load could be loaded before, for all to see (`RTLD_GLOBAL`): it is no
    /// program, and its name does not lead to another library.
    fn could_have(&self, index: usize, object: &Object) -> bool {
        let shown = object.origin.shown();
        let file = shown.rsplit('/').next().unwrap_or(shown);
        !object.starts_a_process() && self.names.get(file).is_none_or(|loaded| *loaded == index)
    }
}

/// What an object needs to find, sorted: all but what musl exports on every release that its architecture has.
fn asked(object: &Object) -> Vec<(&[u8], Releases)> {
    let Some(arch) = object.facts.arch else { return Vec::new() };
    let port = musl::releases_for(arch);
    let names = object.symbols.undefined.iter().map(|name| {
        let exported = musl::exports(arch, name).unwrap_or(Releases::NONE);
        (name.as_ref(), exported)
    });
    names.filter(|(_, exported)| exported.intersection(port) != port).collect()
}

/// Whether the interpreter has a symbol. What initialises a module is the interpreter's only where no module at hand has
/// that name.
fn is_interpreters(name: &[u8], definers: &[usize]) -> bool {
    let initialises = name.starts_with(b"PyInit_") || name.starts_with(b"PyModExport_");
    musl::is_python_api(name) && (definers.is_empty() || !initialises)
}
