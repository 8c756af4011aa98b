//! Errors in a `RECORD` file.

use super::path::{InvalidWheelPath, WheelPath};
use crate::escaped::Excerpt;

/// Why a row of `RECORD` is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordRule {
    /// The file is not UTF-8.
    #[error("the file must be UTF-8")]
    NotUtf8,
    /// There are more rows than any wheel has members.
    #[error("there are more than {0} rows")]
    Rows(usize),
    /// The row contains a character at which Python ends a line and other readers do not.
    #[error("a row must not have a line separator")]
    LineSeparator,
    /// The row is empty.
    #[error("a row must not be empty")]
    Blank,
    /// The row does not have three fields.
    #[error("a row must have 3 fields, this one has {0}")]
    Fields(usize),
    /// A quoted field is not closed, or text follows the closing quote.
    #[error("a quoted field must be closed before the next comma")]
    Quote,
    /// The first field is not a valid member name.
    #[error(transparent)]
    Path(#[from] InvalidWheelPath),
    /// The row names a directory.
    #[error("`{0}` is a directory, which is not listed")]
    Directory(WheelPath),
    /// A member is listed twice.
    #[error("`{path}` is already listed on line {first}")]
    Repeated {
        /// The member.
        path: WheelPath,
        /// The line of its first row.
        first: usize,
    },
    /// A member has no hash.
    #[error("`{0}` must have a hash")]
    NoHash(WheelPath),
    /// The hash is weaker than SHA-256 or of an unknown kind.
    #[error("`{}` is not a hash that PEP 427 allows: use sha256", Excerpt(.0))]
    Algorithm(String),
    /// The hash is not encoded as in PEP 427: it is hexadecimal, or uses the other alphabet of base64.
    #[error("`{}` is not spelt as PEP 427 has it: in URL-safe base64", Excerpt(.0))]
    Spelling(String),
    /// The size is not a decimal number.
    #[error("`{}` is not a size in bytes", Excerpt(.0))]
    Size(String),
}

/// The `RECORD` file breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct InvalidRecord {
    /// The line, counted from 1.
    pub line: usize,
    /// The rule it breaks.
    pub rule: RecordRule,
}

/// Rows of a `RECORD` file that break a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordFaults {
    /// The first of them, at most [`RecordFaults::MOST`].
    pub first: Vec<InvalidRecord>,
    /// The total number.
    pub count: usize,
}

impl RecordFaults {
    /// The number of faults that are kept.
    pub const MOST: usize = 8;

    pub(super) fn add(&mut self, fault: InvalidRecord) {
        self.count += 1;
        if self.first.len() < Self::MOST {
            self.first.push(fault);
        }
    }
}

impl RecordRule {
    /// Whether installers cannot read such a row, or read it in different ways.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        match self {
            Self::NotUtf8
            | Self::Rows(_)
            | Self::LineSeparator
            | Self::Blank
            | Self::Fields(_)
            | Self::Quote
            | Self::Path(_)
            | Self::Size(_) => true,
            Self::Directory(_)
            | Self::Repeated { .. }
            | Self::NoHash(_)
            | Self::Algorithm(_)
            | Self::Spelling(_) => false,
        }
    }
}
