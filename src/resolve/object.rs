//! One ELF file and what it needs.

use std::sync::Arc;

use serde::Serialize;

use crate::elf::{ElfFacts, Kind};
use crate::musl::ObjectSymbols;
use crate::wheel::{InstallLocation, WheelPath};

use super::library::{LibraryFile, Rejected};

/// One ELF file of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub facts: ElfFacts,
    /// What it asks for and offers.
    #[serde(skip)]
    pub symbols: ObjectSymbols,
    /// Size in bytes.
    pub size: u64,
    /// One entry for each `DT_NEEDED`, in order, with what the object's own search leads to. In some process it may lead
    /// elsewhere: [`super::Process::overrides`].
    pub dependencies: Vec<Dependency>,
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A member of the wheel, and where it is installed.
    Member {
        /// Its name in the archive.
        path: WheelPath,
        /// Where an installer puts it.
        place: InstallLocation,
    },
    /// A member of another wheel that is installed beside this one.
    Sibling {
        /// Its name, and the wheel's.
        shown: String,
        /// Where an installer puts it.
        place: InstallLocation,
    },
    /// A file outside.
    File {
        /// The path it was found under, links not followed: `$ORIGIN` is its directory.
        found: String,
        /// The file.
        file: Arc<LibraryFile>,
    },
}

impl Origin {
    /// The name to show.
    #[must_use]
    pub fn display_name(&self) -> &str {
        match self {
            Self::Member { path, .. } => path.as_str(),
            Self::Sibling { shown, .. } => shown,
            Self::File { file, .. } => &file.path,
        }
    }
}

impl Origin {
    /// Where it is installed, if it is part of a wheel.
    #[must_use]
    pub fn place(&self) -> Option<&InstallLocation> {
        match self {
            Self::Member { place, .. } | Self::Sibling { place, .. } => Some(place),
            Self::File { .. } => None,
        }
    }
}

/// One `DT_NEEDED` entry and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The name as it stands in the file.
    pub name: String,
    /// What the loader would take for it.
    pub resolution: Resolution,
}

/// What a `DT_NEEDED` leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// musl itself.
    Libc,
    /// The interpreter's library, which the process already has.
    Interpreter,
    /// The policy promises that every system has it, so it is neither grafted nor held against a tag.
    Allowed {
        /// The file found for it.
        file: Option<Arc<LibraryFile>>,
        /// Where it was looked for otherwise.
        #[serde(skip)]
        searched: Arc<[String]>,
        /// Files of that name that could not be taken.
        #[serde(skip)]
        rejected: Vec<Rejected>,
    },
    /// `--exclude`: the user provides it.
    Excluded {
        /// The pattern that matched.
        pattern: String,
        /// The file found for it, where the pattern matched a path.
        path: Option<String>,
    },
    /// Another object of the graph.
    Object {
        /// Its index.
        index: usize,
    },
    /// Nothing.
    Missing {
        /// The directories searched, in order.
        searched: Arc<[String]>,
        /// Files of that name that could not be taken.
        rejected: Vec<Rejected>,
    },
}

/// Whether a file name is that of a library or module: `*.so` or `*.so.*`.
#[must_use]
pub(crate) fn is_library_name(file_name: &str) -> bool {
    file_name.ends_with(".so") || file_name.contains(".so.")
}

impl Object {
    /// Whether an interpreter imports it: it defines `PyInit_*`, or the names that other interpreters and later protocols
    /// use.
    #[must_use]
    pub fn is_extension_module(&self) -> bool {
        let starts = |start: &[u8]| self.symbols.defined.iter().any(|name| name.starts_with(start));
        [&b"PyInit_"[..], b"PyInitU_", b"PyModExport_", b"_cffi_pypyinit_"].into_iter().any(starts)
    }

    /// Whether its name is that of a library or module, `*.so` or `*.so.*`, and it is not at a fixed address. Nobody starts
    /// such a file, though it may have a `PT_INTERP` or `DF_1_PIE`; where it is opened, musl looks at neither
    /// (`map_library` in `ldso/dynlink.c`).
    pub(super) fn is_named_as_library(&self) -> bool {
        let path = match &self.origin {
            Origin::File { found, .. } => found,
            _ => self.origin.place().map_or(self.origin.display_name(), |place| place.path.as_str()),
        };
        self.facts.kind == Kind::Dynamic && is_library_name(path.rsplit('/').next().unwrap_or(path))
    }

    /// The objects this one depends on, as indices, with the name each is asked for by.
    pub fn edges(&self) -> impl Iterator<Item = (&str, usize)> {
        self.dependencies.iter().filter_map(|dependency| match dependency.resolution {
            Resolution::Object { index } => Some((dependency.name.as_str(), index)),
            _ => None,
        })
    }
}
