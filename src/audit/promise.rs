//! Which musl a wheel promises to run on.

use crate::musl::MuslRelease;
use crate::platform::MuslVersion;
use crate::wheel::PlatformTag;

/// The oldest musl that the tags promise; what a repair would promise where they promise none.
#[must_use]
pub fn promised_musl(platforms: &[PlatformTag]) -> MuslRelease {
    let versions = platforms.iter().filter_map(|tag| match tag {
        PlatformTag::Musllinux { version, .. } => Some(MuslRelease::oldest_of(*version)),
        _ => None,
    });
    versions.min().unwrap_or_else(|| MuslRelease::oldest_of(MuslVersion::V1_2))
}
