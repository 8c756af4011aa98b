//! An archive with one member: the zip crate copies compressed bytes, and takes them from nowhere but an archive.

use zip::result::ZipError;

use super::member::Method;
use super::time::DosTime;

/// What the one member is. Its name is that of the archive it comes from, byte for byte.
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
    pub(super) fn archive(&self, compressed: &[u8]) -> Result<Vec<u8>, ZipError> {
        /// Signature, version needed (APPNOTE 4.4.3: 2.0 has deflate and directories).
        const LOCAL: [u8; 6] = *b"PK\x03\x04\x14\x00";
        const CENTRAL: [u8; 4] = *b"PK\x01\x02";
        const END: [u8; 4] = *b"PK\x05\x06";
        const UTF8: u16 = 1 << 11;
        /// Both headers and the end of the directory, without names.
        const HEADERS: usize = 30 + 46 + 22;
        let too_large = |_| ZipError::UnsupportedArchive("member too large");
        let compressed_size = u32::try_from(compressed.len()).map_err(too_large)?;
        let size = u32::try_from(self.size).map_err(too_large)?;
        let name_length = u16::try_from(self.name.len()).map_err(too_large)?;
        let flags = if self.name.is_ascii() { 0 } else { UTF8 };
        let method: u16 = if self.method == Method::Stored { 0 } else { 8 };
        let time = self.modified.to_zip();

        // From the flags to the length of the name, local header and directory entry are alike.
        let mut common = Vec::with_capacity(22);
        for half in [flags, method, time.timepart(), time.datepart()] {
            common.extend(half.to_le_bytes());
        }
        for word in [self.crc32, compressed_size, size] {
            common.extend(word.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());

        let mut bytes = Vec::with_capacity(HEADERS + 2 * self.name.len() + compressed.len());
        for part in [&LOCAL[..], &common, &[0; 2], self.name, compressed] {
            bytes.extend_from_slice(part);
        }
        let directory = u32::try_from(bytes.len()).map_err(too_large)?;
        for part in [&CENTRAL[..], &self.made_by, &LOCAL[4..], &common, &[0; 8]] {
            bytes.extend_from_slice(part);
        }
        bytes.extend(self.attributes.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend_from_slice(self.name);
        let length = u32::try_from(bytes.len()).map_err(too_large)? - directory;
        bytes.extend([&END[..], &[0, 0, 0, 0, 1, 0, 1, 0]].concat());
        bytes.extend(length.to_le_bytes());
        bytes.extend(directory.to_le_bytes());
        bytes.extend([0; 2]);
        Ok(bytes)
    }
}
