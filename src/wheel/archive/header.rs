//! Headers of members: the fields that the local header and the directory entry have in common.

use std::io::{self, Read};

use super::error::MemberRule;

/// General purpose flags (APPNOTE 4.4.4).
pub(super) const ENCRYPTED: u16 = 1;
pub(super) const DESCRIPTOR: u16 = 1 << 3;
pub(super) const UTF8: u16 = 1 << 11;
/// The compression level, which no reader uses.
const EFFORT: u16 = 0b110;
/// The value of a 32-bit field that refers to the ZIP64 extra field (APPNOTE 4.5.3).
pub(super) const IN_ZIP64: u32 = u32::MAX;

/// Fields of a directory entry that the zip crate does not expose.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) version: u16,
    pub(super) mode: u32,
    pub(super) decorated: bool,
    /// Whether its ZIP64 field has other numbers than the entry requires; or the error in its extra fields.
    pub(super) irregular_zip64: Result<bool, MemberRule>,
}

/// Little-endian numbers at fixed places of a header.
pub(super) struct Header<const N: usize>([u8; N]);

impl<const N: usize> Header<N> {
    pub(super) fn read(reader: &mut impl Read) -> io::Result<Self> {
        let mut bytes = [0; N];
        reader.read_exact(&mut bytes)?;
        Ok(Self(bytes))
    }

    fn number(&self, at: usize, width: usize) -> u32 {
        let bytes = self.0.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
    }

    pub(super) fn half(&self, at: usize) -> u16 {
        u16::try_from(self.number(at, 2)).unwrap_or_default()
    }

    pub(super) fn word(&self, at: usize) -> u32 {
        self.number(at, 4)
    }
}

/// Refuses headers with requirements that installers do not support: encryption and patches (flag bits 5 and
/// 6), undefined flags, and newer versions of the format.
pub(super) fn check_demands(flags: u16, version: u16) -> Result<(), MemberRule> {
    /// `MAX_EXTRACT_VERSION` of Python's `zipfile`, which is compared with the lower byte only.
    const NEWEST: u8 = 63;
    if flags & ENCRYPTED != 0 {
        return Err(MemberRule::Encrypted);
    }
    let unknown = flags & !(EFFORT | DESCRIPTOR | UTF8);
    if unknown != 0 {
        return Err(MemberRule::Flags(unknown));
    }
    match version.to_le_bytes() {
        [version, _] if version > NEWEST => {
            Err(MemberRule::Version { tens: version / 10, ones: version % 10 })
        }
        _ => Ok(()),
    }
}

/// The ZIP64 field among the extra fields of a header.
pub(super) struct Zip64Field<'a>(Option<&'a [u8]>);

impl<'a> Zip64Field<'a> {
    /// Finds the field. Remaining bytes that are too short for a field are padding.
    pub(super) fn find(mut extra: &'a [u8]) -> Result<Self, MemberRule> {
        const ZIP64: [u8; 2] = [1, 0];
        let mut found = None;
        while let Some((&[id, id_high, length, length_high], rest)) = extra.split_first_chunk() {
            let length = usize::from(u16::from_le_bytes([length, length_high]));
            let (field, rest) = rest
                .split_at_checked(length)
                .ok_or(MemberRule::ExtraField("one is longer than all of them"))?;
            if [id, id_high] == ZIP64 && found.replace(field).is_some() {
                return Err(MemberRule::ExtraField("two have the same sizes"));
            }
            extra = rest;
        }
        Ok(Self(found))
    }

    /// The values of these header fields, in order: from the ZIP64 field if the header refers to it. `None`
    /// if the ZIP64 field is too short.
    pub(super) fn resolve<const N: usize>(&self, fields: [u32; N]) -> Option<[u64; N]> {
        let mut rest = self.0.unwrap_or_default();
        let mut numbers = fields.map(u64::from);
        for number in numbers.iter_mut().filter(|number| **number == u64::from(IN_ZIP64)) {
            let (bytes, behind) = rest.split_first_chunk()?;
            (*number, rest) = (u64::from_le_bytes(*bytes), behind);
        }
        Some(numbers)
    }

    /// The number of values it has; `None` if its length is not a multiple of their size.
    pub(super) fn numbers(&self) -> Option<usize> {
        self.0.map(<[u8]>::len).filter(|length| length % 8 == 0).map(|length| length / 8)
    }

    /// Whether it exists and has other values than these fields require. Installers interpret its length in
    /// different ways.
    pub(super) fn is_irregular(&self, fields: &[u32]) -> bool {
        let asked = 8 * fields.iter().filter(|field| **field == IN_ZIP64).count();
        self.0.is_some_and(|field| field.len() != asked)
    }
}
