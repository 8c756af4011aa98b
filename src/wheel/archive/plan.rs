//! What a new wheel is made of.

use std::fmt;
use std::sync::Arc;

use super::packed::Packed;
use super::time::DosTime;
use crate::wheel::metadata::path::WheelPath;

/// One member of a new wheel.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A member of the source wheel, copied as it lies; one that lies uncompressed is deflated where that is smaller.
    Keep(WheelPath),
    /// A new or changed file.
    Write(NewFile<'a>),
}

/// A file that is not in the source wheel, or not like this.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// Its name.
    pub path: WheelPath,
    /// Its bytes.
    pub content: Content<'a>,
    /// Unix permissions: `0o755` for ELF files, `0o644` for text.
    pub mode: u32,
    /// When it was changed last.
    pub modified: DosTime,
}

/// The error of content that is made: anything.
pub type ContentError = Box<dyn std::error::Error + Send + Sync>;

type Edit<'a> = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, ContentError> + Send + Sync + 'a>;
type Pack<'a> = Box<dyn Fn() -> Result<Arc<Packed>, ContentError> + Send + Sync + 'a>;
type Make<'a> = Box<dyn Fn() -> Result<Vec<u8>, ContentError> + Send + Sync + 'a>;

/// The bytes of a new file.
pub enum Content<'a> {
    /// Bytes at hand.
    Bytes(Vec<u8>),
    /// Bytes that are made when their turn comes, on any thread, and dropped when they are compressed.
    Make {
        /// How many bytes of memory making them takes, roughly.
        cost: u64,
        /// Makes them. It is called once, and must give the same bytes whenever it is called.
        make: Make<'a>,
    },
    /// A member of the source that is edited when its turn comes. Where little of it changes, most of its compressed
    /// form is kept.
    Edit {
        /// The member.
        member: WheelPath,
        /// How many bytes of memory editing it takes, roughly.
        cost: u64,
        /// Makes the new bytes from the old ones. It is called once.
        edit: Edit<'a>,
    },
    /// Bytes that come compressed, when their turn has come.
    Packed {
        /// How many bytes of memory making them takes, roughly.
        cost: u64,
        /// Makes them, compressed. It is called once, and must give the same whenever it is called.
        pack: Pack<'a>,
    },
}

impl<'a> Content<'a> {
    /// Content that is made when its turn comes.
    pub fn made(cost: u64, make: impl Fn() -> Result<Vec<u8>, ContentError> + Send + Sync + 'a) -> Self {
        Self::Make { cost, make: Box::new(make) }
    }

    /// Content that is made, and compressed, when its turn comes.
    pub fn packed(
        cost: u64,
        pack: impl Fn() -> Result<Arc<Packed>, ContentError> + Send + Sync + 'a,
    ) -> Self {
        Self::Packed { cost, pack: Box::new(pack) }
    }

    /// A member of the source that is edited when its turn comes.
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
