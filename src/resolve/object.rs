//! One ELF file and its dependencies.

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
    /// Its facts.
    pub facts: ElfFacts,
    /// Its symbols.
    #[serde(skip)]
    pub symbols: ObjectSymbols,
    /// Size in bytes.
    pub size: u64,
    /// One entry for each `DT_NEEDED`, in order, with the result of the object's own search. A process may
    /// get another result: [`super::Process::overrides`].
    pub dependencies: Vec<Dependency>,
}

/// The origin of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A member of the wheel.
    Member {
        /// Its name in the archive.
        path: WheelPath,
        /// Where it is installed.
        place: InstallLocation,
    },
    /// A member of another wheel that is installed together with this one.
    Sibling {
        /// The name of the member and its wheel, for display.
        shown: String,
        /// Where it is installed.
        place: InstallLocation,
    },
    /// A file outside the wheel.
    File {
        /// The path under which it was found, links not followed: `$ORIGIN` is its directory.
        found: String,
        /// The file.
        file: Arc<LibraryFile>,
    },
}

impl Origin {
    /// The name for display.
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
    /// Where it is installed, if it is a member of a wheel.
    #[must_use]
    pub fn place(&self) -> Option<&InstallLocation> {
        match self {
            Self::Member { place, .. } | Self::Sibling { place, .. } => Some(place),
            Self::File { .. } => None,
        }
    }
}

/// One `DT_NEEDED` entry and its resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The name in the file.
    pub name: String,
    /// The file that the loader would use.
    pub resolution: Resolution,
}

/// The result of resolving a `DT_NEEDED` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// musl itself.
    Libc,
    /// The interpreter's library, which the process has loaded already.
    Interpreter,
    /// A library that the policy promises on every system, so it is neither grafted nor reported.
    Allowed {
        /// The file found for it, if any.
        file: Option<Arc<LibraryFile>>,
        /// The directories searched, if no file was found.
        #[serde(skip)]
        searched: Arc<[String]>,
        /// Files of that name that could not be used.
        #[serde(skip)]
        rejected: Vec<Rejected>,
    },
    /// A library that the user provides (`--exclude`).
    Excluded {
        /// The pattern that matched.
        pattern: String,
        /// The file found for it, if the pattern matched a path.
        path: Option<String>,
    },
    /// Another object of the graph.
    Object {
        /// Its index.
        index: usize,
    },
    /// Nothing was found.
    Missing {
        /// The directories searched, in order.
        searched: Arc<[String]>,
        /// Files of that name that could not be used.
        rejected: Vec<Rejected>,
    },
}

/// Whether a file name is that of a library or module: `*.so` or `*.so.*`.
#[must_use]
pub(crate) fn is_library_name(file_name: &str) -> bool {
    file_name.ends_with(".so") || file_name.contains(".so.")
}

impl Object {
    /// Whether an interpreter imports it: it defines `PyInit_*`, or the equivalent names of other
    /// interpreters and newer protocols.
    #[must_use]
    pub fn is_extension_module(&self) -> bool {
        let starts = |start: &[u8]| self.symbols.defined.iter().any(|name| name.starts_with(start));
        [&b"PyInit_"[..], b"PyInitU_", b"PyModExport_", b"_cffi_pypyinit_"].into_iter().any(starts)
    }

    /// Whether its name is that of a library or module, `*.so` or `*.so.*`, and it has no fixed address.
    /// Nobody starts such a file as a program, even if it has a `PT_INTERP` or `DF_1_PIE`; musl ignores both
    /// when it opens one (`map_library` in `ldso/dynlink.c`).
    pub(super) fn is_named_as_library(&self) -> bool {
        let path = match &self.origin {
            Origin::File { found, .. } => found,
            _ => self.origin.place().map_or(self.origin.display_name(), |place| place.path.as_str()),
        };
        self.facts.kind == Kind::Dynamic && is_library_name(path.rsplit('/').next().unwrap_or(path))
    }

    /// The objects this one depends on, as indices, with the name it uses for each.
    pub fn edges(&self) -> impl Iterator<Item = (&str, usize)> {
        self.dependencies.iter().filter_map(|dependency| match dependency.resolution {
            Resolution::Object { index } => Some((dependency.name.as_str(), index)),
            _ => None,
        })
    }
}
