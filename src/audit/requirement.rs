//! One requirement of an object: on musl, on the processor, or on other libraries.

use std::fmt;

use serde::Serialize;

use crate::musl::Releases;
use crate::platform::Arch;

/// A requirement of an object: on musl, on the processor, or on other libraries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    /// The object that has the requirement.
    pub object: String,
    /// Its index in the graph.
    #[serde(skip)]
    pub index: usize,
    /// What is required.
    #[serde(flatten)]
    pub kind: RequirementKind,
    /// The releases of musl that meet it.
    pub met_by: Releases,
}

/// The kind of a requirement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum RequirementKind {
    /// A symbol that no release exports, or only some, and that nothing else in the closure defines.
    Symbol {
        /// Its name.
        symbol: String,
        /// An object outside the closure that defines it, and could have been loaded before.
        elsewhere: Option<String>,
    },
    /// `DT_RELR`, applied since 1.2.4 (`do_relr_relocs`).
    Relr,
    /// An empty `PT_LOAD`, which `map_library` tolerates since 1.2.3.
    EmptySegment,
    /// TLS descriptors, which the port to this architecture supports since some release.
    TlsDescriptors,
    /// Support for the architecture itself.
    Port,
    /// Initial-exec TLS in a library that is loaded after program start (`do_relocs`).
    InitialExecTls,
    /// `R_*_IRELATIVE` relocations (`do_relocs`), or an indirect function that a relocation refers to.
    Ifunc {
        /// The function; `None` for the relocations.
        #[serde(skip_serializing_if = "Option::is_none")]
        symbol: Option<String>,
    },
    /// A symbol that the object itself defines in a way that musl ignores (`find_sym2`), and that nothing
    /// else in the closure defines.
    IneligibleDefinition {
        /// Its name.
        symbol: String,
    },
    /// A weak thread-local symbol that nothing defines (`do_relocs` crashes).
    WeakThreadLocal {
        /// Its name.
        symbol: String,
    },
    /// A relocation of a type that this port of musl does not support (`do_relocs`).
    UnsupportedRelocation {
        /// Its number.
        number: u64,
    },
    /// A relocation that writes to read-only memory (`map_library` and `DT_TEXTREL`).
    TextRelocation,
    /// A missing hash table of symbols (`find_sym2`).
    NoHashTable,
    /// A hash table of symbols with words of four bytes where musl reads eight (`sysv_lookup`).
    ShortHashWords,
    /// A program that needs libraries and has no interpreter.
    NoInterpreter,
    /// A library that is not found.
    MissingLibrary {
        /// Its name.
        library: String,
    },
    /// A library that is found only through the run path of an object that loaded the requester (`needed_by`
    /// in `load_library`).
    InheritedRunPath {
        /// Its name.
        library: String,
    },
    /// A library outside that is needed under a name which musl reserves for itself (`reserved` in
    /// `load_library`).
    ReservedName {
        /// The name.
        library: String,
    },
    /// A library of the wheel that is needed by a path, which musl opens relative to the working directory
    /// (`load_library`).
    NeededPath {
        /// The path.
        library: String,
    },
    /// Instructions that not every machine of the platform tag has, whatever its musl.
    InstructionSet {
        /// The level: `x86_64_v3`.
        level: &'static str,
    },
}

impl RequirementKind {
    /// Whether the object loads if something else is loaded first, whatever the musl release.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        matches!(self, Self::Symbol { elsewhere: Some(_), .. })
    }

    /// Whether a repair fixes it.
    #[must_use]
    pub fn fixed_by_repair(&self) -> bool {
        use RequirementKind::{InheritedRunPath, NeededPath, Relr, ReservedName};
        matches!(self, Relr | InheritedRunPath { .. } | NeededPath { .. } | ReservedName { .. })
    }
}

impl Requirement {
    /// The requirement as text, with the musl release that meets it and the first Alpine for this architecture that has it.
    #[must_use]
    pub fn with_alpine(&self, arch: Option<Arch>) -> String {
        match self.met_by.since().and_then(|since| since.first_alpine(arch)) {
            Some(alpine) => format!("{self} (Alpine {alpine})"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.kind {
            RequirementKind::Symbol { symbol, .. } => write!(f, "`{object}` needs `{symbol}`")?,
            RequirementKind::Relr => write!(f, "`{object}` has DT_RELR")?,
            RequirementKind::EmptySegment => write!(f, "`{object}` has an empty segment")?,
            RequirementKind::TlsDescriptors => write!(f, "`{object}` has TLS descriptors")?,
            RequirementKind::Port => {
                write!(f, "`{object}` is for an architecture that musl did not always support")?
            }
            RequirementKind::InitialExecTls => write!(f, "`{object}` has initial-exec TLS")?,
            RequirementKind::Ifunc { .. } => write!(f, "`{object}` has indirect functions")?,
            RequirementKind::IneligibleDefinition { symbol } => {
                write!(f, "`{object}` needs its own `{symbol}`, which musl ignores")?
            }
            RequirementKind::WeakThreadLocal { symbol } => {
                write!(f, "`{object}` needs the weak thread-local symbol `{symbol}`, which nothing defines")?
            }
            RequirementKind::UnsupportedRelocation { number } => {
                write!(f, "`{object}` has a relocation of type {number}, which musl does not support")?
            }
            RequirementKind::TextRelocation => write!(f, "`{object}` has text relocations")?,
            RequirementKind::NoHashTable => write!(f, "`{object}` has no hash table of symbols")?,
            RequirementKind::ShortHashWords => {
                write!(f, "`{object}` has a hash table with words of four bytes, where musl reads eight")?
            }
            RequirementKind::NoInterpreter => write!(f, "`{object}` is a program without an interpreter")?,
            RequirementKind::MissingLibrary { library } => {
                write!(f, "`{object}` needs `{library}`, which was not found")?
            }
            RequirementKind::InheritedRunPath { library } => write!(
                f,
                "`{object}` needs `{library}`, which is found only through the run path of another object"
            )?,
            RequirementKind::ReservedName { library } => {
                write!(f, "`{object}` needs `{library}`, a name that musl reserves for itself")?;
            }
            RequirementKind::NeededPath { library } => {
                write!(f, "`{object}` needs `{library}` by a path")?;
            }
            RequirementKind::InstructionSet { level } => {
                write!(f, "`{object}` needs a processor with {level}")?
            }
        }
        match self.met_by.since() {
            Some(since) => write!(f, ", available since musl {since}"),
            None => Ok(()),
        }
    }
}
