//! The oldest musl on which everything loads.

use serde::Serialize;

use crate::musl::{AlpineRelease, MuslRelease, Releases};
use crate::platform::Arch;

use super::requirement::{Requirement, RequirementKind};

/// The oldest musl from which on everything in a wheel loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinimumMusl {
    /// The release; `None` if something does not load on the newest.
    pub version: Option<MuslRelease>,
    /// The first Alpine release for the architecture that has it or a newer one.
    pub alpine: Option<AlpineRelease>,
    /// The requirements that decide it, or that no release meets.
    pub because: Vec<Requirement>,
}

impl MinimumMusl {
    /// The oldest musl that meets all requirements of the kinds that count, and so do all newer ones.
    pub(super) fn of<'a>(
        requirements: impl Iterator<Item = &'a Requirement> + Clone,
        arch: Option<Arch>,
        counts: fn(&RequirementKind) -> bool,
    ) -> Self {
        let requirements = requirements.filter(|requirement| counts(&requirement.kind));
        let all = requirements.clone().fold(Releases::ALL, |all, one| all.intersection(one.met_by));
        let version = all.since();
        let because = requirements.filter(|requirement| match version {
            // The release before it does not meet them, so they decide.
            Some(version) => requirement.met_by.since() == Some(version),
            None => requirement.met_by.since().is_none(),
        });
        let mut because: Vec<Requirement> = because.cloned().collect();
        because.sort();
        because.dedup();
        Self { version, alpine: version.and_then(|version| version.first_alpine(arch)), because }
    }

    /// Whether it is newer than this release.
    #[must_use]
    pub fn exceeds(&self, asked: MuslRelease) -> bool {
        self.version.is_none_or(|version| version > asked)
    }
}
