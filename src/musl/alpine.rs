//! Alpine releases and the musl they came with.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::platform::Arch;

use super::release::MuslRelease;

/// A release branch of Alpine, such as 3.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlpineRelease {
    /// `3` in 3.16.
    pub major: u16,
    /// `16` in 3.16.
    pub minor: u16,
}

/// The first Alpine release with each musl, oldest first (the `musl` packages of Alpine's `aports`). 3.12 is the oldest
/// because `musllinux_1_1` was built on it.
///
/// Alpine 3.15 has musl 1.2.2 with `qsort_r` added. This is not in the table: other systems with 1.2.2 lack it.
const FIRST_WITH: [(MuslRelease, AlpineRelease); 6] = [
    (MuslRelease::V1_1_24, AlpineRelease::OLDEST),
    (MuslRelease::V1_2_2, alpine(13)),
    (MuslRelease::V1_2_3, alpine(16)),
    (MuslRelease::V1_2_4, alpine(18)),
    (MuslRelease::V1_2_5, alpine(20)),
    (MuslRelease::V1_2_6, alpine(24)),
];

const fn alpine(minor: u16) -> AlpineRelease {
    AlpineRelease { major: 3, minor }
}

impl AlpineRelease {
    /// The oldest release that is considered: the one that `musllinux_1_1` was built on.
    pub const OLDEST: Self = alpine(12);

    /// The first release that exists for an architecture, of those considered.
    #[must_use]
    pub const fn first_for(arch: Arch) -> Self {
        match arch {
            Arch::Riscv64 => alpine(20),
            Arch::Loongarch64 => alpine(21),
            Arch::X86_64
            | Arch::I686
            | Arch::Aarch64
            | Arch::Armv7l
            | Arch::Armv6l
            | Arch::Ppc64le
            | Arch::S390x => Self::OLDEST,
        }
    }

    /// The musl it came with; for a release that is not known yet, the newest musl known.
    #[must_use]
    pub fn musl(self) -> MuslRelease {
        let older = FIRST_WITH.iter().rev().find(|(_, alpine)| *alpine <= self);
        older.map_or(MuslRelease::OLDEST, |(musl, _)| *musl)
    }
}

impl fmt::Display for AlpineRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for AlpineRelease {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text names no release of Alpine whose musl is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAlpineRelease {
    /// Not two numbers.
    #[error("`{0}` is not an Alpine release: expected a number such as `3.16`")]
    Malformed(String),
    /// Older than every release considered.
    #[error("Alpine {0} is too old: the oldest supported release is {oldest}", oldest = AlpineRelease::OLDEST)]
    TooOld(String),
}

impl FromStr for AlpineRelease {
    type Err = InvalidAlpineRelease;

    /// Reads `X.Y`, and `X.Y.Z` as the branch that it belongs to.
    fn from_str(text: &str) -> Result<Self, InvalidAlpineRelease> {
        let malformed = || InvalidAlpineRelease::Malformed(text.to_owned());
        let number = |part: &str| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        };
        let numbers: Option<Vec<u16>> = text.split('.').map(number).collect();
        let release = match numbers.as_deref() {
            Some([major, minor] | [major, minor, _]) => Self { major: *major, minor: *minor },
            _ => return Err(malformed()),
        };
        match release < Self::OLDEST {
            true => Err(InvalidAlpineRelease::TooOld(text.to_owned())),
            false => Ok(release),
        }
    }
}

impl MuslRelease {
    /// The oldest Alpine release for this architecture with this musl or a newer one, 3.12 being the oldest considered; `None`
    /// as long as no Alpine release has it.
    #[must_use]
    pub fn first_alpine(self, arch: Option<Arch>) -> Option<AlpineRelease> {
        let first = FIRST_WITH.iter().find(|(musl, _)| *musl >= self).map(|(_, alpine)| *alpine)?;
        Some(first.max(arch.map_or(AlpineRelease::OLDEST, AlpineRelease::first_for)))
    }

