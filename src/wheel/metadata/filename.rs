//! Names of wheel files.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parts::{Parts, corrected_name, is_abi, is_platform, is_python, is_split_platform};
use super::tag::PlatformTag;
use crate::escaped::Escaped;

/// The name of a wheel file (PEP 427, "File name convention"):
/// `{distribution}-{version}[-{build}]-{python}-{abi}-{platform}.whl`. The last three components are
/// compressed tag sets (PEP 425). A variant label at the end (PEP 817 and PEP 825) is kept.
///
/// Every component keeps its spelling, so an unchanged name is displayed as it was read.
///
/// ```
/// use muslrepair::platform::{Arch, MuslVersion};
/// use muslrepair::wheel::{WheelFilename};
/// let name: WheelFilename = "Demo_pkg-1.0-2-cp312-cp312-linux_x86_64.whl".parse()?;
/// assert_eq!((name.distribution(), name.version(), name.build()), ("Demo_pkg", "1.0", Some("2")));
/// let name = name.with_platforms(&[MuslVersion::V1_2.platform(Arch::X86_64)])?;
/// assert_eq!(name.to_string(), "Demo_pkg-1.0-2-cp312-cp312-musllinux_1_2_x86_64.whl");
/// # Ok::<(), muslrepair::wheel::InvalidWheelFilename>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WheelFilename {
    distribution: String,
    version: String,
    build: Option<String>,
    python: Vec<String>,
    abi: Vec<String>,
    platforms: Vec<PlatformTag>,
    variant: Option<String>,
}

/// Why a wheel's file name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FilenameRule {
    /// The name does not end with `.whl`.
    #[error("it must end with `.whl`")]
    Extension,
    /// There are too few or too many components, separated by dashes.
    #[error("it must have 5 to 7 components separated by `-`")]
    Components,
    /// The distribution is empty or has characters other than letters, digits, `_` and `.`.
    #[error("the distribution must be letters, digits, `_` and `.`")]
    Distribution,
    /// The version is empty or has characters that are not allowed in a version.
    #[error("the version must be letters, digits, `_`, `.`, `+` and `!`")]
    Version,
    /// The build tag does not start with a digit, or has characters other than letters, digits, `_` and `.`.
    #[error("the build tag must start with a digit and be letters, digits, `_` and `.`")]
    Build,
    /// A Python or ABI tag set is empty, or one of its tags is.
    #[error("a tag must be letters, digits and `_`")]
    Tag,
    /// The component for the Python tags is something else.
    #[error("the Python tag must name an interpreter and its version, as `cp312` and `py3` do")]
    Python,
    /// The component for the ABI tags is something else.
    #[error("the ABI tag must be `none`, `abi3` or that of an interpreter, such as `cp312`")]
    Abi,
    /// The platform tag set is empty, or one of its tags is not a platform tag.
    #[error("the platform tags must be names of platforms in letters, digits and `_`, separated by `.`")]
    Platform,
    /// The variant label is empty or has characters other than letters, digits, `_` and `.`.
    #[error("the variant label must be letters, digits, `_` and `.`")]
    Variant,
    /// There is a variant label, but the wheel has no file that describes the variant (PEP 817, PEP 825).
    #[error("only the name of a wheel with a `variant.json` may have a label behind the platform")]
    Label,
}

/// The name is not a valid wheel name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is not the name of a wheel: {rule}{}",
    Escaped(name),
    if part.is_empty() { String::new() } else { format!(", not `{}`", Escaped(part)) }
)]
pub struct InvalidWheelFilename {
    /// The name as given.
    pub name: String,
    /// The rule it breaks.
    pub rule: FilenameRule,
    /// The part that breaks the rule; empty if it is missing, or if the whole name is wrong.
    pub part: String,
}

impl InvalidWheelFilename {
    pub(crate) fn new(name: impl Into<String>, rule: FilenameRule, part: impl Into<String>) -> Self {
        Self { name: name.into(), rule, part: part.into() }
    }

    /// The corrected name, if it is clear what was meant.
    #[must_use]
    pub fn corrected_name(&self) -> Option<String> {
        let right = corrected_name(&self.name).filter(|right| *right != self.name)?;
        right.parse::<WheelFilename>().is_ok().then_some(right)
    }

    pub(crate) fn hint(&self) -> String {
        match self.corrected_name() {
            Some(right) => format!("`{}` would be a valid name", Escaped(&right)),
            None => {
                "was the file renamed? the name must have the form `name-version-python-abi-platform.whl`"
                    .to_owned()
            }
        }
    }
}

impl WheelFilename {
    /// The distribution as spelt: `Demo_pkg`. The directory of grafted libraries starts with it.
    #[must_use]
    pub fn distribution(&self) -> &str {
        &self.distribution
    }

