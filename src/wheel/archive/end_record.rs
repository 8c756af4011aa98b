//! The end record: the record at the end of the file that says where the archive's directory is.
//!
//! Readers search for this record in different ways, and handle contradictions differently: Python and
//! `unzip` take the last signature and believe its sizes, others continue searching until everything fits,
//! and streaming readers ignore it. Therefore a record that can be read in more than one way is refused
//! (APPNOTE 4.3.14 to 4.3.16).

use std::io::{self, Read as _};

use super::source::Source;

const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const ZIP64_SIGNATURE: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_SIGNATURE: [u8; 4] = *b"PK\x06\x07";
/// Bytes of the end record before its comment.
const END_LENGTH: usize = 22;
/// Bytes of the ZIP64 end record. No reader that installs wheels accepts a longer one.
const ZIP64_LENGTH: usize = 56;
const LOCATOR_LENGTH: usize = 20;
/// The longest comment: its length has 16 bits.
const COMMENT_LENGTH: usize = u16::MAX as usize;
/// Above these values Python's `zipfile` writes a ZIP64 record (`ZIP_FILECOUNT_LIMIT`, `ZIP64_LIMIT`); the
/// end record requires one above 16 and 32 bits.
const COUNT_LIMIT: u64 = 0xffff;
const SIZE_LIMIT: u64 = 0x7fff_ffff;

/// The end record, checked against the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EndRecord {
    /// The offset of the directory.
    pub(super) directory: u64,
    /// The end of the directory: the offset of this record, or of the ZIP64 record before it.
    pub(super) end: u64,
    /// The number of entries in the directory.
    pub(super) entries: u64,
}

/// Why the end record is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndRule {
    /// There is no end record.
    #[error("it has no end record")]
    Missing,
    /// There are bytes after it that are not its comment.
    #[error("{0} bytes follow its end record, which other programs may read as the end of another archive")]
    Behind(u64),
    /// Its comment would reach past the end of the file.
    #[error("the comment of its end record is longer than the file")]
    Comment,
    /// Its comment could be mistaken for another end record.
    #[error("its comment holds the signature of another end record")]
    SecondSignature,
    /// Its comment could hold another archive.
    #[error("its comment holds bytes of headers, as another archive in it would")]
    Headers,
    /// The archive is one part of several.
    #[error("its end record says that it is one of several disks")]
    Disks,
    /// The number of entries is given twice, with different values.
    #[error("its end record has two different numbers of members")]
    Counts,
    /// The directory does not end at the record.
    #[error("its directory does not end where its end record begins")]
    Directory,
    /// The ZIP64 records contradict each other or the end record.
    #[error("its ZIP64 end record does not agree with its end record")]
    Zip64Disagrees,
    /// There is a ZIP64 record that no field refers to.
    #[error("it has a ZIP64 end record that it does not need")]
    Zip64Unneeded,
}

/// Why there is no usable end record.
#[derive(Debug)]
pub(super) enum NoEndRecord {
    Io(io::Error),
    Rule(EndRule),
}

impl From<EndRule> for NoEndRecord {
    fn from(rule: EndRule) -> Self {
        Self::Rule(rule)
    }
}

/// The fields that the end record and the ZIP64 record have in common.
#[derive(Clone, Copy)]
struct Fields {
    disk: u64,
    directory_disk: u64,
    entries_here: u64,
    entries: u64,
    size: u64,
    offset: u64,
}

impl Fields {
    /// Pairs of fields, each with the value that refers to the ZIP64 record.
    fn pairs(self, other: Self) -> [(u64, u64, u64); 6] {
        const HALF: u64 = u16::MAX as u64;
        const WORD: u64 = u32::MAX as u64;
        [
            (self.disk, other.disk, HALF),
            (self.directory_disk, other.directory_disk, HALF),
            (self.entries_here, other.entries_here, HALF),
            (self.entries, other.entries, HALF),
            (self.size, other.size, WORD),
            (self.offset, other.offset, WORD),
        ]
    }
}

