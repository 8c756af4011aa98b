//! On which musl an object loads: the binding of symbols, simulated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::musl::{self, Release, Releases};
use crate::resolve::{Graph, Object, Resolution};
use crate::wheel::Arch;

use super::findings::{Code, Finding};
use super::symbols::text;

/// How many unbound symbols of one object are told apart. Each takes some hundred bytes, and more of them say no more
/// of the object than that it was not built for musl.
const MOST_UNBOUND: usize = 10_000;

/// One object that can be loaded by itself (an extension module, a library that is opened by path, a program), with
/// everything it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Module {
    /// The object, as an index into the graph.
    #[serde(skip)]
    pub object: usize,
    /// Its name.
    pub path: String,
    /// The releases of musl it loads on.
    pub loads_on: Releases,
    /// What keeps it from loading on the others.
    pub requirements: Vec<Requirement>,
}

/// Something that an object needs of the C library.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    /// The object that needs it.
    pub object: String,
    /// What it needs.
    #[serde(flatten)]
    pub cause: Cause,
    /// The releases that have it.
    pub met_by: Releases,
}

/// Why an object does not load on every musl.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Cause {
    /// A symbol that only some releases export, or none, and nothing else in the closure defines.
    Symbol {
        /// Its name.
        symbol: String,
        /// Whether an object of the wheel outside the closure defines it.
        elsewhere: Option<String>,
    },
    /// `DT_RELR`, applied since 1.2.4 (`do_relr_relocs`).
    Relr,
    /// A `PT_LOAD` of no size, which `map_library` tolerates since 1.2.3.
    EmptySegment,
    /// TLS descriptors, which the port to this architecture learned late.
    TlsDescriptors,
    /// The port to the architecture itself.
    Port,
    /// Initial-exec TLS in a library that is loaded after the program started (`do_relocs`).
    InitialExecTls,
    /// `R_*_IRELATIVE` relocations or an indirect function (`do_relocs`).
    Ifunc,
    /// A library that is not found.
    MissingLibrary {
        /// Its name.
        library: String,
    },
}

/// The oldest musl from which on everything of a wheel loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinimumMusl {
    /// That release; `None` if something loads on no release, or not on the newest.
    pub version: Option<Release>,
    /// The first Alpine that has it.
    pub alpine: Option<&'static str>,
    /// What decides it, or everything that stands in the way.
    pub because: Vec<Requirement>,
}

impl MinimumMusl {
    /// The finding that more is needed than was asked for.
    #[must_use]
    pub fn finding(&self, wheel: &str, asked: Release) -> Finding {
        let needs = match (self.version, self.alpine) {
            (Some(version), Some(alpine)) => format!("needs musl {version} (Alpine {alpine})"),
            (Some(version), None) => format!("needs musl {version}"),
            (None, _) => "loads on no musl".to_owned(),
        };
        let mut finding =
            Finding::new(Code::OverclaimedTag, wheel, format!("the wheel {needs}, asked was {asked}"));
        finding.details = self.because.iter().map(|requirement| requirement.to_string()).collect();
        finding.with_hint("build on an older Alpine, or ask for less")
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.cause {
            Cause::Symbol { symbol, .. } => write!(f, "`{object}` needs `{symbol}`")?,
            Cause::Relr => write!(f, "`{object}` has DT_RELR")?,
            Cause::EmptySegment => write!(f, "`{object}` has a segment of no size")?,
            Cause::TlsDescriptors => write!(f, "`{object}` has TLS descriptors")?,
            Cause::Port => write!(f, "`{object}` is for an architecture that musl came to late")?,
            Cause::InitialExecTls => write!(f, "`{object}` has initial-exec TLS")?,
            Cause::Ifunc => write!(f, "`{object}` has indirect functions")?,
            Cause::MissingLibrary { library } => {
                write!(f, "`{object}` needs `{library}`, which was not found")?
            }
        }
        match self.met_by.since() {
            Some(since) => write!(f, ", in musl since {since}"),
            None => Ok(()),
        }
    }
}

/// The modules of the first `members` objects of a graph: those that no other of them needs, and every object that
/// looks like an extension module. `relr_stays` says whether `DT_RELR` counts.
pub(super) fn modules(graph: &Graph, members: usize, relr_stays: bool) -> Vec<Module> {
    let needed: BTreeSet<usize> = (graph.objects.iter().take(members).enumerate())
        .flat_map(|(index, object)| {
            object.edges().map(|(_, target)| target).filter(move |target| *target != index)
        })
        .collect();
    let mut requirements: BTreeMap<(usize, bool), Vec<Requirement>> = BTreeMap::new();
    (graph.objects.iter().take(members).enumerate())
        .filter(|(index, object)| !needed.contains(index) || is_extension_module(object))
        .map(|(index, root)| {
            let at_start = root.facts.is_program();
            let closure = closure(graph, index);
            let mut found: Vec<Requirement> = Vec::new();
            for member in &closure {
                let Some(object) = graph.objects.get(*member) else { continue };
                let own = requirements
                    .entry((*member, at_start))
                    .or_insert_with(|| own_requirements(object, at_start, relr_stays));
                found.extend(own.iter().cloned());
                found.extend(unbound(graph, &closure, object, at_start));
            }
            found.sort();
            found.dedup();
            let loads_on = found.iter().fold(Releases::ALL, |all, one| all.intersection(one.met_by));
            Module { object: index, path: root.origin.shown().to_owned(), loads_on, requirements: found }
        })
        .collect()
}

