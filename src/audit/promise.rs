//! The musl that a wheel promises to run on.

use crate::musl::MuslRelease;
use crate::platform::MuslVersion;
use crate::wheel::PlatformTag;

/// The oldest musl that the tags promise; for tags without a promise, the one that a repair would promise.
#[must_use]
pub fn promised_musl(platforms: &[PlatformTag]) -> MuslRelease {
    let versions = platforms.iter().filter_map(|tag| match tag {
        PlatformTag::Musllinux { version, .. } => Some(MuslRelease::oldest_of(*version)),
        _ => None,
    });
    versions.min().unwrap_or_else(|| MuslRelease::oldest_of(MuslVersion::V1_2))
}