/// Finds the end record of an archive and checks it against the file. Reads only the end of the file.
pub(super) fn find(source: &Source) -> Result<EndRecord, NoEndRecord> {
    let length = source.length();
    let longest = (ZIP64_LENGTH + LOCATOR_LENGTH + END_LENGTH + COMMENT_LENGTH) as u64;
    let start = length.saturating_sub(longest);
    let mut tail = Vec::new();
    source.at(start).take(longest).read_to_end(&mut tail).map_err(NoEndRecord::Io)?;
    // The last signature with enough space for a record, as Python and `unzip` search for it.
    let candidates = (tail.len() + END_SIGNATURE.len()).saturating_sub(END_LENGTH);
    let at = tail.get(..candidates).and_then(|bytes| last(bytes, &END_SIGNATURE)).ok_or(EndRule::Missing)?;
    let (before, record) = tail.split_at_checked(at).ok_or(EndRule::Missing)?;
    let comment = record.get(END_LENGTH..).unwrap_or_default();
    let said = number(record, 20, 2);
    if said < comment.len() as u64 {
        return Err(EndRule::Behind(comment.len() as u64 - said).into());
    }
    if said > comment.len() as u64 {
        return Err(EndRule::Comment.into());
    }
    // Without a comment, every reader takes the record at the end of the file, whatever its fields are.
    let rest = record.get(END_SIGNATURE.len()..).unwrap_or_default();
    if !comment.is_empty() && last(rest, &END_SIGNATURE).is_some() {
        return Err(EndRule::SecondSignature.into());
    }
    // No archive is without them, and no text has them; uv refuses them.
    if comment.iter().any(|byte| (1..=8).contains(byte)) {
        return Err(EndRule::Headers.into());
    }
    let mut fields = Fields {
        disk: number(record, 4, 2),
        directory_disk: number(record, 6, 2),
        entries_here: number(record, 8, 2),
        entries: number(record, 10, 2),
        size: number(record, 12, 4),
        offset: number(record, 16, 4),
    };
    let mut end = start + at as u64;
    if let Some((before, locator)) = ending(before, LOCATOR_LENGTH, LOCATOR_SIGNATURE) {
        let (_, record) = ending(before, ZIP64_LENGTH, ZIP64_SIGNATURE).ok_or(EndRule::Zip64Disagrees)?;
        end -= (ZIP64_LENGTH + LOCATOR_LENGTH) as u64;
        fields = zip64(fields, locator, record, end)?;
    }
    if fields.disk != 0 || fields.directory_disk != 0 {
        return Err(EndRule::Disks.into());
    }
    if fields.entries_here != fields.entries {
        return Err(EndRule::Counts.into());
    }
    if fields.offset.checked_add(fields.size) != Some(end) {
        return Err(EndRule::Directory.into());
    }
    Ok(EndRecord { directory: fields.offset, end, entries: fields.entries })
}

/// The fields of the ZIP64 record at `at`, if the locator and the end record agree with them.
fn zip64(short: Fields, locator: &[u8], record: &[u8], at: u64) -> Result<Fields, EndRule> {
    // Counted from the end of the length field itself.
    let length = number(record, 4, 8);
    let located = number(locator, 4, 4) == 0 && number(locator, 8, 8) == at && number(locator, 16, 4) == 1;
    if !located || length != (ZIP64_LENGTH - 12) as u64 {
        return Err(EndRule::Zip64Disagrees);
    }
    let long = Fields {
        disk: number(record, 16, 4),
        directory_disk: number(record, 20, 4),
        entries_here: number(record, 24, 8),
        entries: number(record, 32, 8),
        size: number(record, 40, 8),
        offset: number(record, 48, 8),
    };
    let pairs = short.pairs(long);
    if pairs.iter().any(|(short, long, elsewhere)| short != long && short != elsewhere) {
        return Err(EndRule::Zip64Disagrees);
    }
    let asked_for = pairs.iter().any(|(short, _, elsewhere)| short == elsewhere);
    let large = long.entries > COUNT_LIMIT || long.size > SIZE_LIMIT || long.offset > SIZE_LIMIT;
    if asked_for || large { Ok(long) } else { Err(EndRule::Zip64Unneeded) }
}

/// The last `length` bytes if they begin with this signature, and the bytes before them.
fn ending(bytes: &[u8], length: usize, signature: [u8; 4]) -> Option<(&[u8], &[u8])> {
    let (before, record) = bytes.split_at_checked(bytes.len().checked_sub(length)?)?;
    record.starts_with(&signature).then_some((before, record))
}

fn last(bytes: &[u8], signature: &[u8; 4]) -> Option<usize> {
    bytes.windows(signature.len()).rposition(|window| window == signature)
}

fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let bytes = bytes.get(at..at + width).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
