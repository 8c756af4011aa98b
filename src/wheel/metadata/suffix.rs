//! Which Python imports which extension module: the suffix of the module's name, and the suffixes that
//! Pythons look for.
//!
//! CPython tries the suffixes of `_PyImport_DynLoadFiletab` (`Python/dynload_shlib.c`), which
//! `importlib.machinery.EXTENSION_SUFFIXES` lists:
//!
//! - its own, `.cpython-312-x86_64-linux-musl.so`, with the flags of its build: `d` for debug builds, which since 3.8 take
//!   the modules of other builds as well, and `t` for free-threaded ones (PEP 703);
//! - `.abi3.so` (PEP 384), which free-threaded builds do not look for since 3.15 (python/cpython#146636);
//! - since 3.15 also `.abi3t.so` (PEP 803), and both with the platform: `.abi3-x86_64-linux-musl.so`
//!   (python/cpython#122931, python/cpython#152461); free-threaded builds do not look for `.abi3-<platform>.so`;
//! - `.so`.
//!
//! Only since 3.11 does its platform name the C library: before, it was `-linux-gnu` on musl too (bpo-43112).
//! PyPy and GraalPy look for their own suffix, which contains the ABI tag:
//! `.pypy311-pp73-x86_64-linux-gnu.so`, on musl too.

use crate::platform::Arch;

/// The first CPython that supports `abi3t`, and a platform after `abi3`.
const FIRST_ABI3T: Version = (3, 15);
/// The first CPython whose suffix names the C library.
const FIRST_MUSL: Version = (3, 11);
/// The first CPython that can be built without the global interpreter lock (PEP 703).
const FIRST_THREADED: Version = (3, 13);
/// The first CPython with a stable ABI (PEP 384).
const FIRST_ABI3: Version = (3, 2);

/// Major and minor version.
type Version = (u16, u16);

/// The suffix of an extension module's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suffix {
    /// `.so`, which every Python looks for.
    Plain,
    /// `.cpython-312d-x86_64-linux-musl.so`.
    CPython {
        /// The version.
        version: (u16, u16),
        /// The build of the interpreter.
        build: Build,
        /// The platform: `x86_64-linux-musl`.
        platform: Option<String>,
    },
    /// `.abi3.so` and `.abi3t.so`.
    Stable {
        /// Whether it is `abi3t`.
        threaded: bool,
        /// The platform.
        platform: Option<String>,
    },
    /// `.pypy311-pp73-x86_64-linux-gnu.so`, `.graalpy242-311-native-x86_64-linux.so`.
    Other {
        /// The ABI tag: `pypy311_pp73`.
        abi: String,
        /// The platform.
        platform: Option<String>,
    },
}

/// How a CPython is built, as far as it matters for modules. The flags `m` and `u` of old versions are
/// ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Build {
    /// `d`: a debug build.
    pub(crate) debug: bool,
    /// `t`: free-threaded.
    pub(crate) threaded: bool,
}

/// An interpreter named by a wheel's tags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Python {
    /// CPython.
    CPython {
        /// The version.
        version: (u16, u16),
        /// Its build.
        build: Build,
    },
    /// PyPy or GraalPy, by its ABI tag: `pypy311_pp73`.
    Other {
        /// The ABI tag.
        abi: String,
    },
}

/// The interpreters that a Python tag and an ABI tag name together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// A list. With `every`, the tag promises the stable ABI, so each of them has to find a module; otherwise
    /// they are builds of one Python, and the module is for one of them.
    Listed {
        /// The interpreters.
        pythons: Vec<Python>,
        /// Whether each of them has to find a module.
        every: bool,
    },
    /// Every Python from some version on: `py3-none`.
    Any,
    /// Unknown interpreters.
    Unknown,
}

