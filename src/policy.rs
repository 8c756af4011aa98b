//! The musllinux policies (PEP 656): what a wheel may rely on, on every system that a platform tag covers.

mod definition;
mod table;

use crate::platform::{Arch, MuslVersion};

pub use definition::Policy;

impl Policy {
    /// Every policy, starting with the oldest musl.
    #[must_use]
    pub fn all() -> &'static [Self] {
        table::POLICIES
    }

    /// The policy of a tag's musl version, if it is defined for the architecture.
    #[must_use]
    pub fn find(version: MuslVersion, arch: Arch) -> Option<&'static Self> {
        Self::all().iter().find(|policy| policy.version == version && policy.arches.contains(&arch))
    }

    /// The policy for wheels unless another is requested.
    #[must_use]
    pub fn default_for(arch: Arch) -> Option<&'static Self> {
        Self::all().iter().rev().find(|policy| policy.arches.contains(&arch))
    }
}
