//! What a repair is asked to do.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::elf::Strip;
use crate::musl::MuslRelease;
use crate::platform::MuslVersion;
use crate::wheel::PlatformTag;

/// What a repair is asked to do, apart from where libraries are looked for.
#[derive(Clone, Debug)]
pub struct RepairOptions {
    /// The platform tag of the result.
    pub platform: PlatformChoice,
    /// What is done with wheels that come with a musllinux tag.
    pub published: Published,
    /// What is appended to the distribution's name to make the directory of grafts.
    pub libs_suffix: String,
    /// Whether the file name and `WHEEL` get the new tag.
    pub update_tags: bool,
    /// Whether and how ELF files are stripped.
    pub strip: Option<Strip>,
    /// Deflate level of what is compressed anew, 0 to 9.
    pub compression: u32,
    /// Whether `DT_RELR` stays in objects whose tag promises a musl that cannot read it.
    pub keep_relr: bool,
    /// The oldest musl the result has to load on; the plan fails if it needs a newer one.
    pub min_musl: Option<MuslRelease>,
    /// The build tag of the result, instead of the input's.
    pub build_tag: Option<String>,
    /// Whether a software bill of materials is added for what is grafted.
    pub sbom: bool,
    /// What patches ELF files.
    pub patcher: Patcher,
    /// Seconds since 1970 for the time of new and changed members, instead of the time of the input's `WHEEL`.
    pub source_date_epoch: Option<i64>,
    /// A directory where grafts are kept, patched and compressed, for later calls; made where it is missing. All of it may
    /// be deleted at any time, and any number of processes may use it at once. Where it cannot be used, nothing is kept.
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
    /// Whether `DT_RELR` is lowered in a result for this platform: musl applies it since 1.2.4, and musllinux tags promise
    /// older ones.
    pub(super) fn lowers_relr(&self, target: &PlatformTag) -> bool {
        !self.keep_relr && matches!(target, PlatformTag::Musllinux { .. })
    }
}

/// Which platform tag the result gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlatformChoice {
    /// The wheel's own musllinux tag, or the newest policy of its architecture.
    #[default]
    Auto,
    /// The policy for this musl, whatever the architecture of the wheel is.
    Policy(MuslVersion),
    /// This one. A `linux` tag means: graft, and keep the name.
    Tag(PlatformTag),
}

/// What a repair does with published wheels: those with a musllinux tag in their name, and none that package indexes refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Published {
    /// One that loads as it is, on the musl asked for, is copied byte for byte; another one is fixed. One is fixed as well
    /// where the other options ask for a change: stripping, a build tag, another platform, a library to include.
    #[default]
    Auto,
    /// All of them are copied byte for byte.
    Copy,
    /// What a repair changes in them is changed, and the result has a build tag, so that it has another name than the
    /// published file: the wheel's own build tag with `muslrepair` behind it, or `1muslrepair`.
    Fix,
    /// They are repaired like any other wheel, under the names they have, as auditwheel does it.
    AsAnyOther,
}

/// What patches ELF files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Patcher {
    /// The patcher of this library.
    #[default]
    Builtin,
    /// The `arwen` crate.
    #[cfg(feature = "arwen")]
    Arwen,
    /// Nothing: an error if something has to be patched.
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

/// The name is no patcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown patcher `{0}`: `builtin`, `arwen` or `none`")]
pub struct UnknownPatcher(String);

impl FromStr for Patcher {
    type Err = UnknownPatcher;

    /// `patchelf` and `lief-patchelf`, which auditwheel knows, mean the builtin one.
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