    /// The version as spelt: `1.0+cpu`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The build tag, which breaks ties between wheels of one version: `2`, `1_local`.
    #[must_use]
    pub fn build(&self) -> Option<&str> {
        self.build.as_deref()
    }

    /// The Python tags: `cp312`, or `py2` and `py3`.
    #[must_use]
    pub fn python_tags(&self) -> &[String] {
        &self.python
    }

    /// The ABI tags: `cp312`, `abi3`, `none`.
    #[must_use]
    pub fn abi_tags(&self) -> &[String] {
        &self.abi
    }

    /// The platform tags: `linux_x86_64`.
    #[must_use]
    pub fn platforms(&self) -> &[PlatformTag] {
        &self.platforms
    }

    /// The variant label (PEP 817, PEP 825): `x86_64_v3`.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// The same name with other platform tags, sorted and without duplicates, as PEP 425 requires of a
    /// compressed set.
    ///
    /// # Errors
    ///
    /// If `platforms` is empty or contains a tag with characters that are not allowed in a tag.
    pub fn with_platforms(&self, platforms: &[PlatformTag]) -> Result<Self, InvalidWheelFilename> {
        let mut tags: Vec<String> = platforms.iter().map(PlatformTag::to_string).collect();
        tags.sort_unstable();
        tags.dedup();
        let tags = tags.join(".");
        let name = self.spelt(self.build(), &tags);
        let changed: Self = name.parse()?;
        if joined(&changed.platforms) == tags {
            Ok(changed)
        } else {
            Err(InvalidWheelFilename::new(name, FilenameRule::Platform, tags))
        }
    }

    /// The same name with another build tag, or without one.
    ///
    /// # Errors
    ///
    /// If the tag does not start with a digit or has characters that are not allowed in a build tag.
    pub fn with_build(&self, build: Option<&str>) -> Result<Self, InvalidWheelFilename> {
        let name = self.spelt(build, &joined(&self.platforms));
        let changed: Self = name.parse()?;
        if changed.build.as_deref() == build {
            Ok(changed)
        } else {
            Err(InvalidWheelFilename::new(name, FilenameRule::Build, build.unwrap_or_default()))
        }
    }

    /// All tags that the name stands for: the product of its three sets in the order of PEP 425. The `Tag`
    /// lines of the `WHEEL` file must list the same tags.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in &self.python {
            for abi in &self.abi {
                for platform in &self.platforms {
                    tags.push(format!("{python}-{abi}-{platform}"));
                }
            }
        }
        tags
    }

    /// The pairs of Python and ABI tags in the name, such as `cp312-cp312`, without duplicates and in lower
    /// case, because installers ignore case.
    #[must_use]
    pub fn python_abi_pairs(&self) -> BTreeSet<String> {
        let pairs = self.python.iter().flat_map(|python| self.abi.iter().map(move |abi| (python, abi)));
        pairs.map(|(python, abi)| format!("{python}-{abi}").to_lowercase()).collect()
    }

    /// The same name with these Python and ABI tags; `None` if they are not the product of two sets, so that
    /// no name can express them.
    pub(crate) fn with_pairs(&self, pairs: &BTreeSet<String>) -> Option<Self> {
        let (mut python, mut abi) = (BTreeSet::new(), BTreeSet::new());
        for (first, second) in pairs.iter().filter_map(|pair| pair.split_once('-')) {
            python.insert(first.to_owned());
            abi.insert(second.to_owned());
        }
        if python.len().checked_mul(abi.len())? != pairs.len() {
            return None;
        }
        let changed =
            Self { python: python.into_iter().collect(), abi: abi.into_iter().collect(), ..self.clone() };
        changed.to_string().parse().ok()
    }

    /// The CPython version of the wheel if there is only one: `(3, 12)` for `cp312-cp312` and `cp312-cp312t`.
    /// `None` if the tags disagree, if the ABI is the stable one (`abi3`, `abi3t`), and for other tags such
    /// as `py3`.
    #[must_use]
    pub fn python_version(&self) -> Option<(u8, u16)> {
        if self.abi.iter().any(|abi| abi.starts_with("abi3")) {
            return None;
        }
        let mut versions = self.python.iter().map(|tag| cpython_version(tag));
        let first = versions.next()??;
        versions.all(|version| version == Some(first)).then_some(first)
    }

    fn spelt(&self, build: Option<&str>, platforms: &str) -> String {
        let mut name = format!("{}-{}-", self.distribution, self.version);
        if let Some(build) = build {
            name.push_str(build);
            name.push('-');
        }
        name.push_str(&format!("{}-{}-{platforms}", self.python.join("."), self.abi.join(".")));
        if let Some(variant) = &self.variant {
            name.push('-');
            name.push_str(variant);
        }
        name.push_str(".whl");
        name
    }
}

