//! Errors in a wheel.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use crate::limits::Limits;

use crate::escaped::{Escaped, Excerpt};
use crate::wheel::layout::NoPlace;
use crate::wheel::metadata::core_metadata::InvalidMetadata;
use crate::wheel::metadata::filename::InvalidWheelFilename;
use crate::wheel::metadata::info::InvalidWheelInfo;
use crate::wheel::metadata::info_json::InvalidWheelInfoJson;
use crate::wheel::metadata::path::{PathRule, WheelPath};
use crate::wheel::metadata::record_rule::InvalidRecord;

/// A wheel could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WheelError {
    /// The operating system returned an error.
    #[error("cannot {action} `{}`: {source}", Escaped(&path.to_string_lossy()))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The attempted action: `open`, `read`.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The path is not a file.
    #[error("`{}` is not a file", Escaped(&.0.to_string_lossy()))]
    NotAFile(PathBuf),
    /// The wheel has changed since it was opened.
    #[error("`{}` changed while it was being read", Escaped(&.0.to_string_lossy()))]
    Changed(PathBuf),
    /// The file name is not a valid wheel name.
    #[error(transparent)]
    Filename(#[from] InvalidWheelFilename),
    /// The file is not a zip archive.
    #[error("not a zip archive")]
    NotAZip,
    /// The archive has members, but its directory cannot be found.
    #[error("the zip archive is truncated: its directory is missing")]
    Truncated,
    /// The archive contradicts itself.
    #[error("the zip archive is damaged: {0}")]
    DamagedZip(String),
    /// A member breaks a rule.
    #[error("member `{}` {rule}", Escaped(member))]
    Member {
        /// The member's name as found.
        member: String,
        /// The rule it breaks.
        rule: MemberRule,
    },
    /// The wheel exceeds a limit.
    #[error("the wheel has {found} {what}, more than the limit `{name}` of {limit}")]
    Limit {
        /// The name of the limit: `members`.
        name: &'static str,
        /// What exceeds the limit: `members`.
        what: &'static str,
        /// The value found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The members are so much larger than the archive that it must be a zip bomb.
    #[error("the members are {found} times larger than the archive, more than the limit `ratio` of {limit}")]
    Ratio {
        /// The size of the members divided by that of the archive.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// There is no `*.dist-info` directory at the top (PEP 427).
    #[error("there is no `*.dist-info` directory")]
    NoDistInfo,
    /// There is more than one `*.dist-info` directory at the top.
    #[error(
        "there must be one `*.dist-info` directory, not {count}: `{}`{}",
        first.join("`, `"),
        if *count > first.len() { " and others" } else { "" }
    )]
    SeveralDistInfo {
        /// The number of directories.
        count: usize,
        /// The first of them, sorted.
        first: Vec<String>,
    },
    /// The `*.dist-info` directory belongs to another distribution or version.
    #[error("directory `{found}` does not belong to a wheel named `{expected}`")]
    ForeignDistInfo {
        /// The directory.
        found: WheelPath,
        /// Distribution and version of the file name.
        expected: String,
    },
    /// A file is in the data directory of another distribution or version, or in a second one: pip installs
    /// its files nevertheless, and other installers do not.
    #[error("`{found}` is in no data directory of this wheel: only `{expected}` may end with `.data`")]
    ForeignData {
        /// The file.
        found: WheelPath,
        /// The data directory of the wheel.
        expected: String,
    },
    /// `WHEEL` has Python or ABI tags that differ from the file name. Only platform tags may differ: they say
    /// where a wheel runs, not what it contains.
    #[error("`{member}` says `{}`, the file name says `{}`", first_few(said), first_few(named))]
    ForeignTags {
        /// The `WHEEL` file.
        member: WheelPath,
        /// Python and ABI tags of its `Tag` lines: `cp311-cp311`.
        said: BTreeSet<String>,
        /// Those of the file name.
        named: BTreeSet<String>,
        /// The file name with the tags of `WHEEL`, if a name can express them.
        right: Option<String>,
    },
    /// A required member is missing.
    #[error("`{0}` is missing")]
    Missing(WheelPath),
    /// The `WHEEL` file breaks a rule.
    #[error("`{member}`, {source}")]
    Info {
        /// The `WHEEL` file.
        member: WheelPath,
        /// Line and rule.
        source: InvalidWheelInfo,
    },
    /// The `WHEEL.json` file is not a JSON object.
    #[error("`{member}` is {source}")]
    InfoJson {
        /// The `WHEEL.json` file.
        member: WheelPath,
        /// The parser's error.
        source: InvalidWheelInfoJson,
    },
    /// The `METADATA` file breaks a rule.
    #[error("`{member}`, {source}")]
    Metadata {
        /// The `METADATA` file.
        member: WheelPath,
        /// Line and rule.
        source: InvalidMetadata,
    },
    /// The `RECORD` file breaks a rule.
    #[error("`{member}`, {source}")]
    Record {
        /// The `RECORD` file.
        member: WheelPath,
        /// Line and rule.
        source: InvalidRecord,
    },
    /// A member differs from its row in `RECORD`.
    #[error("`{member}` does not match `{record}`, line {line}: {mismatch}")]
    Mismatch {
        /// The member.
        member: WheelPath,
        /// The `RECORD` file.
        record: WheelPath,
        /// The line of the member's row.
        line: usize,
        /// What differs.
        mismatch: Mismatch,
    },
    /// The compressed data of a member is damaged.
    #[error("member `{member}` is damaged: {reason}")]
    Damaged {
        /// The member.
        member: WheelPath,
        /// The kind of damage.
        reason: String,
    },
    /// The wheel has no file of this name.
    #[error("the wheel has no file `{}`", Escaped(.0))]
    NoMember(String),
    /// The member cannot be installed.
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    /// The content of a new member could not be made.
    #[error("cannot make member `{member}`: {source}")]
    Content {
        /// The member.
        member: WheelPath,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The archive could not be written.
    #[error("cannot write `{}`: {reason}", Escaped(&path.to_string_lossy()))]
    Write {
        /// The output.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The rule that a member breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberRule {
    /// The name is not allowed.
    #[error("is not allowed: {0}")]
    Name(PathRule),
    /// The name is not ASCII and its encoding is not declared, so installers read different names.
    #[error("is not allowed: a name that is not ASCII must be marked as UTF-8")]
    Encoding,
    /// The name is too long.
    #[error("has a name of {length} bytes, more than the limit `name-length` of {limit}")]
    NameLength {
        /// Its length in bytes.
        length: u64,
        /// The limit.
        limit: u64,
    },
    /// The member is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// A general purpose flag requires a feature that installers do not support.
    #[error("has the flags {0:#06x}, which installers do not know")]
    Flags(u16),
    /// Its header requires a version of the zip format that installers do not support.
    #[error("needs version {tens}.{ones} of the zip format; installers know up to 6.3")]
    Version {
        /// The major version.
        tens: u8,
        /// The minor version.
        ones: u8,
    },
    /// Its extra fields cannot be parsed, or contradict each other.
    #[error("has extra fields that are damaged: {0}")]
    ExtraField(&'static str),
    /// The compression is neither stored nor deflate (allowed by PEP 427, but not by PyPI and installers).
    #[error("is compressed with method {0}; only stored and deflate are allowed")]
    Method(u16),
    /// Two members have this name.
    #[error("appears twice")]
    Duplicate,
    /// Two names differ only in case; some systems would treat them as one file.
    #[error("differs from `{0}` only in case")]
    Case(WheelPath),
    /// A file is also the directory of another member.
    #[error("is both a file and the directory of `{0}`")]
    FileAndDirectory(WheelPath),
    /// Another member is installed at the same path.
    #[error("is installed at the same place as `{0}`")]
    SamePlace(WheelPath),
    /// Wheels cannot contain symbolic links (PEP 778 would allow them, and is deferred).
    #[error("is a symbolic link")]
    Symlink,
    /// A device, a socket or similar, or a mode that contradicts the name.
    #[error("has mode {0:o}, which is not that of a file or directory")]
    Mode(u32),
    /// A directory with content.
    #[error("is a directory with content")]
    DirectoryContent,
    /// The member shares bytes with another one or with the directory.
    #[error("overlaps `{0}`")]
    Overlap(String),
    /// The header before the data disagrees with the directory at the end.
    #[error("has a local header that disagrees with the directory: {0}")]
    LocalHeader(&'static str),
    /// The declared size of the member is too large.
    #[error("has {size} bytes, more than the limit `{name}` of {limit}")]
    Size {
        /// The name of the limit: `member-size`, or `metadata-size` for text files.
        name: &'static str,
        /// The declared size.
        size: u64,
        /// The limit.
        limit: u64,
    },
}

/// How a member differs from its row in `RECORD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The member is listed, but does not exist.
    #[error("the file is not in the wheel")]
    Absent,
    /// The size differs.
    #[error("the file has {found} bytes, not {listed}")]
    Size {
        /// The size listed.
        listed: u64,
        /// The size of the member.
        found: u64,
    },
    /// The hash differs.
    #[error("the hash differs")]
    Hash,
    /// It is a directory, which must not be listed.
    #[error("it is a directory")]
    Directory,
}

/// The first few of a set of tags, whose number is up to the wheel.
fn first_few(tags: &BTreeSet<String>) -> String {
    /// A few tags are enough as evidence.
    const NAMED: usize = 3;
    let named: Vec<String> = tags.iter().take(NAMED).map(|tag| Excerpt(tag).to_string()).collect();
    let more = if tags.len() > named.len() { "`, `..." } else { "" };
    named.join("`, `") + more
}

impl WheelError {
    /// What the user can do about it, if anything.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAZip | Self::Truncated | Self::DamagedZip(_) | Self::Damaged { .. } => {
                "download or build the wheel again"
            }
            Self::Changed(_) => "run again when nothing writes to it",
            Self::Mismatch { .. } | Self::Record { .. } => {
                "the wheel was changed after it was built, or built wrongly: build it again"
            }
            Self::Info { .. } | Self::InfoJson { .. } | Self::Metadata { .. } | Self::ForeignData { .. } => {
                "the wheel was built wrongly: build it again with current tools"
            }
            Self::ForeignDistInfo { .. } => "was the file renamed? give it back the name it was built with",
            Self::ForeignTags { right: Some(right), .. } => {
                return Some(format!("was the file renamed? give it back its name: `{}`", Escaped(right)));
            }
            Self::ForeignTags { .. } => "was the file renamed? give it back the name it was built with",
            Self::Filename(error) => return Some(error.hint()),
            Self::Limit { name, .. } => return Some(Limits::hint(name)),
            Self::Ratio { .. } => return Some(Limits::hint("ratio")),
            Self::NoDistInfo | Self::Missing(_) => {
                "`wheel pack` makes a wheel of a directory that has all of it"
            }
            Self::SeveralDistInfo { .. } => "build the wheel again, with the files of one project in it",
            Self::Member { rule, .. } => match rule {
                MemberRule::Method(_) | MemberRule::Encoding => {
                    "`wheel unpack` and `wheel pack` write a plain archive"
                }
                MemberRule::NameLength { .. } => return Some(Limits::hint("name-length")),
                MemberRule::Size { name, .. } => return Some(Limits::hint(name)),
                MemberRule::Encrypted => "remove the encryption: installers have no password",
                MemberRule::Name(_)
                | MemberRule::Case(_)
                | MemberRule::FileAndDirectory(_)
                | MemberRule::SamePlace(_) => "give the member another name, and build the wheel again",
                MemberRule::Symlink => {
                    "replace the link with the file it points to and build the wheel again"
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(hint.to_owned())
    }

    pub(super) fn io(path: &std::path::Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    pub(super) fn member(member: impl Into<String>, rule: MemberRule) -> Self {
        Self::Member { member: member.into(), rule }
    }
}
