//! The compressed form of one file.

use std::io::{Read as _, Write as _};

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
            || (level > 0).then(|| checked(deflate::compress(&bytes, level), &bytes, level)),
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
            || deflate::splice(stream, old, bytes, level).map(|spliced| checked(spliced, bytes, level)),
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

/// The stream if another implementation reads `bytes` from it, else that implementation's own stream: what goes into a
/// wheel is verified after it is written.
fn checked(compressed: Vec<u8>, bytes: &[u8], level: u32) -> Vec<u8> {
    if inflates_to(&compressed, bytes) {
        return compressed;
    }
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level.min(9)));
    // Writing to memory does not fail; an empty stream would be caught when the archive is read.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Whether a deflate stream inflates to exactly these bytes, and ends where its bytes end.
fn inflates_to(compressed: &[u8], bytes: &[u8]) -> bool {
    /// Large enough that comparing costs nothing beside inflating.
    const CHUNK: usize = 64 << 10;
    let mut decoder = flate2::bufread::DeflateDecoder::new(compressed);
    let mut chunk = vec![0; CHUNK];
    let mut rest = bytes;
    loop {
        match decoder.read(&mut chunk) {
            Ok(0) => return rest.is_empty() && decoder.into_inner().is_empty(),
            Ok(count) => match (chunk.get(..count), rest.split_at_checked(count)) {
                (Some(found), Some((wanted, after))) if found == wanted => rest = after,
                _ => return false,
            },
            Err(_) => return false,
        }
    }
}

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_reads_differently_is_replaced_by_one_that_reads_right() {
        let bytes = b"what goes into a wheel is verified after it is written".repeat(100);
        let right = deflate::compress(&bytes, 6);
        assert!(inflates_to(&right, &bytes));
        assert_eq!(checked(right.clone(), &bytes, 6), right);
        let mut wrong = deflate::compress(&bytes[1..], 6);
        assert!(!inflates_to(&wrong, &bytes));
        assert!(inflates_to(&checked(wrong.clone(), &bytes, 6), &bytes));
        wrong.truncate(wrong.len() / 2);
        assert!(inflates_to(&checked(wrong, &bytes, 6), &bytes));
        let mut longer = right;
        longer.push(0);
        assert!(!inflates_to(&longer, &bytes));
    }
}