impl Suffix {
    /// Splits a file name into the name of the module and the suffix; `None` if it has no suffix of a module.
    pub(crate) fn of(file_name: &str) -> Option<(&str, Self)> {
        let stem = file_name.strip_suffix(".so")?;
        let Some((module, tag)) = stem.split_once('.') else {
            return (!stem.is_empty()).then_some((stem, Self::Plain));
        };
        if module.is_empty() {
            return None;
        }
        let (first, rest) = tag.split_once('-').map_or((tag, None), |(first, rest)| (first, Some(rest)));
        let platform = |rest: Option<&str>| rest.map(str::to_owned);
        let suffix = match first {
            "cpython" => {
                let rest = rest?;
                let (version, rest) = rest.split_once('-').map_or((rest, None), |(v, rest)| (v, Some(rest)));
                let (version, build) = version_and_build(version)?;
                Self::CPython { version, build, platform: platform(rest) }
            }
            "abi3" | "abi3t" => Self::Stable { threaded: first == "abi3t", platform: platform(rest) },
            // `pypy311-pp73-<platform>` and `graalpy242-311-native-<platform>`.
            _ if first.starts_with("pypy") => other(tag, 2)?,
            _ if first.starts_with("graalpy") => other(tag, 3)?,
            _ => return None,
        };
        Some((module, suffix))
    }

    fn platform(&self) -> Option<&str> {
        match self {
            Self::Plain => None,
            Self::CPython { platform, .. } | Self::Stable { platform, .. } | Self::Other { platform, .. } => {
                platform.as_deref()
            }
        }
    }

    /// Whether a Python on Linux may look for it: it names no platform, or one of Linux that is not Android.
    pub(crate) fn is_for_linux(&self) -> bool {
        let linux = |platform: &str| platform.contains("-linux") && !platform.contains("-linux-android");
        self.platform().is_none_or(linux)
    }

    /// The architecture in the suffix, if it is another than this one.
    pub(crate) fn other_arch(&self, arch: Arch) -> Option<&str> {
        let (word, system) = self.platform()?.split_once('-')?;
        let named = interpreters_arch(word).filter(|_| system.starts_with("linux"))?;
        (!named.contains(&arch)).then_some(word)
    }

    /// Whether it is for glibc, so that no interpreter on musl looks for it.
    pub(crate) fn is_for_glibc(&self) -> bool {
        let for_glibc = self.platform().is_some_and(|platform| platform.contains("-linux-gnu"));
        for_glibc
            && match self {
                Self::CPython { version, .. } => *version >= FIRST_MUSL,
                Self::Stable { .. } => true,
                Self::Plain | Self::Other { .. } => false,
            }
    }

    /// The same without its platform, if it is one of the stable ABI that has a platform.
    pub(crate) fn without_platform(&self) -> Option<Self> {
        match self {
            Self::Stable { threaded, platform: Some(_) } => {
                Some(Self::Stable { threaded: *threaded, platform: None })
            }
            _ => None,
        }
    }

    /// Whether one kind of interpreter looks for it only, in one version.
    pub(crate) fn is_for_one_python(&self) -> bool {
        matches!(self, Self::CPython { .. } | Self::Other { .. })
    }
}

impl std::fmt::Display for Suffix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tag = match self {
            Self::Plain => String::new(),
            Self::CPython { version: (major, minor), build, .. } => {
                let (debug, threaded) =
                    (if build.debug { "d" } else { "" }, if build.threaded { "t" } else { "" });
                format!(".cpython-{major}{minor}{debug}{threaded}")
            }
            Self::Stable { threaded, .. } => if *threaded { ".abi3t" } else { ".abi3" }.to_owned(),
            Self::Other { abi, .. } => format!(".{}", abi.replace('_', "-")),
        };
        let platform = self.platform().map_or_else(String::new, |platform| format!("-{platform}"));
        write!(f, "{tag}{platform}.so")
    }
}