    /// The release and the first Alpine for this architecture that has it: `1.2.3 (Alpine 3.16)`.
    #[must_use]
    pub fn with_alpine(self, arch: Option<Arch>) -> String {
        match self.first_alpine(arch) {
            Some(AlpineRelease::OLDEST) if self < AlpineRelease::OLDEST.musl() => {
                format!("{self} (before Alpine {})", AlpineRelease::OLDEST)
            }
            Some(alpine) => format!("{self} (Alpine {alpine})"),
            None => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn alpine_releases_are_the_first_with_that_musl_or_a_newer_one() {
        let expected = ["3.12", "3.12", "3.13", "3.13", "3.13", "3.16", "3.18", "3.20", "3.24"];
        let first = MuslRelease::ALL.map(|release| release.first_alpine(None).unwrap().to_string());
        assert_eq!(first, expected);
        assert_eq!(MuslRelease::V1_2_3.with_alpine(None), "1.2.3 (Alpine 3.16)");
        assert_eq!(MuslRelease::V1_1_24.with_alpine(None), "1.1.24 (Alpine 3.12)");
        // Alpine 3.12 has 1.1.24.
        assert_eq!(MuslRelease::V1_1_19.with_alpine(None), "1.1.19 (before Alpine 3.12)");
    }

    #[test]
    fn an_architecture_has_no_alpine_release_from_before_its_port() {
        for (arch, musl, alpine) in [
            (Arch::Riscv64, MuslRelease::V1_1_19, "3.20"),
            (Arch::Riscv64, MuslRelease::V1_2_3, "3.20"),
            (Arch::Riscv64, MuslRelease::V1_2_6, "3.24"),
            (Arch::Loongarch64, MuslRelease::V1_2_5, "3.21"),
            (Arch::Loongarch64, MuslRelease::V1_2_6, "3.24"),
            (Arch::Aarch64, MuslRelease::V1_2_3, "3.16"),
        ] {
            assert_eq!(musl.first_alpine(Some(arch)).unwrap().to_string(), alpine, "{arch} {musl}");
        }
        assert_eq!(MuslRelease::V1_1_19.with_alpine(Some(Arch::Riscv64)), "1.1.19 (Alpine 3.20)");
    }

    #[test]
    fn an_alpine_release_has_the_musl_of_the_newest_row_that_is_not_newer() {
        for (text, musl) in [
            ("3.12", MuslRelease::V1_1_24),
            ("3.13", MuslRelease::V1_2_2),
            ("3.15.11", MuslRelease::V1_2_2),
            ("3.16", MuslRelease::V1_2_3),
            ("3.17", MuslRelease::V1_2_3),
            ("3.19", MuslRelease::V1_2_4),
            ("3.23", MuslRelease::V1_2_5),
            ("3.24", MuslRelease::V1_2_6),
            ("3.99", MuslRelease::V1_2_6),
        ] {
            assert_eq!(text.parse::<AlpineRelease>().unwrap().musl(), musl, "{text}");
        }
        for text in ["", "3", "3.x", "edge", "v3.16", "3.16.1.2", "3.99999", "3.-1"] {
            assert_eq!(text.parse::<AlpineRelease>(), Err(InvalidAlpineRelease::Malformed(text.to_owned())));
        }
        for text in ["3.11", "2.7", "1.2.3"] {
            assert_eq!(text.parse::<AlpineRelease>(), Err(InvalidAlpineRelease::TooOld(text.to_owned())));
        }
    }

    #[test]
    fn the_documentation_names_the_same_alpine_releases() {
        let page = include_str!("../../docs/musl.md");
        for release in MuslRelease::ALL.into_iter().filter(|release| *release != MuslRelease::OLDEST) {
            let alpine = release.first_alpine(None).unwrap();
            assert!(page.contains(&format!("| {release} | {alpine} |")), "{release}: {alpine}");
        }
    }
}