/// `cp312` as (3, 12): one digit for the major version, the rest for the minor.
fn cpython_version(tag: &str) -> Option<(u8, u16)> {
    let digits = tag.strip_prefix("cp")?;
    let (major, minor) = digits.split_at_checked(1)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn joined(platforms: &[PlatformTag]) -> String {
    platforms.iter().map(PlatformTag::to_string).collect::<Vec<_>>().join(".")
}

fn is_word(text: &str, also: &[char]) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || also.contains(&c))
}

/// A [`FilenameRule`] and the part that breaks it.
type Broken = (FilenameRule, String);

fn tag_set(text: &str, rule: FilenameRule, is_right: fn(&str) -> bool) -> Result<Vec<String>, Broken> {
    let valid = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let tags: Vec<String> = text.split('.').map(str::to_owned).collect();
    match tags.iter().all(|tag| valid(tag)) {
        true if is_right(text) => Ok(tags),
        true => Err((rule, text.to_owned())),
        false => Err((FilenameRule::Tag, text.to_owned())),
    }
}

fn parse(name: &str) -> Result<WheelFilename, Broken> {
    let stem = name.strip_suffix(".whl").ok_or((FilenameRule::Extension, String::new()))?;
    let parts = Parts::of(stem);
    let [distribution, version, ref rest @ ..] = parts.all[..] else {
        return Err((FilenameRule::Components, String::new()));
    };
    let starts_with_digit = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    // If no three parts look like tags, a build tag is recognised by its digit: a Python tag never starts
    // with one.
    let builds = parts.python.map_or_else(
        || usize::from(rest.len() == 5 || rest.first().is_some_and(|third| starts_with_digit(third))),
        |python| python - 2,
    );
    let (build, tags) = rest.split_at_checked(builds).unwrap_or((&[], rest));
    let (python, abi, platform, variant) = match *tags {
        [python, abi, platform] => (python, abi, platform, None),
        [python, abi, platform, variant] => (python, abi, platform, Some(variant)),
        _ => return Err((FilenameRule::Components, String::new())),
    };
    if !is_word(distribution, &['_', '.']) {
        return Err((FilenameRule::Distribution, distribution.to_owned()));
    }
    if !is_word(version, &['_', '.', '+', '!']) {
        return Err((FilenameRule::Version, version.to_owned()));
    }
    // `my-package-1.0`: a version in place of the build tag, and a word in place of the version.
    let number = build.iter().position(|part| starts_with_digit(part));
    if let (Some(number), true) = (number, version.starts_with(char::is_alphabetic)) {
        let spelt = parts.all.get(..number + 2).unwrap_or_default().join("-");
        return Err((FilenameRule::Distribution, spelt));
    }
    let build = (!build.is_empty()).then(|| build.join("-"));
    if let Some(build) = build.as_deref().filter(|tag| !is_word(tag, &['_', '.']) || !starts_with_digit(tag))
    {
        return Err((FilenameRule::Build, build.to_owned()));
    }
    if let Some(label) = variant.filter(|label| !is_word(label, &['_', '.'])) {
        return Err((FilenameRule::Variant, label.to_owned()));
    }
    if let Some(label) = variant.filter(|label| is_split_platform(platform, label)) {
        return Err((FilenameRule::Platform, format!("{platform}-{label}")));
    }
    let python = tag_set(python, FilenameRule::Python, is_python)?;
    let abi = tag_set(abi, FilenameRule::Abi, is_abi)?;
    let no_platform = || (FilenameRule::Platform, platform.to_owned());
    let platforms: Result<Vec<PlatformTag>, _> = platform.split('.').map(str::parse).collect();
    let platforms = platforms.ok().filter(|_| is_platform(platform)).ok_or_else(no_platform)?;
    Ok(WheelFilename {
        distribution: distribution.to_owned(),
        version: version.to_owned(),
        build,
        python,
        abi,
        platforms,
        variant: variant.map(str::to_owned),
    })
}

impl FromStr for WheelFilename {
    type Err = InvalidWheelFilename;

    fn from_str(name: &str) -> Result<Self, InvalidWheelFilename> {
        parse(name).map_err(|(rule, part)| InvalidWheelFilename::new(name, rule, part))
    }
}

impl TryFrom<String> for WheelFilename {
    type Error = InvalidWheelFilename;

    fn try_from(name: String) -> Result<Self, InvalidWheelFilename> {
        name.parse()
    }
}

impl From<WheelFilename> for String {
    fn from(name: WheelFilename) -> Self {
        name.to_string()
    }
}

