//! Why a wheel is copied.

use std::fmt;

use crate::wheel::PlatformTag;

use super::note::Note;
use super::plan::Plan;
use super::published::PublishedWheel;

/// Why the result of a repair is the input, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyReason {
    /// It is pure Python.
    PurePython,
    /// Its name has a platform, but it has no ELF files.
    NoElfFiles,
    /// It was published for musl, and loads as it is: what a repair would change is no reason to change its hash.
    PublishedLoads,
    /// It was published for musl, and is copied although it does not load as it is.
    PublishedKept,
    /// It is as a repair would make it.
    NothingToRepair,
}

impl Plan {
    /// Why the wheel is copied; `None` if it is repaired.
    #[must_use]
    pub fn copy_reason(&self) -> Option<CopyReason> {
        let any = self.input.platforms().iter().all(|tag| matches!(tag, PlatformTag::Any));
        let would_change = self.notes.iter().any(|note| matches!(note, Note::PublishedCopied { .. }));
        self.is_copy().then_some(match (&self.target, self.published.filter(|_| would_change)) {
            (None, _) if any => CopyReason::PurePython,
            (None, _) => CopyReason::NoElfFiles,
            (Some(_), Some(PublishedWheel::Loads)) => CopyReason::PublishedLoads,
            (Some(_), Some(PublishedWheel::Kept)) => CopyReason::PublishedKept,
            (Some(_), Some(PublishedWheel::Fixed) | None) => CopyReason::NothingToRepair,
        })
    }
}

impl fmt::Display for CopyReason {
    /// A few words, as in a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PurePython => "pure Python",
            Self::NoElfFiles => "no ELF files",
            Self::PublishedLoads => "published, loads as it is",
            Self::PublishedKept => "published, does not load as it is",
            Self::NothingToRepair => "nothing to repair",
        })
    }
}
