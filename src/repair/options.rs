//! The options of a repair.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::elf::Strip;
use crate::musl::MuslRelease;
use crate::platform::MuslVersion;
use crate::wheel::PlatformTag;

/// The options of a repair, except for where libraries are searched.
#[derive(Clone, Debug)]
pub struct RepairOptions {
    /// The platform tag of the result.
    pub platform: PlatformChoice,
    /// The handling of wheels that already have a musllinux tag.
    pub published: Published,
    /// The suffix that is added to the distribution's name to form the directory of grafts.
    pub libs_suffix: String,
    /// Whether the file name and `WHEEL` get the new tag.
    pub update_tags: bool,
    /// Whether and how ELF files are stripped.
    pub strip: Option<Strip>,
    /// The compression level for changed members, 0 to 9.
    pub compression: u32,
    /// Whether `DT_RELR` is kept even if the tag covers musl before 1.2.4, which ignores it.
    pub keep_relr: bool,
    /// The oldest musl the result has to load on; the plan fails if it needs a newer one.
    pub min_musl: Option<MuslRelease>,
    /// The build tag of the result, in place of the input's.
    pub build_tag: Option<String>,
    /// Whether to add a bill of materials for the grafts.
    pub sbom: bool,
    /// The patcher for ELF files.
    pub patcher: Patcher,
    /// The time of new and changed members in seconds since 1970, in place of the time of the input's
    /// `WHEEL`.
    pub source_date_epoch: Option<i64>,
    /// A directory that caches patched and compressed grafts for later calls; created if it is missing.
    /// Everything in it may be deleted at any time, and any number of processes may use it at once. If it
    /// cannot be used, nothing is cached.
    pub cache_dir: Option<PathBuf>,
}

impl Default for RepairOptions {
    fn default() -> Self {
        Self {
            platform: PlatformChoice::Auto,
            published: Published::Auto,
            libs_suffix: ".libs".to_owned(),
            update_tags: true,
            strip: None,
            compression: 6,
            keep_relr: false,
            min_musl: None,
            build_tag: None,
            sbom: true,
            patcher: Patcher::Builtin,
            source_date_epoch: None,
            cache_dir: None,
        }
    }
}

impl RepairOptions {
    /// Whether `DT_RELR` is lowered in a result for this platform: musl supports it since 1.2.4, and
    /// musllinux tags cover older releases.
    pub(super) fn lowers_relr(&self, target: &PlatformTag) -> bool {
        !self.keep_relr && matches!(target, PlatformTag::Musllinux { .. })
    }
}

/// The platform tag of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlatformChoice {
    /// The wheel's own musllinux tag, or the newest policy of its architecture.
    #[default]
    Auto,
    /// The policy for this musl, for the architecture of the wheel.
    Policy(MuslVersion),
    /// This tag. A `linux` tag means: graft, and keep the name.
    Tag(PlatformTag),
}

/// The handling of published wheels: those with a musllinux tag in their name, and without tags that package
/// indexes refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Published {
    /// A wheel that loads unchanged on the requested musl is copied byte for byte; any other is fixed. A
    /// wheel is also fixed if other options require a change: stripping, a build tag, another platform, a
    /// library to include.
    #[default]
    Auto,
    /// All of them are copied byte for byte.
    Copy,
    /// All of them are fixed. A changed wheel gets a build tag, so that its name differs from that of the
    /// published file: the wheel's own build tag followed by `muslrepair`, or `1muslrepair`.
    Fix,
    /// They are repaired like any other wheel, with the same names, as in auditwheel.
    AsAnyOther,
}

/// The patcher for ELF files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Patcher {
    /// The patcher of this library.
    #[default]
    Builtin,
    /// The `arwen` crate.
    #[cfg(feature = "arwen")]
    Arwen,
    /// None: it is an error if something has to be patched.
    None,
}

impl fmt::Display for Patcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Builtin => "builtin",
            #[cfg(feature = "arwen")]
            Self::Arwen => "arwen",
            Self::None => "none",
        })
    }
}

/// There is no patcher of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown patcher `{0}`: `builtin`, `arwen` or `none`")]
pub struct UnknownPatcher(String);

impl FromStr for Patcher {
    type Err = UnknownPatcher;

    /// `patchelf` and `lief-patchelf`, which auditwheel accepts, mean the builtin patcher.
    fn from_str(name: &str) -> Result<Self, UnknownPatcher> {
        match name {
            "builtin" | "patchelf" | "lief-patchelf" => Ok(Self::Builtin),
            #[cfg(feature = "arwen")]
            "arwen" => Ok(Self::Arwen),
            "none" => Ok(Self::None),
            other => Err(UnknownPatcher(other.to_owned())),
        }
    }
}
