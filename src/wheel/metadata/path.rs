//! Names of archive members.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::escaped::{Escaped, Excerpt};

/// The name of a file or directory in a wheel: relative, separated by `/`, and safe to append to a directory
/// on any system.
///
/// PEP 427 leaves names to the zip format. These rules accept the names on which all installers agree.
/// A directory is named without the trailing slash it has in the archive.
///
/// ```
/// use muslrepair::wheel::WheelPath;
/// let path: WheelPath = "demo/_core.so".parse()?;
/// assert_eq!(path.file_name(), "_core.so");
/// assert_eq!(path.parent(), Some("demo".parse()?));
/// assert!("../demo.so".parse::<WheelPath>().is_err());
/// # Ok::<(), muslrepair::wheel::InvalidWheelPath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WheelPath(String);

/// Why a member name is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PathRule {
    /// The name is empty.
    #[error("a member name must not be empty")]
    Empty,
    /// The name starts with `/`.
    #[error("a member name must be relative")]
    Absolute,
    /// There are two slashes in a row, or a slash at the end of a file's name.
    #[error("a member name must not have an empty component")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("a member name must not have a `.` or `..` component")]
    DotComponent,
    /// The name contains `\`, a separator on Windows.
    #[error("a member name must not have a backslash")]
    Backslash,
    /// The name contains NUL or another control character.
    #[error("a member name must not have control characters")]
    ControlCharacter,
    /// The name contains U+2028 or U+2029, at which Python ends a line: pip would read a row of `RECORD` as
    /// two.
    #[error("a member name must not have a line separator")]
    LineSeparator,
    /// The name holds a character of Unicode that is not printed: of a format, of private use, or of none. uv refuses it, and two names
    /// that differ in one look the same.
    #[error("a member name must not have characters that are not printed")]
    NotPrinted,
    /// A component has more bytes than a name in a directory may have (`NAME_MAX`), so that nothing can install it.
    #[error("a component of a member name must not have more than 255 bytes")]
    LongComponent,
    /// The name starts as a Windows drive does: `C:`.
    #[error("a member name must not start with a drive letter")]
    Drive,
    /// The bytes are not UTF-8.
    #[error("a member name must be UTF-8")]
    NotUtf8,
}

/// The name is not valid for a member of a wheel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid member name `{}`: {rule}", Excerpt(name))]
pub struct InvalidWheelPath {
    /// The name as found in the archive.
    pub name: String,
    /// The rule it breaks.
    pub rule: PathRule,
}

impl WheelPath {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directory of this member; `None` at the top of the wheel.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }

    /// The components in order; at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The first component: the top-level directory, or the whole name of a file at the top.
    #[must_use]
    pub fn top(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(top, _)| top)
    }

    /// This path followed by `name`, which may have several components.
    ///
    /// # Errors
    ///
    /// If `name` breaks a [`PathRule`].
    pub fn join(&self, name: &str) -> Result<Self, InvalidWheelPath> {
        check(name)?;
        Ok(Self(format!("{}/{name}", self.0)))
    }

    /// Reads a name from an archive's bytes.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8 or break a [`PathRule`].
    pub fn from_bytes(name: &[u8]) -> Result<Self, InvalidWheelPath> {
        match std::str::from_utf8(name) {
            Ok(name) => name.parse(),
            Err(_) => Err(InvalidWheelPath {
                name: String::from_utf8_lossy(name).into_owned(),
                rule: PathRule::NotUtf8,
            }),
        }
    }
}

/// `NAME_MAX` of Linux.
const LONGEST_COMPONENT: usize = 255;

fn check(name: &str) -> Result<(), InvalidWheelPath> {
    let rule = if name.is_empty() {
        PathRule::Empty
    } else if name.chars().any(char::is_control) {
        PathRule::ControlCharacter
    } else if name.contains(ends_line) {
        PathRule::LineSeparator
    } else if !name.is_ascii() && name.chars().any(is_not_printed) {
        PathRule::NotPrinted
    } else if name.contains('\\') {
        PathRule::Backslash
    } else if name.starts_with('/') {
        PathRule::Absolute
    } else if names_a_drive(name) {
        PathRule::Drive
    } else if name.split('/').any(str::is_empty) {
        PathRule::EmptyComponent
    } else if name.split('/').any(|component| matches!(component, "." | "..")) {
        PathRule::DotComponent
    } else if name.len() > LONGEST_COMPONENT && name.split('/').any(|part| part.len() > LONGEST_COMPONENT) {
        PathRule::LongComponent
    } else {
        return Ok(());
    };
    Err(InvalidWheelPath { name: name.to_owned(), rule })
}

