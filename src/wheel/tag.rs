//! Platform tags (PEP 425, PEP 656) and the architectures they name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

    /// Alpine's name for the architecture (`CARCH`), as in `libc.musl-<name>.so.1`.
    #[must_use]
    pub fn alpine_name(self) -> &'static str {
        match self {
            Self::I686 => "x86",
            Self::Armv7l => "armv7",
            Self::Armv6l => "armhf",
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
