//! The requirements of objects on musl and on each other: the list from which both the oldest musl and the
//! rules about loading are computed. Symbols are looked up as in musl, in one process for each module.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::musl::{self, MuslRelease, Releases};
use crate::platform::Arch;
use crate::resolve::{Graph, Origin, Process, Resolution};

use super::load_blockers::{has_empty_segment, load_blockers};
use super::requirement::{Requirement, RequirementKind};
use super::symbol_scope::{Definers, Scope};

/// One object that is loaded separately (an extension module, a library that is opened by path, a program),
/// with everything it is linked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Module {
    /// The index of the object in the graph.
    #[serde(skip)]
    pub object: usize,
    /// Its name.
    pub path: String,
    /// The releases of musl it loads on.
    pub loads_on: Releases,
    /// The requirements that keep it from loading on the others, as indices into the list of requirements.
    #[serde(skip)]
    pub requirements: Vec<usize>,
}

/// All requirements of a graph without duplicates, and the modules that have them.
#[derive(Default)]
pub(super) struct Requirements {
    pub(super) all: Vec<Requirement>,
    pub(super) modules: Vec<Module>,
    known: BTreeMap<Requirement, usize>,
}

impl Requirements {
    /// Loads every object that is loaded separately, each in its own process. Modules of other wheels belong
    /// to those wheels, but libraries that objects of this wheel miss when such modules are loaded count
    /// here.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut requirements = Self::default();
        let definers = Definers::of(graph);
        let mut own: BTreeMap<(usize, bool), Vec<usize>> = BTreeMap::new();
        for process in &graph.processes {
            let Some(index) = process.root() else { continue };
            let Some(root) = graph.objects.get(index) else { continue };
            let is_sibling = matches!(root.origin, Origin::Sibling { .. });
            let at_start = graph.starts_a_process(index);
            let scope = Scope::of(graph, process, at_start);
            let mut found: Vec<usize> = Vec::new();
            let mut loads_on = Releases::ALL;
            for member in &process.objects {
                let Some(object) = graph.objects.get(*member) else { continue };
                if is_sibling {
                    if !matches!(object.origin, Origin::Sibling { .. }) {
                        requirements.add_all(unresolved(graph, process, *member));
                    }
                    continue;
                }
                let add_own = || requirements.add_all(own_requirements(graph, *member, at_start));
                found.extend(own.entry((*member, at_start)).or_insert_with(add_own).iter());
                found.extend(requirements.add_all(unresolved(graph, process, *member)));
                let (unbound, releases) = definers.unbound(graph, &scope, *member);
                found.extend(requirements.add_all(unbound));
                loads_on = loads_on.intersection(releases);
            }
            if is_sibling {
                continue;
            }
            let met_by = |index: &usize| requirements.all.get(*index).map_or(Releases::ALL, |one| one.met_by);
            found.retain(|index| met_by(index) != Releases::ALL);
            found.sort_unstable();
            found.dedup();
            let loads_on = found.iter().fold(loads_on, |all, index| all.intersection(met_by(index)));
            let path = root.origin.display_name().to_owned();
            requirements.modules.push(Module { object: index, path, loads_on, requirements: found });
        }
        requirements
    }

    /// Adds the requirements that are new; returns the index of each.
    fn add_all(&mut self, requirements: Vec<Requirement>) -> Vec<usize> {
        let add = |requirement: Requirement| {
            *self.known.entry(requirement).or_insert_with_key(|requirement| {
                self.all.push(requirement.clone());
                self.all.len() - 1
            })
        };
        requirements.into_iter().map(add).collect()
    }
}

/// The libraries that an object needs and does not get in this process.
fn unresolved(graph: &Graph, process: &Process, index: usize) -> Vec<Requirement> {
    let Some(object) = graph.objects.get(index) else { return Vec::new() };
    let in_process = process.dependencies(&graph.objects, index).zip(&object.dependencies);
    let missing = in_process.filter(|((_, here), _)| matches!(here, Resolution::Missing { .. }));
    let requirements = missing.map(|((name, _), dependency)| {
        let library = name.to_owned();
        let kind = match dependency.resolution {
            Resolution::Missing { .. } => RequirementKind::MissingLibrary { library },
            _ if name.contains('/') => RequirementKind::NeededPath { library },
            _ => RequirementKind::InheritedRunPath { library },
        };
        Requirement { object: object.origin.display_name().to_owned(), index, kind, met_by: Releases::NONE }
    });
    requirements.collect()
}

/// The requirements of one object that do not depend on what is loaded with it.
fn own_requirements(graph: &Graph, index: usize, at_start: bool) -> Vec<Requirement> {
    let mut requirements = Vec::new();
    let Some(object) = graph.objects.get(index) else { return requirements };
    let facts = &object.facts;
    let mut require = |kind: RequirementKind, met_by: Releases| {
        requirements.push(Requirement {
            object: object.origin.display_name().to_owned(),
            index,
            kind,
            met_by,
        });
    };
    if let Some(level) = instruction_set(facts.isa_needed) {
        require(RequirementKind::InstructionSet { level }, Releases::ALL);
    }
    // The kernel starts it; it relocates itself and contains its own C library.
    if graph.is_static_program(index) {
        return requirements;
    }
    let mut require_since = |kind: RequirementKind, since: Releases| {
        if since != Releases::ALL {
            require(kind, since);
        }
    };
    // The resolver found the library, because the object needs a symbol that musl lacks. musl itself does not
    // search for such a name.
    for (library, _) in object.edges().filter(|(name, _)| musl::is_libc(name)) {
        require_since(RequirementKind::ReservedName { library: library.to_owned() }, Releases::NONE);
    }
    if let Some(arch) = facts.arch {
        require_since(RequirementKind::Port, musl::releases_for(arch));
        if facts.relocations.tlsdesc > 0 {
            require_since(RequirementKind::TlsDescriptors, Releases::from_on(tlsdesc_floor(arch)));
        }
    }
    if facts.relr {
        require(RequirementKind::Relr, Releases::from_on(MuslRelease::V1_2_4));
    }
    if has_empty_segment(&facts.segments) {
        require(RequirementKind::EmptySegment, Releases::from_on(MuslRelease::V1_2_3));
    }
    if facts.relocations.initial_exec_tls > 0 && !at_start {
        require(RequirementKind::InitialExecTls, Releases::NONE);
    }
    for kind in load_blockers(graph, index) {
        require(kind, Releases::NONE);
    }
    requirements
}

/// The level named by the bits of `GNU_PROPERTY_X86_ISA_1_NEEDED`, if it is above what every x86-64 processor
/// has. Bit 0 is the baseline, bits 1 to 3 are v2 to v4 (System V ABI for x86-64, "Program Property").
pub(crate) fn instruction_set(needed: u32) -> Option<&'static str> {
    match needed {
        bits if bits & 8 != 0 => Some("x86_64_v4"),
        bits if bits & 4 != 0 => Some("x86_64_v3"),
        bits if bits & 2 != 0 => Some("x86_64_v2"),
        _ => None,
    }
}

/// The first release in which `do_relocs` supports `R_*_TLSDESC` on an architecture.
fn tlsdesc_floor(arch: Arch) -> MuslRelease {
    match arch {
        Arch::Riscv64 => MuslRelease::V1_2_5,
        Arch::Loongarch64 => MuslRelease::V1_2_6,
        other => musl::arch_floor(other),
    }
}