impl Python {
    /// Whether the interpreter looks for modules with this suffix, ignoring the architecture and C library in
    /// it.
    pub(crate) fn looks_for(&self, suffix: &Suffix) -> bool {
        match (self, suffix) {
            (_, Suffix::Plain) => true,
            (Self::CPython { version, build }, Suffix::CPython { version: named, build: built, .. }) => {
                let same = build == built || build.debug && *built == Build { debug: false, ..*build };
                version == named && same
            }
            (Self::CPython { version, build }, Suffix::Stable { threaded, platform }) => {
                let is_new = *version >= FIRST_ABI3T;
                match (threaded, platform) {
                    (true, _) => is_new,
                    (false, None) => *version >= FIRST_ABI3 && !(is_new && build.threaded),
                    (false, Some(_)) => is_new && !build.threaded,
                }
            }
            (Self::Other { abi }, Suffix::Other { abi: named, .. }) => abi == named,
            _ => false,
        }
    }
}

impl std::fmt::Display for Python {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CPython { version: (major, minor), build } => {
                let threaded = if build.threaded { "free-threaded " } else { "" };
                let debug = if build.debug { " built for debugging" } else { "" };
                write!(f, "{threaded}CPython {major}.{minor}{debug}")
            }
            Self::Other { abi } => write!(f, "`{abi}`"),
        }
    }
}

/// The interpreters that these two tags name together (PEP 425).
pub(crate) fn covered(python: &str, abi: &str) -> Covered {
    let listed = |pythons: Vec<Python>, every: bool| Covered::Listed { pythons, every };
    let cpython = |build: Build| move |version: Version| Python::CPython { version, build };
    if python.strip_prefix("py").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit())) {
        return if abi == "none" { Covered::Any } else { Covered::Unknown };
    }
    if let Some((version, _)) = python.strip_prefix("cp").and_then(version_and_build) {
        let until =
            |first: Version| (first.1..=first.1.max(FIRST_ABI3T.1)).map(move |minor| (first.0, minor));
        return match abi {
            "abi3" if version >= FIRST_ABI3 => {
                listed(until(version).map(cpython(Build::default())).collect(), true)
            }
            "abi3t" if version >= FIRST_ABI3 => {
                let threaded = Build { threaded: true, ..Build::default() };
                listed(until(version.max(FIRST_ABI3T)).map(cpython(threaded)).collect(), true)
            }
            "none" => {
                let builds = [(false, false), (true, false), (false, true), (true, true)];
                let builds = builds.map(|(debug, threaded)| Build { debug, threaded });
                let exist = builds.iter().filter(|build| !build.threaded || version >= FIRST_THREADED);
                listed(exist.map(|build| cpython(*build)(version)).collect(), false)
            }
            _ => match abi.strip_prefix("cp").and_then(version_and_build) {
                // Tags are multiplied: half the pairs of `cp311.cp312-cp311.cp312` name no interpreter.
                Some((other, build)) if other == version => listed(vec![cpython(build)(version)], false),
                Some(_) => listed(Vec::new(), false),
                None => Covered::Unknown,
            },
        };
    }
    let known = [("pp", "pypy"), ("graalpy", "graalpy")];
    match known.into_iter().any(|(tag, name)| python.starts_with(tag) && abi.starts_with(name)) {
        true => listed(vec![Python::Other { abi: abi.to_owned() }], false),
        false => Covered::Unknown,
    }
}

/// Parses `312td` as 3.12, debug and free-threaded: one digit for the major version, the rest for the minor,
/// then flags.
fn version_and_build(text: &str) -> Option<(Version, Build)> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let flags = text.strip_prefix(digits)?;
    let (major, minor) = digits.split_at_checked(1)?;
    // `+3` would parse as a number too.
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !flags.bytes().all(|flag| b"dtmu".contains(&flag)) {
        return None;
    }
    let build = Build { debug: flags.contains('d'), threaded: flags.contains('t') };
    Some(((major.parse().ok()?, minor.parse().ok()?), build))
}

