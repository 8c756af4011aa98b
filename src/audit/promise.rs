//! The musl that a wheel promises to run on.

use crate::musl::MuslRelease;
use crate::platform::MuslVersion;
use crate::wheel::PlatformTag;

/// Whether a wheel with these tags is one that package indexes have: it has a musllinux tag, and none that they refuse.
#[must_use]
pub fn is_published(platforms: &[PlatformTag]) -> bool {
    let refused =
        |tag: &PlatformTag| matches!(tag, PlatformTag::Linux(_) | PlatformTag::Any) || !tag.is_known();
    platforms.iter().any(|tag| matches!(tag, PlatformTag::Musllinux { .. })) && !platforms.iter().any(refused)
}

/// The oldest musl that the tags promise; for tags without a promise, the one that a repair would promise.
#[must_use]
pub fn promised_musl(platforms: &[PlatformTag]) -> MuslRelease {
    let versions = platforms.iter().filter_map(|tag| match tag {
        PlatformTag::Musllinux { version, .. } => Some(MuslRelease::oldest_of(*version)),
        _ => None,
    });
    versions.min().unwrap_or_else(|| MuslRelease::oldest_of(MuslVersion::V1_2))
}
