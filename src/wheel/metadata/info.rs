//! The `WHEEL` file: the kind of wheel and its tags.

use std::collections::BTreeSet;

use super::headers::{Broken, HeaderRule, Headers};
use crate::escaped::Excerpt;

/// The `WHEEL` file (PEP 427), line for line. Editing changes only the necessary lines and keeps order,
/// spelling, unknown keys and line endings of the others.
///
/// ```
/// use muslrepair::wheel::WheelInfo;
/// let mut info = WheelInfo::parse(b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")?;
/// info.set_root_is_purelib(false);
/// info.set_tags(&["py3-none-musllinux_1_2_x86_64".to_owned()]);
/// assert_eq!(
///     info.to_string(),
///     "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-musllinux_1_2_x86_64\n"
/// );
/// # Ok::<(), muslrepair::wheel::InvalidWheelInfo>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WheelInfo {
    headers: Headers,
    version: (u32, u32),
}

/// Why a `WHEEL` file is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WheelInfoRule {
    /// A line is invalid, missing or repeated.
    #[error(transparent)]
    Header(#[from] HeaderRule),
    /// `Wheel-Version` is not two numbers.
    #[error("`{}` is not a wheel version", Excerpt(.0))]
    Version(String),
    /// A major version that tools must refuse (PEP 427).
    #[error("wheel version `{}` is not supported: only 1.x is", Excerpt(.0))]
    Unsupported(String),
    /// `Root-Is-Purelib` is neither `true` nor `false`.
    #[error("`Root-Is-Purelib` must be `true` or `false`, not `{}`", Excerpt(.0))]
    Purelib(String),
}

/// The `WHEEL` file breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct InvalidWheelInfo {
    /// The line, counted from 1.
    pub line: usize,
    /// The rule it breaks.
    pub rule: WheelInfoRule,
}

const VERSION: &str = "Wheel-Version";
const PURELIB: &str = "Root-Is-Purelib";
const BUILD: &str = "Build";
const TAG: &str = "Tag";

impl From<Broken> for InvalidWheelInfo {
    fn from((line, rule): Broken) -> Self {
        Self { line, rule: rule.into() }
    }
}

impl WheelInfo {
    /// Reads a `WHEEL` file.
    ///
    /// # Errors
    ///
    /// If a line breaks a [`WheelInfoRule`]; the error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidWheelInfo> {
        let headers = Headers::parse(bytes)?;
        let (line, version) = headers.required(VERSION)?;
        let version = wheel_version(version).map_err(|rule| InvalidWheelInfo { line, rule })?;
        headers.only(BUILD)?;
        headers.check_unfolded(TAG)?;
        if let Some((line, value)) = headers.only(PURELIB)?
            && purelib(value).is_none()
        {
            return Err(InvalidWheelInfo { line, rule: WheelInfoRule::Purelib(value.to_owned()) });
        }
        Ok(Self { headers, version })
    }

    /// The first value of a key, ignoring case: `Generator`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.headers.get(key)
    }

    /// `Wheel-Version`: `(1, 0)`.
    #[must_use]
    pub fn wheel_version(&self) -> (u32, u32) {
        self.version
    }

    /// `Root-Is-Purelib`; false if the line is missing, as installers read it.
    #[must_use]
    pub fn root_is_purelib(&self) -> bool {
        self.get(PURELIB).and_then(purelib).unwrap_or(false)
    }

    /// `Build`, which repeats the build tag of the file name.
    #[must_use]
    pub fn build(&self) -> Option<&str> {
        self.get(BUILD)
    }

    /// The `Tag` lines in order.
    #[must_use]
    pub fn tags(&self) -> Vec<&str> {
        self.headers.all(TAG).collect()
    }

    /// All tags in the `Tag` lines, without duplicates. Compressed lines (`py2.py3-none-any`), which PEP 427
    /// does not allow and some tools write, are expanded. A line that is not a tag, or stands for too many,
    /// is kept as it is.
    #[must_use]
    pub fn tag_set(&self) -> BTreeSet<String> {
        /// The most tags that compressed lines may expand to: more than any file name does.
        const MOST: usize = 10_000;
        let mut set = BTreeSet::new();
        let mut left = MOST;
        for line in self.headers.all(TAG) {
            let parts: Vec<Vec<&str>> = line.split('-').map(|part| part.split('.').collect()).collect();
            let count = parts.iter().fold(1, |count: usize, part| count.saturating_mul(part.len()));
            match parts.as_slice() {
                [python, abi, platform] if count > 1 && count <= left => {
                    left -= count;
                    for (python, abi) in
                        python.iter().flat_map(|python| abi.iter().map(move |abi| (python, abi)))
                    {
                        set.extend(platform.iter().map(|platform| format!("{python}-{abi}-{platform}")));
                    }
                }
                _ => {
                    set.insert(line.to_owned());
                }
            }
        }
        set
    }

    /// Sets the `Tag` lines to `tags`. Nothing changes if they already list the same set without duplicates.
    /// Old `Tag` lines after a blank line are removed as well: some tools left blank lines in the middle of
    /// the file, and readers stop there. PEP 427 requires one line for each tag in the file name:
    /// [`crate::wheel::WheelFilename::tags`].
    pub fn set_tags(&mut self, tags: &[String]) {
        let mut old = self.tags();
        let mut new: Vec<&str> = tags.iter().map(String::as_str).collect();
        old.sort_unstable();
        new.sort_unstable();
        if old != new {
            self.headers.drop_from_body(TAG);
            self.headers.replace(TAG, tags);
        }
    }

    /// Sets `Root-Is-Purelib`, and adds the line if it is missing.
    pub fn set_root_is_purelib(&mut self, purelib: bool) {
        if self.get(PURELIB).is_none() || self.root_is_purelib() != purelib {
            self.headers.replace(PURELIB, &[purelib.to_string()]);
        }
    }

    /// Sets `Build`, or removes it.
    pub fn set_build(&mut self, build: Option<&str>) {
        if self.build() != build {
            let values: Vec<String> = build.map(str::to_owned).into_iter().collect();
            self.headers.replace(BUILD, &values);
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.headers.to_bytes()
    }
}

