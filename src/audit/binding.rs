//! On which musl an object loads: the binding of symbols, simulated.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::elf::Segment;
use crate::musl::{self, Release, Releases};
use crate::platform::Arch;
use crate::resolve::{Graph, Object, Origin, Process, Resolution};

use super::definitions::{Definitions, Provided};
use super::findings::{Code, Finding};
use super::refusals::{is_empty_within_page, refusals};

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
        /// An object that is not loaded with it defines it, and could be loaded before.
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
    /// `R_*_IRELATIVE` relocations (`do_relocs`), or an indirect function that a relocation refers to.
    Ifunc {
        /// The function; `None` for the relocations.
        #[serde(skip_serializing_if = "Option::is_none")]
        symbol: Option<String>,
    },
    /// A symbol that the object itself defines, in a way that musl passes over (`find_sym2`), and nothing else in the
    /// closure defines.
    PassedOver {
        /// Its name.
        symbol: String,
    },
    /// A weak thread-local symbol that nothing defines (`do_relocs` crashes).
    WeakThreadLocal {
        /// Its name.
        symbol: String,
    },
    /// A relocation of a type that the port of musl does not have (`do_relocs`).
    UnsupportedRelocation {
        /// Its number.
        number: u64,
    },
    /// A relocation that writes where nothing can be written (`map_library` and `DT_TEXTREL`).
    TextRelocation,
    /// No hash table of symbols (`find_sym2`).
    NoHashTable,
    /// A program that needs libraries and asks for no loader.
    NoInterpreter,
    /// A library that is not found.
    MissingLibrary {
        /// Its name.
        library: String,
    },
    /// A library that is found only where another object has led to the one that needs it (`needed_by` in `load_library`).
    BorrowedRunPath {
        /// Its name.
        library: String,
    },
}

impl Cause {
    /// Whether the object loads all the same if something else is loaded first: not a matter of the musl release.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        matches!(self, Self::Symbol { elsewhere: Some(_), .. })
    }

    /// Whether a repair does away with it.
    #[must_use]
    pub fn is_mended(&self) -> bool {
        matches!(self, Self::Relr | Self::BorrowedRunPath { .. })
    }
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
            Cause::Ifunc { .. } => write!(f, "`{object}` has indirect functions")?,
            Cause::PassedOver { symbol } => {
                write!(f, "`{object}` needs its own `{symbol}`, which musl passes over")?
            }
            Cause::WeakThreadLocal { symbol } => {
                write!(f, "`{object}` needs the weak thread-local `{symbol}`, without which musl crashes")?
            }
            Cause::UnsupportedRelocation { number } => {
                write!(f, "`{object}` has a relocation of type {number}, which musl does not have")?
            }
            Cause::TextRelocation => write!(f, "`{object}` has text relocations")?,
            Cause::NoHashTable => write!(f, "`{object}` has no hash table of symbols")?,
            Cause::NoInterpreter => write!(f, "`{object}` is a program that asks for no loader")?,
            Cause::MissingLibrary { library } => {
                write!(f, "`{object}` needs `{library}`, which was not found")?
            }
            Cause::BorrowedRunPath { library } => {
                write!(f, "`{object}` needs `{library}`, to which only another object's run path leads")?
            }
        }
        match self.met_by.since() {
            Some(since) => write!(f, ", in musl since {since}"),
            None => Ok(()),
        }
    }
}

/// The modules of a graph: what is loaded by itself, each in a process of its own. Those of neighbours are theirs.
pub(super) fn modules(graph: &Graph) -> Vec<Module> {
    let definitions = Definitions::of(graph);
    let mut requirements: BTreeMap<(usize, bool), Vec<Requirement>> = BTreeMap::new();
    let mut modules = Vec::new();
    for process in &graph.processes {
        let Some(index) = process.root() else { continue };
        let Some(root) = graph.objects.get(index) else { continue };
        if matches!(root.origin, Origin::Neighbour { .. }) {
            continue;
        }
        let at_start = root.starts_a_process();
        let provided = Provided::to(graph, process, at_start);
        let (mut found, mut unbound): (Vec<Requirement>, Vec<Requirement>) = (Vec::new(), Vec::new());
        let mut loads_on = Releases::ALL;
        for member in &process.objects {
            let Some(object) = graph.objects.get(*member) else { continue };
            let own =
                requirements.entry((*member, at_start)).or_insert_with(|| own_requirements(object, at_start));
            found.extend(own.iter().cloned());
            found.extend(unfound(graph, process, *member));
            loads_on = loads_on.intersection(definitions.unbound(graph, &provided, *member, &mut unbound));
        }
        found.extend(unbound);
        found.sort();
        found.dedup();
        let loads_on = found.iter().fold(loads_on, |all, one| all.intersection(one.met_by));
        modules.push(Module {
            object: index,
            path: root.origin.shown().to_owned(),
            loads_on,
            requirements: found,
        });
    }
    modules
}

/// The oldest musl from which on every module loads, by the requirements that count.
pub(super) fn minimum(modules: &[Module], counts: fn(&Cause) -> bool) -> MinimumMusl {
    let requirements = || {
        let all = modules.iter().flat_map(|module| &module.requirements);
        all.filter(|requirement| counts(&requirement.cause))
    };
    let all = requirements().fold(Releases::ALL, |all, one| all.intersection(one.met_by));
    let version = all.since();
    let alpine = version.and_then(Release::first_alpine);
    let mut because: Vec<Requirement> = requirements()
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

/// The libraries that an object does not get in this process.
fn unfound(graph: &Graph, process: &Process, index: usize) -> Vec<Requirement> {
    let Some(object) = graph.objects.get(index) else { return Vec::new() };
    let found_elsewhere = object.dependencies.iter().map(|dependency| match dependency.resolution {
        Resolution::Missing { .. } => None,
        _ => Some(()),
    });
    let dependencies = process.dependencies(graph, index).zip(found_elsewhere);
    let unfound = dependencies.filter(|((_, here), _)| matches!(here, Resolution::Missing { .. }));
    let requirements = unfound.map(|((name, _), elsewhere)| {
        let library = name.to_owned();
        let cause = match elsewhere {
            Some(()) => Cause::BorrowedRunPath { library },
            None => Cause::MissingLibrary { library },
        };
        Requirement { object: object.origin.shown().to_owned(), cause, met_by: Releases::NONE }
    });
    requirements.collect()
}

/// What one object needs of musl whatever it is loaded with.
fn own_requirements(object: &Object, at_start: bool) -> Vec<Requirement> {
    let facts = &object.facts;
    let mut requirements = Vec::new();
    // The kernel starts it, it relocates itself, and it brings its own C library.
    if facts.is_static_program() {
        return requirements;
    }
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
    if facts.relr {
        require(Cause::Relr, Releases::from_on(Release::V1_2_4));
    }
    // PT_LOAD is 1.
    let empty = |segment: &Segment| segment.memory_size == 0 && !is_empty_within_page(segment);
    if facts.segments.iter().any(|segment| segment.kind == 1 && empty(segment)) {
        require(Cause::EmptySegment, Releases::from_on(Release::V1_2_3));
    }
    if facts.relocations.initial_exec_tls > 0 && !at_start {
        require(Cause::InitialExecTls, Releases::NONE);
    }
    for cause in refusals(object) {
        require(cause, Releases::NONE);
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
