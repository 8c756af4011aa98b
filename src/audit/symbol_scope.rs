//! Which objects define the symbols that others import.

use std::collections::{HashMap, HashSet};

use crate::musl::{self, Releases};
use crate::resolve::{Graph, Object, Process, Resolution};

use super::requirement::{Requirement, RequirementKind};
use crate::musl::LookupKind;

/// The number of missing symbols of one object that are reported separately; each takes some hundred bytes.
/// Fewer names than this are in only some releases of musl, so if more are missing, some of those kept are in
/// no release at all.
const MOST_UNBOUND: usize = 1_000;

/// The strong undefined symbols of all objects that some release of musl lacks, with the objects that define
/// them.
pub(super) struct Definers<'a> {
    /// For each object, the symbols it imports.
    asked: Vec<Vec<Asked<'a>>>,
    /// The objects that define a name.
    definers: Vec<Vec<usize>>,
}

/// A symbol that an object imports.
struct Asked<'a> {
    name: &'a [u8],
    /// The releases of musl that export it.
    exported: Releases,
    /// The index of its definers.
    definers: usize,
}

/// The definitions in a process besides those of the objects it loads.
pub(super) struct Scope<'a> {
    objects: HashSet<usize>,
    /// The names by which libraries were searched and found.
    names: HashMap<&'a str, usize>,
    /// zlib, if the policy leaves it to the system.
    zlib: bool,
    python: bool,
    /// Whether a program of the wheel may have started the process: its first object is a library that no
    /// interpreter imports.
    any_program: bool,
    /// Whether there are libraries that the user provides, or that are missing: they may define anything.
    unknown: bool,
}

impl<'a> Definers<'a> {
    /// Looks up all symbols, once for all processes.
    pub(super) fn of(graph: &'a Graph) -> Self {
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        let mut asked = Vec::with_capacity(graph.objects.len());
        for object in &graph.objects {
            // A static program resolves its symbols itself.
            let looked_up = !graph.is_static_program(asked.len());
            let names = unsettled(object).filter(|_| looked_up).map(|(name, exported)| {
                let next = places.len();
                Asked { name, exported, definers: *places.entry(name).or_insert(next) }
            });
            asked.push(names.collect());
        }
        let mut definers = vec![Vec::new(); places.len()];
        for (index, object) in graph.objects.iter().enumerate() {
            for name in object.symbols.defined.iter() {
                if let Some(definers) = places.get(name).and_then(|place| definers.get_mut(*place)) {
                    definers.push(index);
                }
            }
        }
        Self { asked, definers }
    }

    /// The symbols of an object that are missing in a process on some release of musl: neither libc, nor an
    /// object of the process, nor the interpreter, nor the system's zlib defines them. At most
    /// [`MOST_UNBOUND`], and the releases that have all of them.
    pub(super) fn unbound(
        &self,
        graph: &Graph,
        scope: &Scope<'_>,
        index: usize,
    ) -> (Vec<Requirement>, Releases) {
        let (mut requirements, mut met_by) = (Vec::new(), Releases::ALL);
        let Some(object) = graph.objects.get(index) else { return (requirements, met_by) };
        for Asked { name, exported, definers } in self.asked.get(index).into_iter().flatten() {
            let definers = self.definers.get(*definers).map_or(&[][..], Vec::as_slice);
            let bound = definers.iter().any(|definer| scope.objects.contains(definer))
                || (scope.zlib && musl::is_zlib_export(name))
                || (scope.python && is_interpreters(name, definers))
                || (scope.unknown && exported.is_empty());
            if bound {
                continue;
            }
            met_by = met_by.intersection(*exported);
            if requirements.len() >= MOST_UNBOUND {
                continue;
            }
            let symbol = String::from_utf8_lossy(name).into_owned();
            let kind = match object.symbols.lookup_kinds.get(*name).filter(|_| exported.is_empty()) {
                Some(LookupKind::IndirectFunction) => RequirementKind::Ifunc { symbol: Some(symbol) },
                Some(LookupKind::IneligibleDefinition) => RequirementKind::IneligibleDefinition { symbol },
                Some(LookupKind::WeakThreadLocal) => RequirementKind::WeakThreadLocal { symbol },
                None => {
                    let elsewhere = definers.iter().find_map(|definer| {
                        let object = graph.objects.get(*definer)?;
                        scope
                            .could_have(graph, *definer, object)
                            .then(|| object.origin.display_name().to_owned())
                    });
                    RequirementKind::Symbol { symbol, elsewhere }
                }
            };
            let object = object.origin.display_name().to_owned();
            requirements.push(Requirement { object, index, kind, met_by: *exported });
        }
        (requirements, met_by)
    }
}

impl<'a> Scope<'a> {
    /// The scope of `process`.
    pub(super) fn of(graph: &'a Graph, process: &'a Process, is_program: bool) -> Self {
        let root = process.root().and_then(|root| graph.objects.get(root));
        let is_imported = root.is_some_and(Object::is_extension_module);
        let mut scope = Self {
            objects: process.objects.iter().copied().collect(),
            names: HashMap::new(),
            zlib: false,
            // A program has the interpreter's symbols only if it needs its library, which another rule
            // refuses.
            python: !is_program,
            any_program: !is_program && !is_imported,
            unknown: false,
        };
        for (name, resolution) in
            process.objects.iter().flat_map(|object| process.dependencies(&graph.objects, *object))
        {
            match resolution {
                Resolution::Object { index } => {
                    scope.names.entry(name).or_insert(*index);
                }
                Resolution::Allowed { .. } => scope.zlib = true,
                Resolution::Interpreter => scope.python = true,
                Resolution::Excluded { .. } | Resolution::Missing { .. } => scope.unknown = true,
                Resolution::Libc => {}
            }
        }
        scope
    }

    /// Whether an object that the process does not load could have been loaded before: a program that started
    /// the process, whose symbols are visible to everything it opens, or a library that was loaded globally
    /// (`RTLD_GLOBAL`), unless its name resolves to another one.
    fn could_have(&self, graph: &Graph, index: usize, object: &Object) -> bool {
        if graph.starts_a_process(index) {
            return self.any_program;
        }
        let shown = object.origin.display_name();
        let file = shown.rsplit('/').next().unwrap_or(shown);
        self.names.get(file).is_none_or(|loaded| *loaded == index)
    }
}

/// The symbols that an object needs and the releases that export them, sorted; without those that every
/// release for its architecture exports.
fn unsettled(object: &Object) -> impl Iterator<Item = (&[u8], Releases)> {
    let arch = object.facts.arch;
    object.symbols.undefined.iter().filter_map(move |name| {
        let port = musl::releases_for(arch?);
        let exported = musl::exports(arch?, name).unwrap_or(Releases::NONE);
        (exported.intersection(port) != port).then_some((name.as_ref(), exported))
    })
}

/// Whether the interpreter defines a symbol. A module's init function counts as the interpreter's only if no
/// module in the graph defines it.
fn is_interpreters(name: &[u8], definers: &[usize]) -> bool {
    let initialises = name.starts_with(b"PyInit_") || name.starts_with(b"PyModExport_");
    musl::is_python_api(name) && (definers.is_empty() || !initialises)
}
