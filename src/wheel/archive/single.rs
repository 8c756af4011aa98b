//! A zip archive with one member: the zip crate copies compressed data only from another archive.

use std::io::{self, Read, Seek, SeekFrom};

use zip::result::ZipError;

use super::member::Method;
use super::time::DosTime;

/// The fields of the only member. Its name is copied byte for byte from the original archive.
pub(super) struct Single<'a> {
    pub(super) name: &'a [u8],
    pub(super) method: Method,
    pub(super) modified: DosTime,
    pub(super) crc32: u32,
    pub(super) size: u64,
    /// Version and system that made it (APPNOTE 4.4.2).
    pub(super) made_by: [u8; 2],
    /// Permissions (APPNOTE 4.4.15).
    pub(super) attributes: u32,
}

impl Single<'_> {
    /// The archive: no comment, no extra fields.
    pub(super) fn archive<'c>(&self, compressed: &'c [u8]) -> Result<Archive<'c>, ZipError> {
        /// Signature, version needed (APPNOTE 4.4.3: 2.0 has deflate and directories).
        const LOCAL: [u8; 6] = *b"PK\x03\x04\x14\x00";
        const CENTRAL: [u8; 4] = *b"PK\x01\x02";
        const END: [u8; 4] = *b"PK\x05\x06";
        const UTF8: u16 = 1 << 11;
        let too_large = |_| ZipError::UnsupportedArchive("member too large");
        let compressed_size = u32::try_from(compressed.len()).map_err(too_large)?;
        let size = u32::try_from(self.size).map_err(too_large)?;
        let name_length = u16::try_from(self.name.len()).map_err(too_large)?;
        let flags = if self.name.is_ascii() { 0 } else { UTF8 };
        let method: u16 = if self.method == Method::Stored { 0 } else { 8 };
        let time = self.modified.to_zip();

        // From the flags to the length of the name, local header and directory entry are the same.
        let mut common = Vec::with_capacity(22);
        for half in [flags, method, time.timepart(), time.datepart()] {
            common.extend(half.to_le_bytes());
        }
        for word in [self.crc32, compressed_size, size] {
            common.extend(word.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());

        let before = [&LOCAL[..], &common, &[0; 2], self.name].concat();
        let directory = u32::try_from(before.len() + compressed.len()).map_err(too_large)?;
        let entry = [&CENTRAL[..], &self.made_by, &LOCAL[4..], &common, &[0; 8]].concat();
        let entry = [&entry[..], &self.attributes.to_le_bytes(), &[0; 4], self.name].concat();
        let length = u32::try_from(entry.len()).map_err(too_large)?;
        let end = [&END[..], &[0, 0, 0, 0, 1, 0, 1, 0], &length.to_le_bytes(), &directory.to_le_bytes()];
        let after = [&entry[..], &end.concat(), &[0; 2]].concat();
        Ok(Archive { before, compressed, after, position: 0 })
    }
}

/// The bytes of the archive; the data of the member is borrowed, not copied.
pub(super) struct Archive<'c> {
    before: Vec<u8>,
    compressed: &'c [u8],
    after: Vec<u8>,
    position: u64,
}

impl Read for Archive<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut at = usize::try_from(self.position).unwrap_or(usize::MAX);
        for part in [&self.before[..], self.compressed, &self.after] {
            if let Some(mut rest) = part.get(at..).filter(|rest| !rest.is_empty()) {
                let count = rest.read(buffer)?;
                self.position += count as u64;
                return Ok(count);
            }
            at -= part.len();
        }
        Ok(0)
    }
}

impl Seek for Archive<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.before.len() + self.compressed.len() + self.after.len();
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => (length as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