impl fmt::Display for WheelFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.spelt(self.build(), &joined(&self.platforms)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(text: &str) -> WheelFilename {
        text.parse().unwrap()
    }

    #[test]
    fn pep427_names_round_trip() {
        for text in [
            "demo-1.0-py3-none-any.whl",
            "Demo.Pkg_x-1.0.post1+cpu.3-1_2-cp39.cp310-cp39.abi3-linux_x86_64.manylinux2014_x86_64.whl",
            "demo-1!2.0-cp312-cp312t-linux_armv8l.whl",
            "d\u{e9}mo-1.0-py3-none-any.whl",
        ] {
            assert_eq!(name(text).to_string(), text);
        }
    }

    #[test]
    fn pep825_variant_labels_are_kept() {
        let plain = name("demo-1.0-cp312-cp312-musllinux_1_2_x86_64-x86_64_v3.whl");
        assert_eq!((plain.build(), plain.variant()), (None, Some("x86_64_v3")));
        let both = name("demo-1.0-3-cp312-cp312-linux_x86_64-cuda12.whl");
        assert_eq!((both.build(), both.variant()), (Some("3"), Some("cuda12")));
        let changed = both.with_platforms(&["musllinux_1_2_x86_64".parse().unwrap()]).unwrap();
        assert_eq!(changed.to_string(), "demo-1.0-3-cp312-cp312-musllinux_1_2_x86_64-cuda12.whl");
    }

    #[test]
    fn every_rule_is_named() {
        for (text, rule) in [
            ("demo-1.0-py3-none-any.zip", FilenameRule::Extension),
            ("demo-1.0-py3-none.whl", FilenameRule::Components),
            ("demo-1.0-1-py3-none-any-v-w.whl", FilenameRule::Components),
            ("-1.0-py3-none-any.whl", FilenameRule::Distribution),
            ("a/b-1.0-py3-none-any.whl", FilenameRule::Distribution),
            ("demo--py3-none-any.whl", FilenameRule::Version),
            ("demo-1 0-py3-none-any.whl", FilenameRule::Version),
            ("demo-1.0-x-py3-none-any-v.whl", FilenameRule::Build),
            ("demo-1.0-py3..py2-none-any.whl", FilenameRule::Tag),
            ("demo-1.0-py3--any.whl", FilenameRule::Tag),
            ("demo-1.0-py3-none-.whl", FilenameRule::Platform),
            ("demo-1.0-py3-none-any-.whl", FilenameRule::Variant),
            ("demo-1.0-none-py3-any.whl", FilenameRule::Python),
            ("demo-1.0-py3-any-none.whl", FilenameRule::Abi),
            ("demo-1.0-py3-none-cp312.whl", FilenameRule::Platform),
        ] {
            assert_eq!(text.parse::<WheelFilename>().unwrap_err().rule, rule, "{text}");
        }
    }

    #[test]
    fn platforms_are_replaced_sorted_and_without_duplicates() {
        let wheel = name("demo-1.0-cp312-cp312-linux_x86_64.whl");
        let tags: Vec<PlatformTag> = ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "musllinux_1_2_x86_64"]
            .map(|tag| tag.parse().unwrap())
            .to_vec();
        assert_eq!(
            wheel.with_platforms(&tags).unwrap().to_string(),
            "demo-1.0-cp312-cp312-musllinux_1_1_x86_64.musllinux_1_2_x86_64.whl"
        );
        assert_eq!(wheel.with_platforms(&[]).unwrap_err().rule, FilenameRule::Platform);
        let smuggled = [PlatformTag::Linux("x-1".to_owned())];
        assert!(wheel.with_platforms(&smuggled).is_err());
    }

    #[test]
    fn the_build_tag_is_replaced() {
        let wheel = name("demo-1.0-cp312-cp312-linux_x86_64.whl");
        let built = wheel.with_build(Some("1musl")).unwrap();
        assert_eq!(built.to_string(), "demo-1.0-1musl-cp312-cp312-linux_x86_64.whl");
        assert_eq!(built.with_build(None).unwrap(), wheel);
        for bad in ["", "musl", "1-2"] {
            assert!(wheel.with_build(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_are_the_product_of_pep425() {
        assert_eq!(
            name("d-1-py2.py3-none-linux_a.linux_b.whl").tags(),
            ["py2-none-linux_a", "py2-none-linux_b", "py3-none-linux_a", "py3-none-linux_b"]
        );
    }

    #[test]
    fn the_python_version_is_known_only_when_all_tags_agree() {
        for (tags, version) in [
            ("cp312-cp312", Some((3, 12))),
            ("cp39-cp39", Some((3, 9))),
            ("cp314-cp314t", Some((3, 14))),
            ("cp312-none", Some((3, 12))),
            ("cp312.cp312-cp312", Some((3, 12))),
            ("cp311.cp312-none", None),
            ("cp37-abi3", None),
            ("cp315-abi3.abi3t", None),
            ("py3-none", None),
            ("cp3-none", None),
            ("pp310-pypy310_pp73", None),
        ] {
            assert_eq!(name(&format!("d-1-{tags}-linux_x86_64.whl")).python_version(), version, "{tags}");
        }
    }
}
