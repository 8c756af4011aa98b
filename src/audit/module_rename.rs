//! A module that gets another name.

use serde::Serialize;

use crate::wheel::WheelPath;

/// A module for the stable ABI that a repair renames: under its own name some Python of the tags does not find it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct ModuleRename {
    /// The member.
    pub from: WheelPath,
    /// Its new name.
    pub to: WheelPath,
}
