//! The releases of musl in the symbol table, and sets of releases.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::platform::MuslVersion;

/// A release of musl whose exports are known.
///
/// There are other releases between 1.1.19 and 1.1.24; they are treated like 1.1.19.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MuslRelease {
    /// 1.1.19, of February 2018.
    V1_1_19,
    /// 1.1.24, the last of 1.1.
    V1_1_24,
    /// 1.2.0: 64-bit `time_t` on 32-bit architectures.
    V1_2_0,
    /// 1.2.1.
    V1_2_1,
    /// 1.2.2: `reallocarray`, `gettid`, `_Fork`.
    V1_2_2,
    /// 1.2.3: `qsort_r`, `pthread_getname_np`.
    V1_2_3,
    /// 1.2.4: reads `DT_RELR`; the LFS64 names are available to relocations only.
    V1_2_4,
    /// 1.2.5: `statx`, `preadv2`, `pwritev2`; the loongarch64 port.
    V1_2_5,
    /// 1.2.6: `renameat2`, `posix_getdents`, `__getauxval`.
    V1_2_6,
}

impl MuslRelease {
    /// Every release, oldest first.
    pub const ALL: [Self; 9] = [
        Self::V1_1_19,
        Self::V1_1_24,
        Self::V1_2_0,
        Self::V1_2_1,
        Self::V1_2_2,
        Self::V1_2_3,
        Self::V1_2_4,
        Self::V1_2_5,
        Self::V1_2_6,
    ];

    /// The oldest known release.
    pub const OLDEST: Self = Self::V1_1_19;

    /// The newest known release.
    pub const NEWEST: Self = Self::V1_2_6;

    /// Major, minor and patch level.
    #[must_use]
    pub const fn numbers(self) -> (u16, u16, u16) {
        match self {
            Self::V1_1_19 => (1, 1, 19),
            Self::V1_1_24 => (1, 1, 24),
            Self::V1_2_0 => (1, 2, 0),
            Self::V1_2_1 => (1, 2, 1),
            Self::V1_2_2 => (1, 2, 2),
            Self::V1_2_3 => (1, 2, 3),
            Self::V1_2_4 => (1, 2, 4),
            Self::V1_2_5 => (1, 2, 5),
            Self::V1_2_6 => (1, 2, 6),
        }
    }

    /// The newest known release that is not newer than this version; `None` if the version is older than all
    /// of them.
    #[must_use]
    pub fn at_most(version: (u16, u16, u16)) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|release| release.numbers() <= version)
    }

    /// The oldest release on which a wheel with this tag must load (PEP 656: "this version or later").
    ///
    /// `musllinux_1_2` promises 1.2.0. `musllinux_1_1` is read as 1.1.24: PEP 656 names no patch level, the
    /// images for building such wheels have 1.1.24, and it is the last release of its series. A version
    /// without a known release stands for the next known release: the oldest of all for `1_0`, and the newest
    /// for a future version.
    #[must_use]
    pub fn oldest_of(version: MuslVersion) -> Self {
        let MuslVersion { major, minor } = version;
        if version == MuslVersion::V1_1 {
            return Self::V1_1_24;
        }
        (Self::ALL.into_iter()).find(|release| release.numbers() >= (major, minor, 0)).unwrap_or(Self::NEWEST)
    }

    /// Its bit in [`Releases`].
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for MuslRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.numbers();
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl Serialize for MuslRelease {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text names no known release of musl.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMuslRelease {
    /// The text is not three numbers.
    #[error("`{0}` is not a musl release: expected a number such as `1.2.3`")]
    Malformed(String),
    /// The release is older than every known one.
    #[error("musl {0} is too old: the oldest supported release is {oldest}", oldest = MuslRelease::OLDEST)]
    TooOld(String),
}

impl FromStr for MuslRelease {
    type Err = InvalidMuslRelease;

    /// Parses `X.Y.Z`. An unknown release stands for the newest known one before it: `1.1.20` for 1.1.19,
    /// `1.2.9` for 1.2.6. musl seldom removes names, so this errs on the side of refusing.
    fn from_str(text: &str) -> Result<Self, InvalidMuslRelease> {
        let malformed = || InvalidMuslRelease::Malformed(text.to_owned());
        let mut numbers = text.split('.').map(|part| {
            let plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse::<u16>().ok()).flatten()
        });
        let mut number = || numbers.next().flatten().ok_or_else(malformed);
        let version = (number()?, number()?, number()?);
        if numbers.next().is_some() {
            return Err(malformed());
        }
        Self::at_most(version).ok_or_else(|| InvalidMuslRelease::TooOld(text.to_owned()))
    }
}

/// A set of releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Releases(u16);

impl Serialize for Releases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Releases {
    /// No release.
    pub const NONE: Self = Self(0);

    /// Every release known.
    pub const ALL: Self = Self::from_on(MuslRelease::OLDEST);

