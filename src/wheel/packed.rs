//! The compressed form of one file.

use crate::deflate;

use super::digest::Sha256Digest;
use super::member::Method;

/// A file as it lies in an archive, with what the archive and `RECORD` say of it. It depends on the bytes and the level
/// only, so the same library need not be compressed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub(super) method: Method,
    pub(super) compressed: Vec<u8>,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) sha256: Sha256Digest,
}

impl Packed {
    /// Compresses bytes, on all threads. Level 0 stores them; more than 9 is 9.
    #[must_use]
    pub fn new(bytes: Vec<u8>, level: u32) -> Self {
        let ((crc32, sha256), compressed) = rayon::join(
            || (crc32(&bytes), Sha256Digest::of(&bytes)),
            || (level > 0).then(|| deflate::compress(&bytes, level)),
        );
        let size = bytes.len() as u64;
        match compressed {
            None => Self { method: Method::Stored, compressed: bytes, crc32, size, sha256 },
            Some(compressed) => Self { method: Method::Deflated, compressed, crc32, size, sha256 },
        }
    }

    /// Like [`Packed::new`] for bytes that differ a little from those that `stream` inflates to: the same stream where
    /// nothing changed, for any level that compresses.
    pub(super) fn spliced(bytes: &[u8], stream: &[u8], old: &deflate::Inflated, level: u32) -> Option<Self> {
        /// From here on somebody asked for the smallest result and not for the fastest.
        const SMALLEST: u32 = 7;
        if level == 0 || level >= SMALLEST {
            return None;
        }
        let ((crc32, sha256), compressed) = rayon::join(
            || (crc32(bytes), Sha256Digest::of(bytes)),
            || deflate::splice(stream, old, bytes, level),
        );
        let (method, size) = (Method::Deflated, bytes.len() as u64);
        compressed.map(|compressed| Self { method, compressed, crc32, size, sha256 })
    }

    /// The size of the file, inflated.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The size of the file in the archive.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        self.compressed.len() as u64
    }
}

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
