//! What a new wheel is made of.

use std::fmt;

use super::path::WheelPath;
use super::time::DosTime;

/// One member of a new wheel.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A member of the source wheel, copied as it lies.
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
}

impl<'a> Content<'a> {
    /// Content that is made when its turn comes.
    pub fn made(cost: u64, make: impl Fn() -> Result<Vec<u8>, ContentError> + Send + Sync + 'a) -> Self {
        Self::Make { cost, make: Box::new(make) }
    }

    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Make { cost, .. } => *cost,
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
