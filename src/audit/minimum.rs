//! The oldest musl on which everything loads.

use serde::Serialize;

use crate::musl::{AlpineRelease, MuslRelease, Releases};
use crate::platform::Arch;

use super::requirement::{Requirement, RequirementKind};

/// The oldest musl from which on everything of a wheel loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinimumMusl {
    /// That release; `None` if something loads on no release, or not on the newest.
    pub version: Option<MuslRelease>,
    /// The first Alpine for the architecture that has it or a newer one.
    pub alpine: Option<AlpineRelease>,
    /// What decides it, or everything that stands in the way.
    pub because: Vec<Requirement>,
}

impl MinimumMusl {
    /// The oldest musl from which on all of these are met, of those whose kind counts.
    pub(super) fn of<'a>(
        requirements: impl Iterator<Item = &'a Requirement> + Clone,
        arch: Option<Arch>,
        counts: fn(&RequirementKind) -> bool,
    ) -> Self {
        let requirements = requirements.filter(|requirement| counts(&requirement.kind));
        let all = requirements.clone().fold(Releases::ALL, |all, one| all.intersection(one.met_by));
        let version = all.since();
        let because = requirements.filter(|requirement| match version {
            // What the release before it lacks, and so decides.
            Some(version) => requirement.met_by.since() == Some(version),
            None => requirement.met_by.since().is_none(),
        });
        let mut because: Vec<Requirement> = because.cloned().collect();
        because.sort();
        because.dedup();
        Self { version, alpine: version.and_then(|version| version.first_alpine(arch)), because }
    }

    /// Whether a newer musl than this one is needed.
    #[must_use]
    pub fn exceeds(&self, asked: MuslRelease) -> bool {
        self.version.is_none_or(|version| version > asked)
    }
}