/// Whether Python's `str.splitlines` ends a line at the character. pip uses it for `RECORD` and
/// `entry_points.txt`.
pub(super) fn ends_line(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character is of the categories Cc, Cf, Cn, Co or Cs of Unicode, as the standard library knows them: it escapes these and
/// blanks other than U+0020.
fn is_not_printed(c: char) -> bool {
    // Marks that join what is before them are escaped at the beginning of a text only.
    let text = ['a', c].iter().collect::<String>();
    !c.is_ascii() && !c.is_whitespace() && text.escape_debug().nth(1) == Some('\\')
}

fn names_a_drive(name: &str) -> bool {
    let first = name.split('/').next().unwrap_or_default();
    let drive_letter = matches!(first.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    drive_letter || first.ends_with(':')
}

impl FromStr for WheelPath {
    type Err = InvalidWheelPath;

    fn from_str(name: &str) -> Result<Self, InvalidWheelPath> {
        check(name)?;
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for WheelPath {
    type Error = InvalidWheelPath;

    fn try_from(name: String) -> Result<Self, InvalidWheelPath> {
        check(&name)?;
        Ok(Self(name))
    }
}

impl TryFrom<&str> for WheelPath {
    type Error = InvalidWheelPath;

    fn try_from(name: &str) -> Result<Self, InvalidWheelPath> {
        name.parse()
    }
}

impl From<WheelPath> for String {
    fn from(path: WheelPath) -> Self {
        path.0
    }
}

impl AsRef<str> for WheelPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for WheelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WheelPath {
    /// The name with bidirectional and zero-width characters escaped; [`WheelPath::as_str`] is exact.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Escaped(&self.0).to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_rule_is_named() {
        for (name, rule) in [
            ("", PathRule::Empty),
            ("/etc/passwd", PathRule::Absolute),
            ("//server/share", PathRule::Absolute),
            ("a//b", PathRule::EmptyComponent),
            ("a/", PathRule::EmptyComponent),
            ("a/../b", PathRule::DotComponent),
            ("..", PathRule::DotComponent),
            ("./a", PathRule::DotComponent),
            ("a\\b", PathRule::Backslash),
            ("a\0b", PathRule::ControlCharacter),
            ("a\nb", PathRule::ControlCharacter),
            ("a\u{9b}b", PathRule::ControlCharacter),
            ("a\u{85}b", PathRule::ControlCharacter),
            ("a\u{1c}b", PathRule::ControlCharacter),
            ("a\u{2028}/etc/victim", PathRule::LineSeparator),
            ("a\u{2029}../b", PathRule::LineSeparator),
            ("C:/a", PathRule::Drive),
            ("c:a", PathRule::Drive),
            ("disk:/a", PathRule::Drive),
        ] {
            assert_eq!(name.parse::<WheelPath>().unwrap_err().rule, rule, "{name:?}");
        }
        assert_eq!(WheelPath::from_bytes(b"caf\xe9.py").unwrap_err().rule, PathRule::NotUtf8);
    }

    #[test]
    fn ordinary_names_are_kept_exactly() {
        for name in
            ["a", "a b/c,d.py", "\u{e9}/\u{2014}.so", "...", "a/.hidden", "x.libs/libz-1234abcd.so.1", "ab:c"]
        {
            assert_eq!(name.parse::<WheelPath>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn parent_file_name_top_and_join() {
        let path: WheelPath = "a/b/c.so".parse().unwrap();
        assert_eq!(path.parent().unwrap().as_str(), "a/b");
        assert_eq!((path.file_name(), path.top()), ("c.so", "a"));
        let top: WheelPath = "c.so".parse().unwrap();
        assert_eq!((top.parent(), top.file_name(), top.top()), (None, "c.so", "c.so"));
        assert_eq!(top.join("d/e").unwrap().as_str(), "c.so/d/e");
        assert_eq!(top.join("/e").unwrap_err().rule, PathRule::Absolute);
        assert_eq!(path.components().collect::<Vec<_>>(), ["a", "b", "c.so"]);
    }

    #[test]
    fn messages_escape_the_name() {
        let error = "a\u{1b}[31m".parse::<WheelPath>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid member name `a\\u{1b}[31m`: a member name must not have control characters"
        );
    }
}
