//! The description of a new wheel.

use std::fmt;
use std::sync::Arc;

use super::packed::Packed;
use super::time::DosTime;
use crate::wheel::metadata::path::WheelPath;

/// One member of a new wheel.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A member of the source wheel, copied as it is; an uncompressed one is deflated if that makes it
    /// smaller.
    Keep(WheelPath),
    /// A new or changed file.
    Write(NewFile<'a>),
}

/// A file that is new, or differs from the one in the source wheel.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// Its name.
    pub path: WheelPath,
    /// Its bytes.
    pub content: Content<'a>,
    /// Unix permissions: `0o755` for ELF files, `0o644` for text.
    pub mode: u32,
    /// The modification time.
    pub modified: DosTime,
}

/// The error of a function that makes content: any error.
pub type ContentError = Box<dyn std::error::Error + Send + Sync>;

type Edit<'a> = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, ContentError> + Send + Sync + 'a>;
type Pack<'a> = Box<dyn Fn() -> Result<Arc<Packed>, ContentError> + Send + Sync + 'a>;
type Make<'a> = Box<dyn Fn() -> Result<Vec<u8>, ContentError> + Send + Sync + 'a>;

/// The bytes of a new file.
pub enum Content<'a> {
    /// Bytes in memory.
    Bytes(Vec<u8>),
    /// Bytes that are made when the file is about to be written, on any thread, and dropped once they are
    /// compressed.
    Make {
        /// The approximate memory for making them, in bytes.
        cost: u64,
        /// Makes them. Called once; the result must always be the same.
        make: Make<'a>,
    },
    /// A member of the source that is edited when it is about to be written. If little changes, most of its
    /// compressed data is reused.
    Edit {
        /// The member.
        member: WheelPath,
        /// The approximate memory for editing it, in bytes.
        cost: u64,
        /// Makes the new bytes from the old ones. Called once.
        edit: Edit<'a>,
    },
    /// Bytes that are supplied compressed when the file is about to be written.
    Packed {
        /// The approximate memory for making them, in bytes.
        cost: u64,
        /// Makes them, compressed. Called once; the result must always be the same.
        pack: Pack<'a>,
    },
}

impl<'a> Content<'a> {
    /// Content that is made when the file is about to be written.
    pub fn made(cost: u64, make: impl Fn() -> Result<Vec<u8>, ContentError> + Send + Sync + 'a) -> Self {
        Self::Make { cost, make: Box::new(make) }
    }

    /// Content that is made and compressed when the file is about to be written.
    pub fn packed(
        cost: u64,
        pack: impl Fn() -> Result<Arc<Packed>, ContentError> + Send + Sync + 'a,
    ) -> Self {
        Self::Packed { cost, pack: Box::new(pack) }
    }

    /// A member of the source that is edited when it is about to be written.
    pub fn edited(
        member: WheelPath,
        cost: u64,
        edit: impl Fn(&[u8]) -> Result<Vec<u8>, ContentError> + Send + Sync + 'a,
    ) -> Self {
        Self::Edit { member, cost, edit: Box::new(edit) }
    }

    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Make { cost, .. } | Self::Edit { cost, .. } | Self::Packed { cost, .. } => *cost,
        }
    }
}

impl From<Vec<u8>> for Content<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Make { cost, .. } => write!(f, "Make({cost})"),
            Self::Edit { member, cost, .. } => write!(f, "Edit({member}, {cost})"),
            Self::Packed { cost, .. } => write!(f, "Packed({cost})"),
        }
    }
}

impl Entry<'_> {
    /// The member's name.
    #[must_use]
    pub fn path(&self) -> &WheelPath {
        match self {
            Self::Keep(path) => path,
            Self::Write(file) => &file.path,
        }
    }
}
