//! The compressed form of one file.

use std::convert::Infallible;

use crate::deflate;

use super::member::Method;
use super::sums::Sums;
use crate::wheel::metadata::digest::Sha256Digest;

/// A compressed file with the values that the archive and `RECORD` need. It depends only on the bytes and the
/// level, so the same library is compressed only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    pub(super) method: Method,
    pub(super) compressed: Vec<u8>,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) sha256: Sha256Digest,
}

/// The first line of a cached file.
const FORMAT: &[u8] = b"muslrepair graft 1\n";

impl Packed {
    /// Compresses bytes on all threads. Level 0 stores them; levels above 9 count as 9.
    #[must_use]
    pub fn new(bytes: Vec<u8>, level: u32) -> Self {
        if level == 0 {
            let ((crc32, sha256), size) = (Sums::of(&bytes), bytes.len() as u64);
            return Self { method: Method::Stored, compressed: bytes, crc32, size, sha256 };
        }
        let deflated = Self::deflated(&bytes, || Ok::<_, Infallible>(deflate::compress(&bytes, level)));
        match deflated {
            Ok(packed) => packed,
            Err(never) => match never {},
        }
    }

    /// Like [`Packed::new`], for a stream that `deflate` makes in parallel and that inflates to these bytes.
    pub(super) fn deflated<E: Send>(
        bytes: &[u8],
        deflate: impl FnOnce() -> Result<Vec<u8>, E> + Send,
    ) -> Result<Self, E> {
        let ((crc32, sha256), compressed) = rayon::join(|| Sums::of(bytes), deflate);
        let (method, size) = (Method::Deflated, bytes.len() as u64);
        compressed.map(|compressed| Self { method, compressed, crc32, size, sha256 })
    }

    /// All fields, as a file for [`Packed::from_bytes`]: a line that names the format, the SHA-256 of the
    /// rest, the compression method (one byte), the CRC-32 and the size of the file (little-endian), its
    /// SHA-256, and the stream.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut rest = vec![u8::from(self.method == Method::Deflated)];
        rest.extend(self.crc32.to_le_bytes());
        rest.extend(self.size.to_le_bytes());
        rest.extend(self.sha256.as_bytes());
        rest.extend(&self.compressed);
        [FORMAT, Sha256Digest::of(&rest).as_bytes(), &rest].concat()
    }

    /// Reads the output of [`Packed::to_bytes`]; `None` if the bytes are damaged or incomplete.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (digest, rest) = bytes.strip_prefix(FORMAT)?.split_first_chunk::<32>()?;
        if Sha256Digest::of(rest) != Sha256Digest::from_bytes(*digest) {
            return None;
        }
        let (method, rest) = rest.split_first()?;
        let (crc32, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (sha256, compressed) = rest.split_first_chunk::<32>()?;
        Some(Self {
            method: if *method == 0 { Method::Stored } else { Method::Deflated },
            compressed: compressed.to_vec(),
            crc32: u32::from_le_bytes(*crc32),
            size: u64::from_le_bytes(*size),
            sha256: Sha256Digest::from_bytes(*sha256),
        })
    }

    /// Whether it inflates to a file with the stated size, CRC and hash.
    pub(crate) fn is_sound(&self) -> bool {
        let stated = (self.crc32, self.sha256);
        let Ok(size) = usize::try_from(self.size) else { return false };
        match self.method {
            Method::Stored => self.compressed.len() == size && Sums::of(&self.compressed) == stated,
            Method::Deflated => {
                let mut sums = Sums::default();
                let stream = self.compressed.as_slice();
                let inflated = deflate::inflate(stream, stream.len() as u64, size, |piece| sums.add(piece));
                inflated.is_ok() && sums.finish() == stated
            }
        }
    }

    /// The inflated size.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The compressed size.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        self.compressed.len() as u64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_inflate_to_its_stated_sums_is_not_sound() {
        for level in [0, 6] {
            let packed = Packed::new(b"held against its hash".repeat(20), level);
            assert!(packed.is_sound());
            let other = Packed::new(b"held against its hush".repeat(20), level);
            let forged = [
                Packed { compressed: other.compressed.clone(), ..packed.clone() },
                Packed { compressed: b"\x07damaged".to_vec(), ..packed.clone() },
                Packed { size: packed.size + 1, ..packed.clone() },
                Packed { crc32: packed.crc32 ^ 1, ..packed.clone() },
                Packed { sha256: other.sha256, ..packed },
            ];
            assert!(forged.iter().all(|forged| !forged.is_sound()));
        }
    }

    #[test]
    fn cached_files_are_read_again_and_damage_is_detected() {
        for level in [0, 6] {
            let packed = Packed::new(b"the same library need not be compressed twice".repeat(20), level);
            let bytes = packed.to_bytes();
            assert_eq!(Packed::from_bytes(&bytes), Some(packed));
            for cut in 0..bytes.len() {
                assert_eq!(Packed::from_bytes(&bytes[..cut]), None);
            }
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert_eq!(Packed::from_bytes(&damaged), None, "{at}");
            }
        }
    }
}
