//! The archive's directory, and checks that the archive agrees with it.
//!
//! Installers read zip archives in different ways: from the directory at the end, or header by header from
//! the start; some use the first and some the last of two members with one name. A wheel that different
//! readers would read differently is refused here.

use std::collections::HashSet;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::end_record::EndRecord;
use super::error::{MemberRule, WheelError};
use super::header::{DESCRIPTOR, Entry, Header, UTF8, Zip64Field, check_demands};
use super::local_header::{LOCAL_SIGNATURE, check_gap, check_local_header};
use super::member::{Member, Method};
use super::source::Source;
use super::time::DosTime;
use super::tree::check_tree;
use crate::escaped::Escaped;
use crate::limits::Limits;
use crate::wheel::metadata::path::{InvalidWheelPath, WheelPath};

const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
/// Bytes of a directory entry before the name (APPNOTE 4.3.12).
const CENTRAL_LENGTH: usize = 46;

/// Reads and checks the members of an archive, in the order of its directory.
pub(super) fn read_members(
    archive: &mut ZipArchive<Source>,
    source: &Source,
    end: EndRecord,
    limits: &Limits,
    path: &Path,
) -> Result<Vec<Member>, WheelError> {
    let entries = read_entries(source, end).map_err(WheelError::io(path, "read"))?;
    let another_length =
        || WheelError::DamagedZip("its directory has another length than it says".to_owned());
    let entries = entries.ok_or_else(another_length)?;
    let mut seen = HashSet::new();
    if let Some(entry) = entries.iter().find(|entry| !seen.insert(entry.name.as_slice())) {
        return Err(WheelError::member(String::from_utf8_lossy(&entry.name), MemberRule::Duplicate));
    }
    if entries.len() != archive.len() || archive.central_directory_start() != end.directory {
        return Err(another_length());
    }

    let mut members = Vec::with_capacity(entries.len());
    let mut spans = Vec::with_capacity(entries.len());
    let mut total = 0u64;
    let mut headers = source.clone();
    for (index, entry) in entries.iter().enumerate() {
        let data = archive.by_index_data(index).map_err(|error| damaged_zip(&error))?;
        let mut member = read_member(entry, index, &data, limits)?;
        total = total.saturating_add(member.size);
        let header = data.header_start();
        let local = check_local_header(&mut headers, header, entry, &member)?;
        member.irregular_zip64 |= local.irregular_zip64;
        spans.push((header, local.end, index));
        members.push(member);
    }
    check_limit("total-size", "bytes", total, limits.total_size)?;
    let ratio = total / source.length().max(1);
    if total > limits.ratio_floor && ratio > limits.ratio {
        return Err(WheelError::Ratio { found: ratio, limit: limits.ratio });
    }
    check_spans(&mut spans, &mut headers, end.directory, &members)?;
    if let Some(&(first @ 1.., ..)) = spans.first() {
        // Readers that start at the beginning of the file expect a member there.
        return Err(WheelError::DamagedZip(format!("{first} bytes are before its first member")));
    }
    check_tree(members.iter().map(|member| (&member.path, member.is_dir)))?;
    // The zip crate checks the rest: headers between members that are not in the directory, and
    // contradictions in extra fields.
    archive.validate_header_consistency().map_err(|error| damaged_zip(&error))?;
    Ok(members)
}

pub(super) fn check_limit(
    name: &'static str,
    what: &'static str,
    found: u64,
    limit: u64,
) -> Result<(), WheelError> {
    if found > limit { Err(WheelError::Limit { name, what, found, limit }) } else { Ok(()) }
}

pub(super) fn damaged_zip(error: &zip::result::ZipError) -> WheelError {
    WheelError::DamagedZip(Escaped(&error.to_string()).to_string())
}

/// The entries of the directory. `None` if their number or their end differs from the end record.
fn read_entries(source: &Source, end: EndRecord) -> io::Result<Option<Vec<Entry>>> {
    let mut reader = BufReader::with_capacity(64 << 10, source.at(end.directory));
    let mut entries = Vec::new();
    let mut at = end.directory;
    for _ in 0..end.entries {
        // The entry is inside the file, because the end record follows it.
        if at + CENTRAL_LENGTH as u64 > end.end {
            return Ok(None);
        }
        let header = Header::<CENTRAL_LENGTH>::read(&mut reader)?;
        let (name, extra, comment) = (header.half(28), header.half(30), header.half(32));
        at += CENTRAL_LENGTH as u64 + u64::from(name) + u64::from(extra) + u64::from(comment);
        if header.word(0) != CENTRAL_SIGNATURE || at > end.end {
            return Ok(None);
        }
        let mut name = vec![0; usize::from(name)];
        reader.read_exact(&mut name)?;
        let mut fields = vec![0; usize::from(extra)];
        reader.read_exact(&mut fields)?;
        reader.seek_relative(i64::from(comment))?;
        let zip64 = Zip64Field::find(&fields);
        entries.push(Entry {
            name,
            flags: header.half(8),
            method: header.half(10),
            version: header.half(6),
            mode: header.word(38) >> 16,
            decorated: extra > 0 || comment > 0,
            irregular_zip64: zip64
                .map(|zip64| zip64.is_irregular(&[header.word(24), header.word(20), header.word(42)])),
        });
    }
    Ok((at == end.end).then_some(entries))
}