    /// The set with these bits; bit 0 is the oldest release.
    pub(super) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The release and every later one.
    #[must_use]
    pub const fn from_on(release: MuslRelease) -> Self {
        // All bits from that of the release to that of the newest.
        Self((MuslRelease::NEWEST.bit() << 1) - release.bit())
    }

    /// Whether the release is in the set.
    #[must_use]
    pub const fn contains(self, release: MuslRelease) -> bool {
        self.0 & release.bit() != 0
    }

    /// Whether no release is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The releases in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The releases in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The releases, oldest first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = MuslRelease> {
        MuslRelease::ALL.into_iter().filter(move |release| self.contains(*release))
    }

    /// The oldest release in the set.
    #[must_use]
    pub fn first(self) -> Option<MuslRelease> {
        self.iter().next()
    }

    /// The oldest release from which on all releases are in the set; `None` if the newest is not.
    #[must_use]
    pub fn since(self) -> Option<MuslRelease> {
        MuslRelease::ALL.into_iter().rev().take_while(|release| self.contains(*release)).last()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn releases_are_in_order_and_round_trip_as_text() {
        assert!(MuslRelease::ALL.is_sorted_by(|a, b| a < b && a.numbers() < b.numbers()));
        assert_eq!((MuslRelease::ALL[0], MuslRelease::ALL[8]), (MuslRelease::OLDEST, MuslRelease::NEWEST));
        for release in MuslRelease::ALL {
            assert_eq!(release.to_string().parse(), Ok(release));
        }
        assert_eq!(serde_json::to_string(&MuslRelease::V1_2_3).unwrap(), "\"1.2.3\"");
    }

    #[test]
    fn an_unknown_release_stands_for_the_newest_known_before_it() {
        for (text, release) in [
            ("1.1.20", MuslRelease::V1_1_19),
            ("1.1.23", MuslRelease::V1_1_19),
            ("1.1.25", MuslRelease::V1_1_24),
            ("1.2.7", MuslRelease::V1_2_6),
            ("2.0.0", MuslRelease::V1_2_6),
        ] {
            assert_eq!(text.parse(), Ok(release), "{text}");
        }
        assert_eq!("1.1.18".parse::<MuslRelease>(), Err(InvalidMuslRelease::TooOld("1.1.18".to_owned())));
        assert_eq!("0.9.15".parse::<MuslRelease>(), Err(InvalidMuslRelease::TooOld("0.9.15".to_owned())));
        for bad in ["", "1.2", "1.2.", "1.2.3.4", "1.2.x", "+1.2.3", "v1.2.3", "1.2.70000", " 1.2.3"] {
            assert_eq!(bad.parse::<MuslRelease>(), Err(InvalidMuslRelease::Malformed(bad.to_owned())));
        }
    }

    #[test]
    fn pep656_tags_promise_their_oldest_release() {
        for (major, minor, release) in [
            (1, 0, MuslRelease::V1_1_19),
            (1, 1, MuslRelease::V1_1_24),
            (1, 2, MuslRelease::V1_2_0),
            (1, 3, MuslRelease::NEWEST),
            (2, 0, MuslRelease::NEWEST),
        ] {
            assert_eq!(MuslRelease::oldest_of(MuslVersion { major, minor }), release, "{major}.{minor}");
        }
    }

    fn without(set: Releases, release: MuslRelease) -> Releases {
        Releases(set.0 & !release.bit())
    }

    #[test]
    fn since_is_the_release_from_which_on_none_is_missing() {
        let gap = without(without(Releases::ALL, MuslRelease::V1_2_4), MuslRelease::V1_2_5);
        assert_eq!(gap.since(), Some(MuslRelease::V1_2_6));
        assert_eq!(gap.first(), Some(MuslRelease::V1_1_19));
        assert_eq!(Releases::ALL.since(), Some(MuslRelease::V1_1_19));
        assert_eq!(without(Releases::ALL, MuslRelease::NEWEST).since(), None);
        assert_eq!(Releases::NONE.since(), None);
    }

    #[test]
    fn set_operations_are_those_of_releases() {
        let new = Releases::from_on(MuslRelease::V1_2_5);
        assert_eq!(new.iter().collect::<Vec<_>>(), [MuslRelease::V1_2_5, MuslRelease::V1_2_6]);
        assert_eq!(Releases::ALL.iter().collect::<Vec<_>>(), MuslRelease::ALL);
        assert!(new.contains(MuslRelease::V1_2_6) && !new.contains(MuslRelease::V1_2_4));
        assert_eq!(new.union(Releases::ALL), Releases::ALL);
        assert_eq!(
            new.intersection(without(Releases::ALL, MuslRelease::V1_2_6)).first(),
            Some(MuslRelease::V1_2_5)
        );
        assert!(new.intersection(without(without(new, MuslRelease::V1_2_5), MuslRelease::V1_2_6)).is_empty());
    }
}