fn purelib(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Major and minor version. uv compares the major one as it is spelt, Python as a number, so it is spelt in one way.
fn wheel_version(text: &str) -> Result<(u32, u32), WheelInfoRule> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    match text.split_once('.').and_then(|(major, minor)| Some((major, number(major)?, number(minor)?))) {
        Some(("1", _, minor)) => Ok((1, minor)),
        Some((_, 1, _)) | None => Err(WheelInfoRule::Version(text.to_owned())),
        Some(_) => Err(WheelInfoRule::Unsupported(text.to_owned())),
    }
}

impl std::fmt::Display for WheelInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.headers.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CRLF: &str = "Wheel-Version: 1.0\r\nGenerator: odd (1)\r\n and more\r\nROOT-is-purelib: True\r\n\
                        X-Unknown:kept\r\ntag: cp312-cp312-linux_x86_64\r\ntag: cp312-abi3-linux_x86_64\r\n\
                        Build: 1\r\n\r\n";

    fn tags(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn everything_is_kept_until_it_is_changed() {
        for text in [CRLF, "Wheel-Version: 1.9", "Wheel-Version: 1.0\nTag: a-b-c\n\nbody without colon\n"] {
            let mut info = WheelInfo::parse(text.as_bytes()).unwrap();
            assert_eq!(info.to_string(), text);
            info.set_tags(&tags(&info.tags()));
            info.set_build(info.build().map(str::to_owned).as_deref());
            assert_eq!(info.to_string(), text);
        }
    }

    #[test]
    fn values_are_read_ignoring_case() {
        let info = WheelInfo::parse(CRLF.as_bytes()).unwrap();
        assert_eq!(info.wheel_version(), (1, 0));
        assert!(info.root_is_purelib());
        assert_eq!(info.build(), Some("1"));
        assert_eq!(info.tags(), ["cp312-cp312-linux_x86_64", "cp312-abi3-linux_x86_64"]);
        assert_eq!(info.get("generator"), Some("odd (1)"));
    }

    #[test]
    fn edits_keep_order_spelling_and_line_endings() {
        let mut info = WheelInfo::parse(CRLF.as_bytes()).unwrap();
        info.set_tags(&tags(&["cp312-cp312-musllinux_1_2_x86_64"]));
        info.set_root_is_purelib(false);
        info.set_build(None);
        assert_eq!(
            info.to_string(),
            "Wheel-Version: 1.0\r\nGenerator: odd (1)\r\n and more\r\nROOT-is-purelib: false\r\n\
             X-Unknown:kept\r\ntag: cp312-cp312-musllinux_1_2_x86_64\r\n\r\n"
        );
    }

    /// As in published wheels; readers stop at the blank line.
    #[test]
    fn tags_after_a_blank_line_are_removed() {
        let text = "Wheel-Version: 1.0\r\nRoot-Is-Purelib: false\r\n\r\nTag: py3-none-linux_x86_64\r\n\r\n";
        let mut info = WheelInfo::parse(text.as_bytes()).unwrap();
        assert_eq!(info.tags(), [""; 0]);
        info.set_tags(&tags(&["py3-none-musllinux_1_2_x86_64"]));
        assert_eq!(
            info.to_string(),
            "Wheel-Version: 1.0\r\nRoot-Is-Purelib: false\r\nTag: py3-none-musllinux_1_2_x86_64\r\n\r\n\r\n"
        );
    }

    #[test]
    fn missing_lines_are_added_after_the_last_header() {
        let mut info = WheelInfo::parse(b"Wheel-Version: 1.0").unwrap();
        assert!(!info.root_is_purelib());
        info.set_root_is_purelib(false);
        info.set_tags(&tags(&["py3-none-linux_a", "py3-none-linux_b"]));
        info.set_build(Some("7"));
        assert_eq!(
            info.to_string(),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-linux_a\nTag: py3-none-linux_b\nBuild: 7\n"
        );
    }

    #[test]
    fn compressed_tag_lines_are_expanded_and_repeated_ones_merged() {
        for lines in ["Tag: py2.py3-none-any\n", "Tag: py2-none-any\nTag: py3-none-any\nTag: py2-none-any\n"]
        {
            let text = format!("Wheel-Version: 1.0\n{lines}");
            let mut info = WheelInfo::parse(text.as_bytes()).unwrap();
            info.set_tags(&tags(&["py2-none-any", "py3-none-any"]));
            assert_eq!(info.to_string(), "Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n");
        }
    }

    #[test]
    fn pep425_compressed_tags_are_the_same_set_as_their_product() {
        let set = |lines: &str| {
            WheelInfo::parse(format!("Wheel-Version: 1.0\n{lines}").as_bytes()).unwrap().tag_set()
        };
        let spelt = set("Tag: py2-none-any\nTag: py3-none-any\n");
        assert_eq!(set("Tag: py2.py3-none-any\n"), spelt);
        assert_eq!(set("Tag: py3.py2-none-any\nTag: py2-none-any\n"), spelt);
        assert_ne!(set("Tag: py3-none-any\n"), spelt);
        assert_eq!(set("Tag: cp312\nTag: a-b-c-d\n").len(), 2);
        let many = vec!["a"; 1000].join(".");
        assert_eq!(set(&format!("Tag: {many}-{many}-{many}\n")).len(), 1);
    }

    #[test]
    fn every_rule_names_its_line() {
        for (text, line, rule) in [
            ("", 1, HeaderRule::Missing("Wheel-Version").into()),
            (
                "Tag: a-b-c

Wheel-Version: 1.0
",
                1,
                HeaderRule::Missing("Wheel-Version").into(),
            ),
            (
                "Wheel-Version: 1.0
nonsense
",
                2,
                HeaderRule::NotAHeader("nonsense".to_owned()).into(),
            ),
            (
                "Wheel-Version: 1.0
wheel-version: 1.0
",
                2,
                HeaderRule::Repeated("Wheel-Version").into(),
            ),
            (
                "Wheel-Version: 1.0
Build: 1
Build: 1
",
                3,
                HeaderRule::Repeated("Build").into(),
            ),
            (
                "Wheel-Version: 1.0
Root-Is-Purelib: true
Root-Is-Purelib: true
",
                3,
                HeaderRule::Repeated("Root-Is-Purelib").into(),
            ),
            (
                "Wheel-Version: one
",
                1,
                WheelInfoRule::Version("one".to_owned()),
            ),
            (
                "Wheel-Version: 2.0
",
                1,
                WheelInfoRule::Unsupported("2.0".to_owned()),
            ),
            (
                "Wheel-Version: 1.0
Root-Is-Purelib: yes
",
                2,
                WheelInfoRule::Purelib("yes".to_owned()),
            ),
        ] {
            let error = WheelInfo::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error, InvalidWheelInfo { line, rule }, "{text:?}");
        }
        let error = WheelInfo::parse(b"Wheel-Version: 1.0\n\xff").unwrap_err();
        assert_eq!(error, InvalidWheelInfo { line: 2, rule: HeaderRule::NotUtf8.into() });
    }
}
