//! Platform tags (PEP 425, PEP 656) and the architectures they name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::escaped::Escaped;

/// A CPU architecture as wheels spell it in their platform tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// 64-bit x86: `musllinux_1_2_x86_64`.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 32-bit x86: `musllinux_1_2_i686`.
    I686,
    /// 64-bit ARM: `musllinux_1_2_aarch64`.
    Aarch64,
    /// 32-bit ARM, ARMv7 hard float: `musllinux_1_2_armv7l`.
    Armv7l,
    /// 32-bit ARM, ARMv6 hard float (Alpine's `armhf`): `musllinux_1_2_armv6l`.
    Armv6l,
    /// Little-endian 64-bit PowerPC: `musllinux_1_2_ppc64le`.
    Ppc64le,
    /// IBM Z, big endian: `musllinux_1_2_s390x`.
    S390x,
    /// 64-bit RISC-V: `musllinux_1_2_riscv64`.
    Riscv64,
    /// 64-bit LoongArch: `musllinux_1_2_loongarch64`.
    Loongarch64,
}

impl Arch {
    /// Every architecture, in the order used by documentation and tables.
    pub const ALL: [Self; 9] = [
        Self::X86_64,
        Self::I686,
        Self::Aarch64,
        Self::Armv7l,
        Self::Armv6l,
        Self::Ppc64le,
        Self::S390x,
        Self::Riscv64,
        Self::Loongarch64,
    ];

    /// The name wheels use: `x86_64`, `i686`, `aarch64`, `armv7l`, ...
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::I686 => "i686",
            Self::Aarch64 => "aarch64",
            Self::Armv7l => "armv7l",
            Self::Armv6l => "armv6l",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
            Self::Riscv64 => "riscv64",
            Self::Loongarch64 => "loongarch64",
        }
    }

    /// musl's own name for the architecture (`LDSO_ARCH`), as in `ld-musl-<name>.so.1`
    /// and `etc/ld-musl-<name>.path`.
    #[must_use]
    pub fn musl_loader_name(self) -> &'static str {
        match self {
            Self::I686 => "i386",
            Self::Armv7l | Self::Armv6l => "armhf",
            Self::Ppc64le => "powerpc64le",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is no architecture that wheels can be built for on musl.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{0}`")]
pub struct UnknownArch(pub String);

impl FromStr for Arch {
    type Err = UnknownArch;

    /// Accepts the name of the wheel tag, of docker (`amd64`, `arm64`, `386`, `arm/v7`) and of
    /// Alpine (`x86`, `armv7`, `armhf`).
    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        Ok(match name {
            "x86_64" | "amd64" => Self::X86_64,
            "i686" | "x86" | "i386" | "386" => Self::I686,
            "aarch64" | "arm64" => Self::Aarch64,
            "armv7l" | "armv7" | "arm/v7" => Self::Armv7l,
            "armv6l" | "armhf" | "arm/v6" | "armv6" => Self::Armv6l,
            "ppc64le" | "powerpc64le" => Self::Ppc64le,
            "s390x" => Self::S390x,
            "riscv64" => Self::Riscv64,
            "loongarch64" | "loong64" => Self::Loongarch64,
            other => return Err(UnknownArch(other.to_owned())),
        })
    }
}

/// The musl version a `musllinux` tag promises (PEP 656): the wheel runs on this musl or a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MuslVersion {
    /// `1` in `musllinux_1_2_x86_64`.
    pub major: u16,
    /// `2` in `musllinux_1_2_x86_64`.
    pub minor: u16,
}

impl MuslVersion {
    /// musl 1.1: `musllinux_1_1`.
    pub const V1_1: Self = Self { major: 1, minor: 1 };
    /// musl 1.2: `musllinux_1_2`.
    pub const V1_2: Self = Self { major: 1, minor: 2 };

    /// The platform tag of this version for an architecture.
    #[must_use]
    pub fn platform(self, arch: Arch) -> PlatformTag {
        PlatformTag::Musllinux { version: self, arch: arch.as_str().to_owned() }
    }
}

impl fmt::Display for MuslVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A platform tag (PEP 425), as one member of the compressed set in a wheel's name. Text and value
/// convert into each other without loss, whatever the architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PlatformTag {
    /// Built here, promising nothing about the C library: `linux_x86_64`, `linux_armv8l`.
    Linux(String),
    /// PEP 656: `musllinux_1_2_x86_64`.
    Musllinux {
        /// The oldest musl the wheel runs on.
        version: MuslVersion,
        /// The architecture as spelt: `x86_64`.
        arch: String,
    },
    /// PEP 600 and the older names for glibc, whole: `manylinux_2_28_x86_64`, `manylinux2014_aarch64`.
    Manylinux(String),
    /// No platform: `any`.
    Any,
    /// Any other system, whole: `macosx_11_0_arm64`, `win_amd64`.
    Other(String),
}

impl PlatformTag {
    /// The architecture as spelt in a Linux tag: `x86_64` of `manylinux2014_x86_64`. `None` for tags of
    /// other systems and for `any`.
    #[must_use]
    pub fn arch_name(&self) -> Option<&str> {
        match self {
            Self::Linux(arch) | Self::Musllinux { arch, .. } => Some(arch),
            Self::Manylinux(tag) => manylinux_arch(tag),
            Self::Any | Self::Other(_) => None,
        }
    }

    /// The architecture, where it is one that wheels spell so. `linux_armv8l` has none: only the ELF
    /// files in the wheel can say whether it is 32-bit or 64-bit code.
    #[must_use]
    pub fn arch(&self) -> Option<Arch> {
        let name = self.arch_name()?;
        Arch::ALL.into_iter().find(|arch| arch.as_str() == name)
    }
}

fn manylinux_arch(tag: &str) -> Option<&str> {
    let rest = tag.strip_prefix("manylinux")?;
    match rest.strip_prefix('_') {
        Some(rest) => rest.splitn(3, '_').nth(2),
        None => rest.split_once('_').map(|(_, arch)| arch),
    }
}

/// Takes `1_2_x86_64` apart. Numbers must be spelt as they print, so that the tag comes back the same.
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

/// The text is no platform tag: one or more ASCII letters, digits and underscores.
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
    fn platform_tags_come_back_as_they_were() {
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
    fn pep656_tags_are_taken_apart() {
        let tag: PlatformTag = "musllinux_1_2_ppc64le".parse().unwrap();
        assert_eq!(tag, MuslVersion::V1_2.platform(Arch::Ppc64le));
        assert_eq!(tag.arch(), Some(Arch::Ppc64le));
        assert!(matches!("musllinux_01_2_x86_64".parse().unwrap(), PlatformTag::Other(_)));
    }

    #[test]
    fn architectures_are_read_from_every_linux_tag() {
        for (tag, name, arch) in [
            ("linux_armv8l", Some("armv8l"), None),
            ("linux_x86_64", Some("x86_64"), Some(Arch::X86_64)),
            ("manylinux2014_x86_64", Some("x86_64"), Some(Arch::X86_64)),
            ("manylinux_2_28_aarch64", Some("aarch64"), Some(Arch::Aarch64)),
            ("win_amd64", None, None),
            ("any", None, None),
        ] {
            let tag: PlatformTag = tag.parse().unwrap();
            assert_eq!((tag.arch_name(), tag.arch()), (name, arch), "{tag}");
        }
    }
}
