//! The names of platforms in wheels, musl, Alpine and container engines: architectures and versions of musl.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A CPU architecture that wheels for musl can be built for.
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

/// The spellings of one architecture.
struct Spelling {
    arch: Arch,
    /// In platform tags of wheels, and in `uname -m`.
    wheel: &'static str,
    /// In the names of musl's loader and of its path file (`LDSO_ARCH` in musl's `configure`).
    musl: &'static str,
    /// In Alpine's package manager (`apk --print-arch`).
    alpine: &'static str,
    /// In container engines, as architecture and variant (`linux/arm/v7`).
    container: &'static str,
    /// Other names that people use.
    others: &'static [&'static str],
}

/// Every spelling, in the order of documentation and tables. A new architecture needs a line here, one in
/// [`Arch`], its `e_machine` in `elf/read/machine.rs`, and a column in the table of musl's symbols.
#[rustfmt::skip]
const SPELLINGS: [Spelling; 9] = [
    Spelling { arch: Arch::X86_64, wheel: "x86_64", musl: "x86_64", alpine: "x86_64", container: "amd64", others: &[] },
    Spelling { arch: Arch::I686, wheel: "i686", musl: "i386", alpine: "x86", container: "386", others: &["i386"] },
    Spelling { arch: Arch::Aarch64, wheel: "aarch64", musl: "aarch64", alpine: "aarch64", container: "arm64", others: &["arm64/v8"] },
    Spelling { arch: Arch::Armv7l, wheel: "armv7l", musl: "armhf", alpine: "armv7", container: "arm/v7", others: &[] },
    Spelling { arch: Arch::Armv6l, wheel: "armv6l", musl: "armhf", alpine: "armhf", container: "arm/v6", others: &["armv6"] },
    Spelling { arch: Arch::Ppc64le, wheel: "ppc64le", musl: "powerpc64le", alpine: "ppc64le", container: "ppc64le", others: &[] },
    Spelling { arch: Arch::S390x, wheel: "s390x", musl: "s390x", alpine: "s390x", container: "s390x", others: &[] },
    Spelling { arch: Arch::Riscv64, wheel: "riscv64", musl: "riscv64", alpine: "riscv64", container: "riscv64", others: &[] },
    Spelling { arch: Arch::Loongarch64, wheel: "loongarch64", musl: "loongarch64", alpine: "loongarch64", container: "loong64", others: &[] },
];

impl Arch {
    /// Every architecture, in the order used by documentation and tables.
    pub const ALL: [Self; 9] = {
        let mut all = [Self::X86_64; 9];
        let mut index = 0;
        while index < all.len() {
            all[index] = SPELLINGS[index].arch;
            index += 1;
        }
        all
    };

    fn spelling(self) -> &'static Spelling {
        // The variants are declared in the order of the table; a test checks that.
        &SPELLINGS[self as usize]
    }

    /// The name wheels use: `x86_64`, `i686`, `aarch64`, `armv7l`, ...
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spelling().wheel
    }

    /// musl's own name for the architecture (`LDSO_ARCH`), as in `ld-musl-<name>.so.1`
    /// and `etc/ld-musl-<name>.path`.
    #[must_use]
    pub fn musl_loader_name(self) -> &'static str {
        self.spelling().musl
    }

    /// The name of Alpine's packages and repositories: `x86`, `armv7`, `armhf`, ...
    #[must_use]
    pub fn alpine_name(self) -> &'static str {
        self.spelling().alpine
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not an architecture for which musl wheels can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{0}`")]
pub struct UnknownArch(pub String);

impl FromStr for Arch {
    type Err = UnknownArch;

    /// Accepts the name in wheel tags, in container engines (`amd64`, `arm64`, `386`, `arm/v7`), in musl
    /// (`powerpc64le`) and in Alpine (`x86`, `armv7`). `armhf` is read as Alpine's name for ARMv6, although
    /// musl's loader uses it for ARMv7 as well.
    fn from_str(name: &str) -> Result<Self, UnknownArch> {
        let is = |spelling: &&Spelling| {
            let names = [spelling.wheel, spelling.container, spelling.alpine];
            names.contains(&name) || spelling.others.contains(&name)
        };
        let by_musl = |spelling: &&Spelling| spelling.musl == name;
        let found = SPELLINGS.iter().find(is).or_else(|| SPELLINGS.iter().find(by_musl));
        found.map(|spelling| spelling.arch).ok_or_else(|| UnknownArch(name.to_owned()))
    }
}

/// The musl version that a `musllinux` tag promises (PEP 656): the wheel runs on this version or a newer one.
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
}

impl fmt::Display for MuslVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_architecture_names_it() {
        for (index, arch) in Arch::ALL.into_iter().enumerate() {
            assert_eq!(arch as usize, index, "the table has the order of the variants");
            let spelling = arch.spelling();
            for name in [spelling.wheel, spelling.container, spelling.alpine].iter().chain(spelling.others) {
                assert_eq!(name.parse(), Ok(arch), "{name}");
            }
        }
        assert_eq!("armhf".parse(), Ok(Arch::Armv6l));
        assert_eq!("powerpc64le".parse(), Ok(Arch::Ppc64le));
        assert_eq!("arm64".parse(), Ok(Arch::Aarch64));
        assert_eq!("sparc".parse::<Arch>(), Err(UnknownArch("sparc".to_owned())));
    }
}
