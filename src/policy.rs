//! The musllinux policies (PEP 656): what a wheel may expect of every system that a platform tag names.

mod definition;
mod table;

use crate::platform::{Arch, MuslVersion};

pub use definition::Policy;

impl Policy {
    /// Every policy, the one with the oldest musl first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        table::POLICIES
    }

    /// The policy of a tag's musl version, if it is defined for the architecture.
    #[must_use]
    pub fn find(version: MuslVersion, arch: Arch) -> Option<&'static Self> {
        Self::all().iter().find(|policy| policy.version == version && policy.arches.contains(&arch))
    }

    /// The policy wheels get unless something else is asked for.
    #[must_use]
    pub fn default_for(arch: Arch) -> Option<&'static Self> {
        Self::all().iter().rev().find(|policy| policy.arches.contains(&arch))
    }
}
