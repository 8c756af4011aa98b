//! Headers of members: the fields that the local header and the entry of the directory have in common.

use std::io::{self, Read};

use super::error::MemberRule;

/// General purpose flags (APPNOTE 4.4.4).
pub(super) const ENCRYPTED: u16 = 1;
pub(super) const DESCRIPTOR: u16 = 1 << 3;
pub(super) const UTF8: u16 = 1 << 11;
/// How hard deflate tried, which no reader asks for.
const EFFORT: u16 = 0b110;
/// A 32-bit field that is to be looked up in the ZIP64 extra field (APPNOTE 4.5.3).
pub(super) const IN_ZIP64: u32 = u32::MAX;

/// What is held against the local header of an entry of the directory, and what the zip crate does not hand out about it: the
/// version as it is stated, and the extra fields as they are.
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) version: u16,
    pub(super) decorated: bool,
    /// Whether its ZIP64 field has other numbers than those that the entry asks for; or what is wrong with its extra fields.
    pub(super) odd_zip64: Result<bool, MemberRule>,
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

/// Refuses what a header asks of its reader and installers do not know: flags of encryption and patches (bits 5 and 6) and
/// those without a meaning, and versions of the format.
pub(super) fn check_demands(flags: u16, version: u16) -> Result<(), MemberRule> {
    /// `MAX_EXTRACT_VERSION` of Python's `zipfile`, which looks at the lower byte only.
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
    /// Finds it. Fewer bytes at the end than a field has are padding.
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

    /// The numbers that stand for fields of the header, in their order: those of the ZIP64 field for the fields that say so.
    /// None where the ZIP64 field is too short.
    pub(super) fn resolve<const N: usize>(&self, fields: [u32; N]) -> Option<[u64; N]> {
        let mut rest = self.0.unwrap_or_default();
        let mut numbers = fields.map(u64::from);
        for number in numbers.iter_mut().filter(|number| **number == u64::from(IN_ZIP64)) {
            let (bytes, behind) = rest.split_first_chunk()?;
            (*number, rest) = (u64::from_le_bytes(*bytes), behind);
        }
        Some(numbers)
    }

    /// How many numbers it has, if it has whole ones.
    pub(super) fn numbers(&self) -> Option<usize> {
        self.0.map(<[u8]>::len).filter(|length| length % 8 == 0).map(|length| length / 8)
    }

    /// Whether it is there and has other numbers than those that these fields ask for. Installers go by its length in
    /// different ways.
    pub(super) fn is_odd(&self, fields: &[u32]) -> bool {
        let asked = 8 * fields.iter().filter(|field| **field == IN_ZIP64).count();
        self.0.is_some_and(|field| field.len() != asked)
    }
}
