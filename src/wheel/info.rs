//! The `WHEEL` file: what kind of wheel this is.

use super::escaped::Escaped;

/// The `WHEEL` file (PEP 427), line for line. Editing changes the lines it must and leaves order,
/// spelling, unknown keys and line endings of the others alone.
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
    lines: Vec<Line>,
    /// How many of the lines are headers; a blank line ends them, as in a mail message.
    headers: usize,
    version: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    ending: &'static str,
}

/// What is wrong with a `WHEEL` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WheelInfoRule {
    /// The file is not UTF-8.
    #[error("the file must be UTF-8")]
    NotUtf8,
    /// A line is not `Key: value`.
    #[error("`{}` must have the form `Key: value`", Escaped(.0))]
    NotAHeader(String),
    /// A key that may appear once appears again.
    #[error("`{0}` must not appear twice")]
    Repeated(&'static str),
    /// There is no `Wheel-Version`.
    #[error("`Wheel-Version` is missing")]
    NoVersion,
    /// `Wheel-Version` is not two numbers.
    #[error("`{}` is not a wheel version", Escaped(.0))]
    Version(String),
    /// A major version that PEP 427 tells us not to touch.
    #[error("wheel version `{}` is not supported: only 1.x is", Escaped(.0))]
    Unsupported(String),
    /// `Root-Is-Purelib` is neither `true` nor `false`.
    #[error("`Root-Is-Purelib` must be `true` or `false`, not `{}`", Escaped(.0))]
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

impl Line {
    /// Key and value; keys are compared without case, as in mail headers. `None` for blank lines and
    /// for lines that continue the one before.
    fn header(&self) -> Option<(&str, &str)> {
        if self.text.starts_with([' ', '\t']) {
            return None;
        }
        self.text.split_once(':').map(|(key, value)| (key, value.trim()))
    }

    fn has_key(&self, key: &str) -> bool {
        self.header().is_some_and(|(found, _)| found.eq_ignore_ascii_case(key))
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl WheelInfo {
    /// Reads a `WHEEL` file.
    ///
    /// # Errors
    ///
    /// When a line breaks a [`WheelInfoRule`]; the error names the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidWheelInfo> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|&&b| b == b'\n').count();
            InvalidWheelInfo { line, rule: WheelInfoRule::NotUtf8 }
        })?;
        let lines: Vec<Line> = text.split_inclusive('\n').map(split_ending).collect();
        let headers = lines.iter().position(Line::is_blank).unwrap_or(lines.len());
        let mut info = Self { lines, headers, version: (0, 0) };
        info.check_headers()?;
        let Some((line, version)) = info.only(VERSION)? else {
            return Err(InvalidWheelInfo { line: 1, rule: WheelInfoRule::NoVersion });
        };
        info.version = wheel_version(version).map_err(|rule| InvalidWheelInfo { line, rule })?;
        info.only(BUILD)?;
        match info.only(PURELIB)? {
            Some((line, value)) if purelib(value).is_none() => {
                Err(InvalidWheelInfo { line, rule: WheelInfoRule::Purelib(value.to_owned()) })
            }
            _ => Ok(info),
        }
    }

    fn check_headers(&self) -> Result<(), InvalidWheelInfo> {
        for (index, line) in self.headers().iter().enumerate() {
            let continues = index > 0 && line.text.starts_with([' ', '\t']);
            let has_key = line.header().is_some_and(|(key, _)| is_key(key));
            if !continues && !has_key {
                let rule = WheelInfoRule::NotAHeader(line.text.clone());
                return Err(InvalidWheelInfo { line: index + 1, rule });
            }
        }
        Ok(())
    }

    fn headers(&self) -> &[Line] {
        self.lines.get(..self.headers).unwrap_or_default()
    }

    /// Line number and value of a key that may appear once.
    fn only(&self, key: &'static str) -> Result<Option<(usize, &str)>, InvalidWheelInfo> {
        let mut found = self.headers().iter().enumerate().filter(|(_, line)| line.has_key(key));
        let first = found.next().and_then(|(index, line)| Some((index + 1, line.header()?.1)));
        match found.next() {
            Some((index, _)) => Err(InvalidWheelInfo { line: index + 1, rule: WheelInfoRule::Repeated(key) }),
            None => Ok(first),
        }
    }

    /// The first value of a key, whose case does not matter: `Generator`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.headers().iter().find(|line| line.has_key(key))?.header().map(|(_, value)| value)
    }

    /// `Wheel-Version`: `(1, 0)`.
    #[must_use]
    pub fn wheel_version(&self) -> (u32, u32) {
        self.version
    }

    /// `Root-Is-Purelib`; false where the line is missing, as installers take it.
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
        let lines = self.headers().iter().filter(|line| line.has_key(TAG));
        lines.filter_map(Line::header).map(|(_, value)| value).collect()
    }

    /// Makes the `Tag` lines say `tags`. Nothing changes where they name the same set, each once.
    /// PEP 427 wants one line for each tag the file name stands for: [`super::WheelFilename::tags`].
    pub fn set_tags(&mut self, tags: &[String]) {
        let mut old = self.tags();
        let mut new: Vec<&str> = tags.iter().map(String::as_str).collect();
        old.sort_unstable();
        new.sort_unstable();
        if old != new {
            self.replace(TAG, tags);
        }
    }

    /// Makes `Root-Is-Purelib` say `purelib`, adding the line where it is missing.
    pub fn set_root_is_purelib(&mut self, purelib: bool) {
        if self.get(PURELIB).is_none() || self.root_is_purelib() != purelib {
            self.replace(PURELIB, &[purelib.to_string()]);
        }
    }

    /// Makes `Build` say `build`, or removes it.
    pub fn set_build(&mut self, build: Option<&str>) {
        if self.build() != build {
            let values: Vec<String> = build.map(str::to_owned).into_iter().collect();
            self.replace(BUILD, &values);
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Puts `values` where the first line of `key` is, or after the last header, and drops its other lines
    /// with those that continue them.
    fn replace(&mut self, key: &str, values: &[String]) {
        let ending = self.lines.first().map(|line| line.ending).filter(|ending| !ending.is_empty());
        let ending = ending.unwrap_or("\n");
        let mut lines: Vec<Line> = Vec::with_capacity(self.lines.len() + values.len());
        let mut at = None;
        let mut spelling = key.to_owned();
        let mut dropping = false;
        let body = self.lines.split_off(self.headers);
        for line in self.lines.drain(..) {
            if line.has_key(key) {
                if at.is_none() {
                    at = Some(lines.len());
                    spelling = line.header().map_or(spelling, |(key, _)| key.to_owned());
                }
                dropping = true;
            } else if !(dropping && line.text.starts_with([' ', '\t'])) {
                dropping = false;
                lines.push(line);
            }
        }
        let at = at.unwrap_or(lines.len());
        let new = values.iter().map(|value| Line { text: format!("{spelling}: {value}"), ending });
        lines.splice(at..at, new);
        for line in lines.iter_mut().filter(|line| line.ending.is_empty()) {
            line.ending = ending;
        }
        self.headers = lines.len();
        self.lines = lines;
        self.lines.extend(body);
    }
}

fn split_ending(line: &str) -> Line {
    let (text, ending) = match line.strip_suffix('\n') {
        None => (line, ""),
        Some(text) => match text.strip_suffix('\r') {
            None => (text, "\n"),
            Some(text) => (text, "\r\n"),
        },
    };
    Line { text: text.to_owned(), ending }
}

/// RFC 5322: a field name is printable ASCII without space and colon.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic())
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

fn wheel_version(text: &str) -> Result<(u32, u32), WheelInfoRule> {
    let numbers =
        text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match numbers {
        Some((1, minor)) => Ok((1, minor)),
        Some(_) => Err(WheelInfoRule::Unsupported(text.to_owned())),
        None => Err(WheelInfoRule::Version(text.to_owned())),
    }
}

impl std::fmt::Display for WheelInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.lines.iter().try_for_each(|line| write!(f, "{}{}", line.text, line.ending))
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
    fn values_are_read_without_regard_to_case() {
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
    fn compressed_and_repeated_tag_lines_are_spelt_out() {
        for lines in ["Tag: py2.py3-none-any\n", "Tag: py2-none-any\nTag: py3-none-any\nTag: py2-none-any\n"]
        {
            let text = format!("Wheel-Version: 1.0\n{lines}");
            let mut info = WheelInfo::parse(text.as_bytes()).unwrap();
            info.set_tags(&tags(&["py2-none-any", "py3-none-any"]));
            assert_eq!(info.to_string(), "Wheel-Version: 1.0\nTag: py2-none-any\nTag: py3-none-any\n");
        }
    }

    #[test]
    fn every_rule_names_its_line() {
        for (text, line, rule) in [
            ("", 1, WheelInfoRule::NoVersion),
            ("Tag: a-b-c\n\nWheel-Version: 1.0\n", 1, WheelInfoRule::NoVersion),
            ("Wheel-Version: 1.0\nnonsense\n", 2, WheelInfoRule::NotAHeader("nonsense".to_owned())),
            (" continued\nWheel-Version: 1.0\n", 1, WheelInfoRule::NotAHeader(" continued".to_owned())),
            ("Wheel-Version: 1.0\nwheel-version: 1.0\n", 2, WheelInfoRule::Repeated("Wheel-Version")),
            ("Wheel-Version: 1.0\nBuild: 1\nBuild: 1\n", 3, WheelInfoRule::Repeated("Build")),
            (
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nRoot-Is-Purelib: true\n",
                3,
                WheelInfoRule::Repeated("Root-Is-Purelib"),
            ),
            ("Wheel-Version: one\n", 1, WheelInfoRule::Version("one".to_owned())),
            ("Wheel-Version: 2.0\n", 1, WheelInfoRule::Unsupported("2.0".to_owned())),
            ("Wheel-Version: 1.0\nRoot-Is-Purelib: yes\n", 2, WheelInfoRule::Purelib("yes".to_owned())),
        ] {
            let error = WheelInfo::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error, InvalidWheelInfo { line, rule }, "{text:?}");
        }
        let error = WheelInfo::parse(b"Wheel-Version: 1.0\n\xff").unwrap_err();
        assert_eq!(error, InvalidWheelInfo { line: 2, rule: WheelInfoRule::NotUtf8 });
    }
}