fn read_member(
    entry: &Entry,
    index: usize,
    data: &zip::read::ZipFileEntry<'_>,
    limits: &Limits,
) -> Result<Member, WheelError> {
    let shown = String::from_utf8_lossy(&entry.name);
    let broken = |rule| Err(WheelError::member(shown.clone(), rule));
    let length = entry.name.len() as u64;
    if length > limits.name_length {
        return broken(MemberRule::NameLength { length, limit: limits.name_length });
    }
    if !entry.name.is_ascii() && entry.flags & UTF8 == 0 {
        return broken(MemberRule::Encoding);
    }
    if data.name_raw() != entry.name {
        return broken(MemberRule::LocalHeader("an extra field gives another name"));
    }
    let (name, is_dir) = match entry.name.strip_suffix(b"/") {
        Some(name) => (name, true),
        None => (entry.name.as_slice(), false),
    };
    let path = match WheelPath::from_bytes(name) {
        Ok(path) => path,
        Err(InvalidWheelPath { rule, .. }) => return broken(MemberRule::Name(rule)),
    };
    if data.encrypted() {
        return broken(MemberRule::Encrypted);
    }
    let demands = check_demands(entry.flags, entry.version);
    if let Err(rule) = demands.and(entry.irregular_zip64.clone().map(|_| ())) {
        return broken(rule);
    }
    let method = match entry.method {
        0 => Method::Stored,
        8 => Method::Deflated,
        other => return broken(MemberRule::Method(other)),
    };
    if let Some(rule) = mode_rule(entry.mode, is_dir) {
        return broken(rule);
    }
    if is_dir && data.size() > 0 {
        return broken(MemberRule::DirectoryContent);
    }
    if data.size() > limits.member_size {
        return broken(MemberRule::Size {
            name: "member-size",
            size: data.size(),
            limit: limits.member_size,
        });
    }
    if method == Method::Stored && data.size() != data.compressed_size() {
        return broken(MemberRule::LocalHeader("stored with two sizes"));
    }
    Ok(Member {
        path,
        is_dir,
        size: data.size(),
        compressed_size: data.compressed_size(),
        crc32: data.crc32(),
        method,
        mode: (entry.mode != 0).then_some(entry.mode & 0o7777),
        modified: data.last_modified().map_or(DosTime::EPOCH, DosTime::from_zip),
        streamed: entry.flags & DESCRIPTOR != 0,
        irregular_zip64: entry.irregular_zip64 == Ok(true),
        index,
        decorated: entry.decorated,
    })
}

/// The type bits of a Unix mode must be those of a file or directory, or absent.
fn mode_rule(mode: u32, is_dir: bool) -> Option<MemberRule> {
    const TYPE: u32 = 0o170_000;
    match mode & TYPE {
        0 => None,
        0o100_000 if !is_dir => None,
        0o040_000 if is_dir => None,
        0o120_000 => Some(MemberRule::Symlink),
        _ => Some(MemberRule::Mode(mode)),
    }
}

/// Checks that no two members share bytes, that none reaches into the directory, and that there are no bytes
/// between them.
fn check_spans(
    spans: &mut [(u64, u64, usize)],
    source: &mut Source,
    directory: u64,
    members: &[Member],
) -> Result<(), WheelError> {
    let name = |index: usize| members.get(index).map(|member| member.path.as_str().to_owned());
    let overlap = |index: usize, other: Option<String>| {
        let other = other.unwrap_or_else(|| "the directory".to_owned());
        WheelError::member(name(index).unwrap_or_default(), MemberRule::Overlap(other))
    };
    spans.sort_unstable();
    for pair in spans.windows(2) {
        if let [(_, end, first), (start, _, second)] = *pair
            && end > start
        {
            return Err(overlap(second, name(first)));
        }
    }
    if let Some(&(_, end, last)) = spans.last()
        && end > directory
    {
        return Err(overlap(last, None));
    }
    let starts = spans.iter().skip(1).map(|(start, ..)| *start).chain([directory]);
    spans.iter().zip(starts).try_for_each(|(&(_, end, index), next)| match members.get(index) {
        Some(member) => check_gap(source, end, next, member),
        None => Ok(()),
    })
}

/// Whether the archive starts like a zip file with members.
pub(super) fn starts_like_a_zip(source: &Source) -> bool {
    let mut reader = source.at(0);
    let mut signature = [0; 4];
    reader.seek(SeekFrom::Start(0)).is_ok()
        && reader.read_exact(&mut signature).is_ok()
        && u32::from_le_bytes(signature) == LOCAL_SIGNATURE
}
