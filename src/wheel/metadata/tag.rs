//! Platform tags (PEP 425, PEP 656) and the architectures they name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::escaped::Escaped;
use crate::platform::{Arch, MuslVersion};

/// A platform tag (PEP 425): one tag of the compressed set in a wheel's name. Text and value convert into
/// each other without loss, whatever the architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PlatformTag {
    /// A local build that promises nothing about the C library: `linux_x86_64`, `linux_armv8l`.
    Linux(String),
    /// PEP 656: `musllinux_1_2_x86_64`.
    Musllinux {
        /// The oldest musl the wheel runs on.
        version: MuslVersion,
        /// The architecture as spelt: `x86_64`.
        arch: String,
    },
    /// PEP 600 and the older tags for glibc, as text: `manylinux_2_28_x86_64`, `manylinux2014_aarch64`.
    Manylinux(String),
    /// No platform: `any`.
    Any,
    /// Any other system, as text: `macosx_11_0_arm64`, `win_amd64`.
    Other(String),
}

impl PlatformTag {
    /// The architecture as spelt in a Linux tag: `x86_64` in `manylinux2014_x86_64`. `None` for tags of other
    /// systems and for `any`.
    #[must_use]
    pub fn arch_name(&self) -> Option<&str> {
        match self {
            Self::Linux(arch) | Self::Musllinux { arch, .. } => Some(arch),
            Self::Manylinux(tag) => manylinux_arch(tag),
            Self::Any | Self::Other(_) => None,
        }
    }

    /// The architecture, also in other spellings (`linux_amd64`). `None` for `linux_armv8l` and
    /// `linux_armhf`: only the ELF files in the wheel can tell which of two architectures is meant.
    #[must_use]
    pub fn arch(&self) -> Option<Arch> {
        /// ARMv6 on Alpine, ARMv7 on Debian.
        const AMBIGUOUS: &str = "armhf";
        self.arch_name().filter(|name| *name != AMBIGUOUS)?.parse().ok()
    }

    /// Whether packaging tools of some system use this tag: Linux tags need the architecture as `uname -m`
    /// spells it, other tags are recognised by their first word. Nobody uses `linux`, `alpine_3_18_x86_64` or
    /// `linux_amd64`.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Linux(_) | Self::Musllinux { .. } | Self::Manylinux(_) => self
                .arch_name()
                .is_none_or(|name| name.parse::<Arch>().map_or(true, |arch| name == arch.as_str())),
            Self::Other(tag) => is_other_system(tag),
        }
    }
}

impl MuslVersion {
    /// The platform tag of this version for an architecture.
    #[must_use]
    pub fn platform(self, arch: Arch) -> PlatformTag {
        PlatformTag::Musllinux { version: self, arch: arch.as_str().to_owned() }
    }
}

/// How the platform tags of other systems begin: those of `sysconfig.get_platform` with `-` and `.` as `_`
/// (PEP 425), and those defined in a PEP (PEP 730 for iOS, PEP 738 for Android, PEP 783 for Pyodide).
const SYSTEMS: [&str; 21] = [
    "macosx",
    "win",
    "android",
    "ios",
    "freebsd",
    "openbsd",
    "netbsd",
    "dragonfly",
    "cygwin",
    "mingw",
    "msys",
    "emscripten",
    "pyodide",
    "wasi",
    "wasm",
    "aix",
    "solaris",
    "sunos",
    "hp",
    "haiku",
    "gnu",
];

/// Whether this is a platform tag of a system other than Linux: its first word is that of the system, with or
/// without a number (`win32`).
pub(super) fn is_other_system(tag: &str) -> bool {
    let system = tag.split('_').next().unwrap_or_default();
    SYSTEMS.iter().any(|known| system.strip_prefix(known).is_some_and(is_version))
}

/// Whether it is `32` as in `win32`, or empty.
fn is_version(rest: &str) -> bool {
    rest.bytes().all(|b| b.is_ascii_digit())
}

fn manylinux_arch(tag: &str) -> Option<&str> {
    let rest = tag.strip_prefix("manylinux")?;
    match rest.strip_prefix('_') {
        Some(rest) => rest.splitn(3, '_').nth(2),
        None => rest.split_once('_').map(|(_, arch)| arch),
    }
}

/// Splits `1_2_x86_64`. Numbers must have their usual spelling, so that the tag converts back to the same
/// text.
fn musl_parts(rest: &str) -> Option<(MuslVersion, &str)> {
    let mut parts = rest.splitn(3, '_');
    let mut number = || {
        let text = parts.next()?;
        let number: u16 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    };
    let version = MuslVersion { major: number()?, minor: number()? };
    let arch = parts.next()?;
    (!arch.is_empty()).then_some((version, arch))
}