/// An ABI tag of this many words, followed by the platform.
fn other(tag: &str, words: usize) -> Option<Suffix> {
    let parts: Vec<&str> = tag.split('-').collect();
    let (abi, platform) = parts.split_at_checked(words)?;
    let platform = (!platform.is_empty()).then(|| platform.join("-"));
    Some(Suffix::Other { abi: abi.join("_"), platform })
}

/// The architectures whose CPython uses this word in the names of extension modules (`PLATFORM_TRIPLET` in
/// its `configure`).
fn interpreters_arch(word: &str) -> Option<&'static [Arch]> {
    Some(match word {
        "x86_64" => &[Arch::X86_64],
        "i386" => &[Arch::I686],
        "aarch64" => &[Arch::Aarch64],
        "arm" => &[Arch::Armv7l, Arch::Armv6l],
        "powerpc64le" => &[Arch::Ppc64le],
        "s390x" => &[Arch::S390x],
        "riscv64" => &[Arch::Riscv64],
        "loongarch64" => &[Arch::Loongarch64],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    /// The Pythons of a pair of tags that look for a suffix, and the others.
    fn finding(tags: &str, file: &str) -> (Vec<String>, Vec<String>) {
        let (python, abi) = tags.split_once('-').unwrap();
        let (_, suffix) = Suffix::of(file).unwrap();
        let Covered::Listed { pythons, .. } = covered(python, abi) else { panic!("{tags}") };
        let (find, miss): (Vec<_>, Vec<_>) =
            pythons.into_iter().partition(|python| python.looks_for(&suffix));
        let shown = |pythons: Vec<Python>| pythons.iter().map(ToString::to_string).collect();
        (shown(find), shown(miss))
    }

    #[test]
    fn cpython_looks_for_its_own_version_and_build() {
        let found = |tags: &str, file: &str| finding(tags, file).1.is_empty();
        for (tags, file, looks) in [
            ("cp312-cp312", "x.cpython-312-x86_64-linux-musl.so", true),
            ("cp312-cp312", "x.cpython-311-x86_64-linux-musl.so", false),
            ("cp312-cp312", "x.cpython-312d-x86_64-linux-musl.so", false),
            ("cp312-cp312d", "x.cpython-312d-x86_64-linux-musl.so", true),
            ("cp312-cp312d", "x.cpython-312-x86_64-linux-musl.so", true),
            ("cp313-cp313", "x.cpython-313t-x86_64-linux-musl.so", false),
            ("cp313-cp313t", "x.cpython-313t-x86_64-linux-musl.so", true),
            ("cp313-cp313t", "x.cpython-313-x86_64-linux-musl.so", false),
            ("cp313-cp313td", "x.cpython-313t-x86_64-linux-musl.so", true),
            ("cp37-cp37m", "x.cpython-37m-x86_64-linux-gnu.so", true),
            ("cp312-cp312", "x.abi3.so", true),
            ("cp312-cp312", "x.so", true),
            ("cp314-cp314t", "x.abi3.so", true),
            ("cp315-cp315t", "x.abi3.so", false),
            ("cp315-cp315t", "x.abi3-x86_64-linux-musl.so", false),
            ("cp315-cp315t", "x.abi3t-x86_64-linux-musl.so", true),
            ("cp315-cp315", "x.abi3t.so", true),
            ("cp314-cp314t", "x.abi3t.so", false),
            ("cp312-cp312", "x.pypy312-pp73-x86_64-linux-gnu.so", false),
            ("pp311-pypy311_pp73", "x.pypy311-pp73-x86_64-linux-gnu.so", true),
            ("pp311-pypy311_pp73", "x.pypy310-pp73-x86_64-linux-gnu.so", false),
            ("pp311-pypy311_pp73", "x.abi3.so", false),
            ("graalpy311-graalpy242_311_native", "x.graalpy242-311-native-x86_64-linux.so", true),
            ("graalpy311-graalpy242_311_native", "x.graalpy230-310-native-x86_64-linux.so", false),
        ] {
            assert_eq!(found(tags, file), looks, "{tags} {file}");
        }
        assert_eq!(finding("cp313-none", "x.cpython-313t-x86_64-linux-musl.so").0.len(), 2);
        assert_eq!(finding("cp312-none", "x.cpython-312-x86_64-linux-musl.so").0.len(), 2);
    }

    #[test]
    fn pep384_and_pep803_suffixes_are_found_by_these_versions() {
        let missed = |tags: &str, file: &str| finding(tags, file).1.join(", ");
        assert_eq!(missed("cp312-abi3", "x.abi3.so"), "");
        let old = "CPython 3.12, CPython 3.13, CPython 3.14";
        assert_eq!(missed("cp312-abi3", "x.abi3-x86_64-linux-musl.so"), old);
        assert_eq!(missed("cp312-abi3", "x.abi3t.so"), old);
        assert_eq!(missed("cp312-abi3", "x.abi3t-x86_64-linux-musl.so"), old);
        assert_eq!(missed("cp315-abi3", "x.abi3-x86_64-linux-musl.so"), "");
        assert_eq!(missed("cp315-abi3", "x.abi3t.so"), "");
        assert_eq!(missed("cp314-abi3", "x.cpython-314-x86_64-linux-musl.so"), "CPython 3.15");
        assert_eq!(missed("cp315-abi3t", "x.abi3.so"), "free-threaded CPython 3.15");
        assert_eq!(missed("cp312-abi3t", "x.abi3t.so"), "");
        assert_eq!(missed("cp316-abi3t", "x.abi3-x86_64-linux-musl.so"), "free-threaded CPython 3.16");
    }

    #[test]
    fn suffixes_that_no_interpreter_on_musl_looks_for() {
        let glibc = |file: &str| Suffix::of(file).unwrap().1.is_for_glibc();
        for file in [
            "x.cpython-311-x86_64-linux-gnu.so",
            "x.abi3-x86_64-linux-gnu.so",
            "x.abi3t-arm-linux-gnueabihf.so",
        ] {
            assert!(glibc(file), "{file}");
        }
        for file in
            ["x.cpython-310-x86_64-linux-gnu.so", "x.pypy311-pp73-x86_64-linux-gnu.so", "x.abi3.so", "x.so"]
        {
            assert!(!glibc(file), "{file}");
        }
        let (_, suffix) = Suffix::of("x.pypy311-pp73-aarch64-linux-gnu.so").unwrap();
        assert_eq!(
            (suffix.other_arch(Arch::X86_64), suffix.other_arch(Arch::Aarch64)),
            (Some("aarch64"), None)
        );
    }

    #[test]
    fn names_without_a_module_suffix_are_refused() {
        for file in [
            "libx.so.1",
            "x.y.so",
            ".so",
            ".abi3.so",
            "x.cpython-3x-y.so",
            "x.py",
            "libcpython-3-gnu.a",
            "x.abi33.so",
        ] {
            assert_eq!(Suffix::of(file), None, "{file}");
        }
        assert_eq!(Suffix::of("libcpython-3-gnu.so"), Some(("libcpython-3-gnu", Suffix::Plain)));
    }

    #[test]
    fn tags_that_name_no_listed_interpreter() {
        assert_eq!(covered("py3", "none"), Covered::Any);
        assert_eq!(covered("py310", "none"), Covered::Any);
        for (python, abi) in
            [("py3", "abi3"), ("ip27", "none"), ("cp3", "abi3"), ("cp312", "hpy0"), ("pp310", "none")]
        {
            assert_eq!(covered(python, abi), Covered::Unknown, "{python}-{abi}");
        }
        assert_eq!(covered("cp311", "cp312"), Covered::Listed { pythons: Vec::new(), every: false });
    }
}
