//! Why a wheel is copied.

use std::fmt;

use crate::wheel::PlatformTag;

use super::plan::Plan;

/// Why the result of a repair is the input, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyReason {
    /// It is pure Python.
    PurePython,
    /// Its name has a platform, but it has no ELF files.
    NoElfFiles,
    /// It is as a repair would make it.
    NothingToRepair,
}

impl Plan {
    /// Why the wheel is copied; `None` if it is repaired.
    #[must_use]
    pub fn copy_reason(&self) -> Option<CopyReason> {
        let any = self.input.platforms().iter().all(|tag| matches!(tag, PlatformTag::Any));
        self.is_copy().then_some(match (&self.target, any) {
            (Some(_), _) => CopyReason::NothingToRepair,
            (None, true) => CopyReason::PurePython,
            (None, false) => CopyReason::NoElfFiles,
        })
    }
}

impl fmt::Display for CopyReason {
    /// A few words, as in a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PurePython => "pure Python",
            Self::NoElfFiles => "no ELF files",
            Self::NothingToRepair => "nothing to repair",
        })
    }
}
