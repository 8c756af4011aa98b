//! Checks the bytes before and after the data of a member against the directory.

use std::io::{Read as _, Seek as _, SeekFrom};

use super::error::{MemberRule, WheelError};
use super::header::{DESCRIPTOR, ENCRYPTED, Entry, Header, IN_ZIP64, UTF8, Zip64Field, check_demands};
use super::member::Member;
use super::source::Source;

pub(super) const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
/// Bytes of a local header before the name (APPNOTE 4.3.7).
const LOCAL_LENGTH: usize = 30;

/// What the local header adds to the directory entry.
pub(super) struct LocalHeader {
    /// The end of the data.
    pub(super) end: u64,
    /// Whether its ZIP64 field has other numbers than the header requires.
    pub(super) irregular_zip64: bool,
}

/// Checks the local header against the directory.
pub(super) fn check_local_header(
    source: &mut Source,
    at: u64,
    entry: &Entry,
    member: &Member,
) -> Result<LocalHeader, WheelError> {
    let broken = |rule| WheelError::member(String::from_utf8_lossy(&entry.name), rule);
    let differs = |what| Err(broken(MemberRule::LocalHeader(what)));
    let outside = || broken(MemberRule::LocalHeader("it is outside the archive"));
    let header = source.seek(SeekFrom::Start(at)).and_then(|_| Header::<LOCAL_LENGTH>::read(source));
    let header = header.map_err(|_| outside())?;
    if header.word(0) != LOCAL_SIGNATURE {
        return differs("it is not where the directory says");
    }
    let mut name = vec![0; usize::from(header.half(26))];
    source.read_exact(&mut name).map_err(|_| outside())?;
    if name != entry.name {
        return differs("it has another name");
    }
    let mut extra = vec![0; usize::from(header.half(28))];
    source.read_exact(&mut extra).map_err(|_| outside())?;
    let flags = header.half(6);
    check_demands(flags, header.half(4)).map_err(broken)?;
    if (flags ^ entry.flags) & UTF8 != 0 && !name.is_ascii() {
        return differs("it has another name encoding");
    }
    if (flags ^ entry.flags) & (DESCRIPTOR | ENCRYPTED) != 0 {
        return differs("only one of them says that a data descriptor follows");
    }
    if header.half(8) != entry.method {
        return differs("it has another compression method");
    }
    let same = |found: u64, listed: u64| found == listed || (flags & DESCRIPTOR != 0 && found == 0);
    if !same(header.word(14).into(), u64::from(member.crc32)) {
        return differs("it has another CRC");
    }
    let zip64 = Zip64Field::find(&extra).map_err(broken)?;
    // In a ZIP64 field, the size precedes the compressed size. Streaming readers take both from a field that
    // repeats them.
    let fields = [header.word(22), header.word(18)];
    let right = |sizes: Option<[u64; 2]>| {
        sizes.is_some_and(|[size, compressed]| {
            same(size, member.size) && same(compressed, member.compressed_size)
        })
    };
    let repeats_both = zip64.numbers() == Some(2);
    if !right(zip64.resolve(fields)) || repeats_both && !right(zip64.resolve([IN_ZIP64; 2])) {
        return differs("it has another size");
    }
    let length = LOCAL_LENGTH as u64 + name.len() as u64 + extra.len() as u64;
    let end = at
        .checked_add(length)
        .and_then(|data| data.checked_add(member.compressed_size))
        .filter(|&end| end <= source.length())
        .ok_or_else(outside)?;
    Ok(LocalHeader { end, irregular_zip64: zip64.is_irregular(&fields) && !repeats_both })
}

/// Checks that between the data of a member, which ends at `end`, and the next header there is nothing but
/// the data descriptor (APPNOTE 4.3.9): a reader that starts at the beginning of the file would take anything
/// else for a member.
pub(super) fn check_gap(source: &mut Source, end: u64, next: u64, member: &Member) -> Result<(), WheelError> {
    let gap = next - end;
    if !member.streamed {
        return match gap {
            0 => Ok(()),
            _ => Err(WheelError::DamagedZip(format!(
                "{gap} bytes behind member `{}` belong to none",
                member.path
            ))),
        };
    }
    if is_descriptor(source, end, gap, member) {
        return Ok(());
    }
    let what = "its data descriptor is not what follows its bytes";
    Err(WheelError::member(member.path.as_str(), MemberRule::LocalHeader(what)))
}

/// Whether the bytes at `at` are the data descriptor of a member, with or without a signature, and with sizes
/// of 4 or 8 bytes.
fn is_descriptor(source: &mut Source, at: u64, length: u64, member: &Member) -> bool {
    const SIGNATURE: &[u8] = b"PK\x07\x08";
    let Ok(length @ (12 | 16 | 20 | 24)) = usize::try_from(length) else { return false };
    let mut bytes = vec![0; length];
    if source.seek(SeekFrom::Start(at)).and_then(|_| source.read_exact(&mut bytes)).is_err() {
        return false;
    }
    let signature = if matches!(length, 16 | 24) { SIGNATURE } else { b"" };
    let wide = length >= 20;
    let mut right = [signature, &member.crc32.to_le_bytes()].concat();
    for size in [member.compressed_size, member.size] {
        let size = size.to_le_bytes();
        right.extend(size.get(..if wide { 8 } else { 4 }).unwrap_or_default());
    }
    bytes == right
}