impl fmt::Display for PlatformTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linux(arch) => write!(f, "linux_{arch}"),
            Self::Musllinux { version, arch } => {
                write!(f, "musllinux_{}_{}_{arch}", version.major, version.minor)
            }
            Self::Manylinux(tag) | Self::Other(tag) => f.write_str(tag),
            Self::Any => f.write_str("any"),
        }
    }
}

/// The text is not a platform tag: one or more ASCII letters, digits and underscores.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid platform tag `{}`: only ASCII letters, digits and `_` are allowed", Escaped(.0))]
pub struct InvalidPlatformTag(pub String);

impl FromStr for PlatformTag {
    type Err = InvalidPlatformTag;

    fn from_str(tag: &str) -> Result<Self, InvalidPlatformTag> {
        if tag.is_empty() || !tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(InvalidPlatformTag(tag.to_owned()));
        }
        if tag == "any" {
            return Ok(Self::Any);
        }
        if let Some(arch) = tag.strip_prefix("linux_").filter(|arch| !arch.is_empty()) {
            return Ok(Self::Linux(arch.to_owned()));
        }
        if let Some((version, arch)) = tag.strip_prefix("musllinux_").and_then(musl_parts) {
            return Ok(Self::Musllinux { version, arch: arch.to_owned() });
        }
        Ok(match manylinux_arch(tag) {
            Some(_) => Self::Manylinux(tag.to_owned()),
            None => Self::Other(tag.to_owned()),
        })
    }
}

impl TryFrom<String> for PlatformTag {
    type Error = InvalidPlatformTag;

    fn try_from(tag: String) -> Result<Self, InvalidPlatformTag> {
        tag.parse()
    }
}

impl From<PlatformTag> for String {
    fn from(tag: PlatformTag) -> Self {
        tag.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn platform_tags_round_trip() {
        for tag in [
            "any",
            "linux_x86_64",
            "linux_armv8l",
            "linux_sparc_v9",
            "linux_",
            "musllinux_1_2_x86_64",
            "musllinux_1_2_armv6l",
            "musllinux_01_2_x86_64",
            "musllinux_1_x86_64",
            "musllinux_1_2_",
            "musllinux_99999_2_x86_64",
            "manylinux1_i686",
            "manylinux2014_aarch64",
            "manylinux_2_17_x86_64",
            "manylinux_2_x86_64",
            "macosx_11_0_arm64",
            "win_amd64",
        ] {
            assert_eq!(tag.parse::<PlatformTag>().unwrap().to_string(), tag);
        }
        for bad in ["", "a-b", "a.b", "a/b", "\u{e9}"] {
            assert!(bad.parse::<PlatformTag>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pep656_tags_are_parsed() {
        let tag: PlatformTag = "musllinux_1_2_ppc64le".parse().unwrap();
        assert_eq!(tag, MuslVersion::V1_2.platform(Arch::Ppc64le));
        assert_eq!(tag.arch(), Some(Arch::Ppc64le));
        assert!(matches!("musllinux_01_2_x86_64".parse().unwrap(), PlatformTag::Other(_)));
    }

    #[test]
    fn tags_of_other_systems_are_known_and_misspelt_linux_tags_are_not() {
        let is_known = |tag: &str| tag.parse::<PlatformTag>().unwrap().is_known();
        for tag in
            ["any", "win32", "win_amd64", "macosx_11_0_arm64", "ios_13_0_arm64_iphoneos", "linux_sparc"]
        {
            assert!(is_known(tag), "{tag}");
        }
        for tag in ["linux_x86_64", "linux_armv8l", "musllinux_1_2_aarch64", "manylinux2014_i686"] {
            assert!(is_known(tag), "{tag}");
        }
        for tag in
            ["linux", "alpine_3_18_x86_64", "linux_amd64", "musllinux_1_2_arm64", "linux_armhf", "x86_64"]
        {
            assert!(!is_known(tag), "{tag}");
        }
    }

    #[test]
    fn architectures_are_read_from_every_linux_tag() {
        for (tag, name, arch) in [
            ("linux_armv8l", Some("armv8l"), None),
            ("linux_x86_64", Some("x86_64"), Some(Arch::X86_64)),
            ("manylinux2014_x86_64", Some("x86_64"), Some(Arch::X86_64)),
            ("manylinux_2_28_aarch64", Some("aarch64"), Some(Arch::Aarch64)),
            ("linux_amd64", Some("amd64"), Some(Arch::X86_64)),
            ("linux_arm64", Some("arm64"), Some(Arch::Aarch64)),
            ("linux_i386", Some("i386"), Some(Arch::I686)),
            ("linux_armhf", Some("armhf"), None),
            ("win_amd64", None, None),
            ("any", None, None),
        ] {
            let tag: PlatformTag = tag.parse().unwrap();
            assert_eq!((tag.arch_name(), tag.arch()), (name, arch), "{tag}");
        }
    }
}
