//! Errors when wheels and libraries are read.

use std::io;
use std::path::{Path, PathBuf};

use crate::elf::ElfError;
use crate::wheel::{NoPlace, WheelError};

/// A wheel, a library or a directory cannot be read. The message says what is wrong; [`Error::hints`] says
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The wheel itself is invalid.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// An ELF file is damaged, or cannot be edited as requested.
    #[error("`{object}`: {source}")]
    Elf {
        /// The member or the path of the file.
        object: String,
        /// What is wrong with it.
        source: ElfError,
    },
    /// An ELF file is at a path that no installer puts anywhere.
    #[error(transparent)]
    InstallLocation(#[from] NoPlace),
    /// A library on disk has changed since it was examined.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The library.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// The attempted action, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn elf(object: &str, source: ElfError) -> Self {
        Self::Elf { object: object.to_owned(), source }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// What to do next, if anything.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Wheel(error) => error.hint(),
            Self::Elf { source, .. } => source.hint(),
            Self::Changed { .. } => Some("run again when nothing writes to it".to_owned()),
            Self::InstallLocation(_) | Self::Io { .. } => None,
        };
        hint.into_iter().collect()
    }
}