/// The oldest musl from which on every module loads.
pub(super) fn minimum(modules: &[Module]) -> MinimumMusl {
    let all = modules.iter().fold(Releases::ALL, |all, module| all.intersection(module.loads_on));
    let version = all.since();
    let alpine = version.and_then(Release::first_alpine);
    let mut because: Vec<Requirement> = (modules.iter().flat_map(|module| &module.requirements))
        .filter(|requirement| match version {
            // What the release before it lacks, and so decides.
            Some(version) => requirement.met_by.since() == Some(version),
            None => requirement.met_by.since().is_none(),
        })
        .cloned()
        .collect();
    because.sort();
    because.dedup();
    MinimumMusl { version, alpine, because }
}

/// Whether the interpreter would import it: it defines `PyInit_*` (or the names that other interpreters and later
/// protocols use).
pub(crate) fn is_extension_module(object: &Object) -> bool {
    let starts = |start: &[u8]| object.symbols.defined.iter().any(|name| name.starts_with(start));
    [&b"PyInit_"[..], b"PyInitU_", b"PyModExport_", b"_cffi_pypyinit_"].into_iter().any(starts)
}

/// Everything that is loaded with an object, breadth first, as `load_deps` does.
fn closure(graph: &Graph, root: usize) -> Vec<usize> {
    let mut order = vec![root];
    let mut seen: BTreeSet<usize> = order.iter().copied().collect();
    let mut next = 0;
    while let Some(object) = order.get(next).and_then(|index| graph.objects.get(*index)) {
        next += 1;
        let new: Vec<usize> =
            object.edges().map(|(_, target)| target).filter(|target| seen.insert(*target)).collect();
        order.extend(new);
    }
    order
}

/// What one object needs of musl whatever it is loaded with.
fn own_requirements(object: &Object, at_start: bool, relr_stays: bool) -> Vec<Requirement> {
    let facts = &object.facts;
    let mut requirements = Vec::new();
    let mut require = |cause: Cause, met_by: Releases| {
        if met_by != Releases::ALL {
            requirements.push(Requirement { object: object.origin.shown().to_owned(), cause, met_by });
        }
    };
    if let Some(arch) = facts.arch {
        require(Cause::Port, musl::releases_for(arch));
        if facts.relocations.tlsdesc > 0 {
            require(Cause::TlsDescriptors, Releases::from_on(tlsdesc_floor(arch)));
        }
    }
    // A static program applies its own.
    if facts.relr && relr_stays && !facts.is_static_program() {
        require(Cause::Relr, Releases::from_on(Release::V1_2_4));
    }
    // PT_LOAD is 1.
    if facts.segments.iter().any(|segment| segment.kind == 1 && segment.memory_size == 0) {
        require(Cause::EmptySegment, Releases::from_on(Release::V1_2_3));
    }
    if facts.relocations.initial_exec_tls > 0 && !at_start {
        require(Cause::InitialExecTls, Releases::NONE);
    }
    if facts.dynamic && (facts.relocations.irelative > 0) {
        require(Cause::Ifunc, Releases::NONE);
    }
    for dependency in &object.dependencies {
        if matches!(dependency.resolution, Resolution::Missing { .. }) {
            require(Cause::MissingLibrary { library: dependency.name.clone() }, Releases::NONE);
        }
    }
    requirements
}

/// The release from which on `do_relocs` knows `R_*_TLSDESC` on an architecture.
fn tlsdesc_floor(arch: Arch) -> Release {
    match arch {
        Arch::Riscv64 => Release::V1_2_5,
        Arch::Loongarch64 => Release::V1_2_6,
        other => musl::arch_floor(other),
    }
}

/// The strong undefined symbols of an object that some release leaves unbound: neither libc exports them on every
/// release, nor does the closure define them, nor the interpreter, nor zlib where the policy leaves it to the system.
fn unbound(graph: &Graph, closure: &[usize], object: &Object, program: bool) -> Vec<Requirement> {
    let Some(arch) = object.facts.arch else { return Vec::new() };
    let objects = || closure.iter().filter_map(|index| graph.objects.get(*index));
    let resolves_to = |wanted: fn(&Resolution) -> bool| {
        objects().flat_map(|object| &object.dependencies).any(|dependency| wanted(&dependency.resolution))
    };
    let has_zlib = resolves_to(|resolution| matches!(resolution, Resolution::Allowed));
    // A program has the interpreter's symbols only if it asks for its library, which is refused elsewhere.
    let has_python = !program || resolves_to(|resolution| matches!(resolution, Resolution::Interpreter));
    // What the user provides may define anything.
    let has_unknown = resolves_to(|resolution| {
        matches!(resolution, Resolution::Excluded { .. } | Resolution::Missing { .. })
    });
    let mut requirements = Vec::new();
    for name in &object.symbols.undefined {
        if requirements.len() >= MOST_UNBOUND {
            break;
        }
        let exported = musl::exports(arch, name).unwrap_or(Releases::NONE);
        let port = musl::releases_for(arch);
        if exported.intersection(port) == port
            || (has_python && musl::is_python_api(name))
            || (has_zlib && musl::is_zlib_export(name))
        {
            continue;
        }
        if objects().any(|other| other.symbols.defines(name)) || (has_unknown && exported.is_empty()) {
            continue;
        }
        let elsewhere = graph.objects.iter().find(|other| other.symbols.defines(name));
        let cause = Cause::Symbol {
            symbol: text(name),
            elsewhere: elsewhere.map(|other| other.origin.shown().to_owned()),
        };
        requirements.push(Requirement { object: object.origin.shown().to_owned(), cause, met_by: exported });
    }
    requirements
}
