//! What can go wrong when wheels and libraries are read.

use std::io;
use std::path::{Path, PathBuf};

use crate::elf::ElfError;
use crate::wheel::{NoPlace, WheelError};

/// A wheel, a library or a directory cannot be read. It says what is wrong; [`Error::hints`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The wheel itself is unsound.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// An ELF file is damaged, or cannot be edited as asked.
    #[error("`{object}`: {source}")]
    Elf {
        /// The member or the path of the file.
        object: String,
        /// What is wrong with it.
        source: ElfError,
    },
    /// An ELF file lies where no installer puts it anywhere.
    #[error(transparent)]
    InstallLocation(#[from] NoPlace),
    /// A library on disk is not what it was when it was looked at.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The library.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
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

    /// What to do next, where there is something to do.
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
