//! The record at the end of an archive: where it can be read in two ways, the wheel is refused.

use muslrepair::wheel::WheelError;

use super::open;
use crate::support::raw_zip::RawZip;

/// Bytes of the end record of an archive without comment.
const END: usize = 22;

/// Where the fields of the end record are, from its beginning.
const DISK: usize = 4;
const DIRECTORY_DISK: usize = 6;
const ENTRIES_HERE: usize = 8;
const ENTRIES: usize = 10;
const SIZE: usize = 12;
const OFFSET: usize = 16;
const COMMENT: usize = 20;

/// A sound wheel with this text in it.
fn wheel(text: &str) -> Vec<u8> {
    let mut zip = RawZip::wheel();
    zip.add("demo/who.py", text);
    zip.finish()
}

fn half(mut bytes: Vec<u8>, field: usize, value: u16) -> Vec<u8> {
    let at = bytes.len() - END + field;
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn word(mut bytes: Vec<u8>, field: usize, value: u32) -> Vec<u8> {
    let at = bytes.len() - END + field;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn read_word(bytes: &[u8], field: usize) -> u32 {
    let at = bytes.len() - END + field;
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn refused(bytes: Vec<u8>, said: &str) {
    match open(bytes) {
        Err(WheelError::DamagedZip(message)) => assert!(message.contains(said), "{message}"),
        Err(other) => panic!("{said}: {other}"),
        Ok(_) => panic!("{said}: accepted"),
    }
}

/// The same archive with a ZIP64 end record, which `change` may change, and the end record as `end` makes it.
fn with_zip64(change: impl FnOnce(&mut Vec<u8>), end: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = wheel("A");
    let (size, offset) = (read_word(&bytes, SIZE), read_word(&bytes, OFFSET));
    let record = bytes.split_off(bytes.len() - END);
    let at = bytes.len() as u64;
    let mut zip64 = [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8]].concat();
    for field in [5, 5, u64::from(size), u64::from(offset)] {
        zip64.extend(field.to_le_bytes());
    }
    zip64.extend([&b"PK\x06\x07"[..], &[0; 4], &at.to_le_bytes(), &1u32.to_le_bytes()].concat());
    change(&mut zip64);
    [bytes, zip64, end(record)].concat()
}

#[test]
fn the_directory_ends_at_the_end_record_and_starts_where_it_says() {
    open(wheel("A")).unwrap();
    let first = wheel("A");
    refused([first.clone(), wheel("B")].concat(), "does not end where its end record begins");
    let offset = read_word(&first, OFFSET);
    refused(word(first.clone(), OFFSET, 0x7fff_ffff), "does not end where");
    refused(word(first.clone(), OFFSET, offset - 1), "does not end where");
    refused(word(first.clone(), SIZE, 0), "does not end where");
    // It ends there, but begins in the middle of something.
    let shifted = word(word(first.clone(), OFFSET, offset + 1), SIZE, read_word(&first, SIZE) - 1);
    assert!(matches!(open(shifted), Err(WheelError::DamagedZip(_))));
    // An end record of no size behind the archive, and one behind its own directory.
    let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    refused([first.clone(), empty.clone()].concat(), "does not end where its end record begins");
    let length = u32::try_from(first.len()).unwrap();
    refused(word([first, empty].concat(), OFFSET, length), "local file header missing");
}

#[test]
fn disks_and_counts_are_those_of_one_whole_archive() {
    for field in [DISK, DIRECTORY_DISK] {
        refused(half(wheel("A"), field, 1), "one of several disks");
    }
    for field in [ENTRIES_HERE, ENTRIES] {
        refused(half(wheel("A"), field, 77), "two different numbers of members");
    }
    for count in [4, 6] {
        let both = half(half(wheel("A"), ENTRIES_HERE, count), ENTRIES, count);
        assert!(matches!(open(both), Err(WheelError::DamagedZip(_))), "{count}");
    }
}

#[test]
fn the_comment_ends_with_the_file_and_holds_no_end_record() {
    let with = |comment: &[u8]| {
        let mut zip = RawZip::wheel();
        zip.comment = comment.to_vec();
        zip.finish()
    };
    open(with(b"hello")).unwrap();
    open(with(&[b'x'; 0xffff])).unwrap();
    refused(half(wheel("A"), COMMENT, 500), "longer than the file");
    refused([wheel("A"), b"x".to_vec()].concat(), "1 bytes follow its end record");
    refused([half(wheel("A"), COMMENT, 3), b"four".to_vec()].concat(), "1 bytes follow its end record");
    refused(with(b"PK\x05\x06"), "signature of another end record");
    // uv takes none of the bytes that every header has.
    for byte in 1..=8 {
        refused(with(&[b'a', byte, b'b']), "bytes of headers");
    }
    open(with(b"\0\t\n\x7f\xff")).unwrap();
    refused(with(&wheel("B")), "does not end where its end record begins");
    refused(with(&half(wheel("B"), COMMENT, 3)), "longer than the file");
    // Behind what readers look at there is none.
    assert!(matches!(open([wheel("A"), vec![0; 1 << 17]].concat()), Err(WheelError::Truncated)));
}

#[test]
fn a_zip64_end_record_agrees_and_is_needed() {
    let asks = |record: Vec<u8>| word(record, OFFSET, u32::MAX);
    open(with_zip64(|_| (), asks)).unwrap();
    open(with_zip64(|_| (), |record| half(record, ENTRIES, u16::MAX))).unwrap();
    refused(with_zip64(|_| (), |record| record), "ZIP64 end record that it does not need");
    // Its own length, disks, counts, size and offset, then the locator's disk, offset and number of disks.
    for at in [4, 16, 20, 24, 32, 40, 48, 60, 64, 72] {
        let error = open(with_zip64(|zip64| zip64[at] ^= 2, asks)).unwrap_err();
        assert!(matches!(error, WheelError::DamagedZip(_)), "{at}: {error}");
    }
    let lost = with_zip64(|zip64| zip64[0] = b'-', asks);
    refused(lost, "ZIP64 end record does not agree");
    let not_located = with_zip64(|zip64| zip64[56] = b'-', asks);
    refused(not_located, "does not end where its end record begins");
    refused(with_zip64(|_| (), |record| asks(half(record, ENTRIES, 4))), "ZIP64 end record does not agree");
}

/// Whoever reads the file from its start finds the first member there.
#[test]
fn nothing_is_before_the_first_member() {
    for prefix in [b"#!/bin/sh\n".to_vec(), wheel("B")] {
        let mut bytes = wheel("A");
        let (directory, by) = (read_word(&bytes, OFFSET), u32::try_from(prefix.len()).unwrap());
        refused([prefix.clone(), bytes.clone()].concat(), "does not end where its end record begins");
        // The same with offsets that count from the start of the file.
        let mut at = directory as usize;
        while bytes[at..].starts_with(b"PK\x01\x02") {
            let length =
                |field: usize| usize::from(u16::from_le_bytes([bytes[at + field], bytes[at + field + 1]]));
            let next = at + 46 + length(28) + length(30) + length(32);
            let offset = u32::from_le_bytes(bytes[at + 42..at + 46].try_into().unwrap());
            bytes[at + 42..at + 46].copy_from_slice(&(offset + by).to_le_bytes());
            at = next;
        }
        refused([prefix, word(bytes, OFFSET, directory + by)].concat(), "bytes are before its first member");
    }
}
