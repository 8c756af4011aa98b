//! The checksums of a file in the archive and in `RECORD`.

use sha2::{Digest as _, Sha256};

use crate::wheel::metadata::digest::Sha256Digest;

/// The CRC-32 and SHA-256 of bytes that arrive in pieces.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    crc32: crc32fast::Hasher,
    sha256: Sha256,
}

impl Sums {
    /// Both checksums of all bytes.
    pub(crate) fn of(bytes: &[u8]) -> (u32, Sha256Digest) {
        /// Small enough to still be in the cache for the second checksum.
        const PIECE: usize = 64 << 10;
        let mut sums = Self::default();
        bytes.chunks(PIECE).for_each(|piece| sums.add(piece));
        sums.finish()
    }

    /// Adds the next piece.
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.crc32.update(piece);
        self.sha256.update(piece);
    }

    pub(crate) fn finish(self) -> (u32, Sha256Digest) {
        (self.crc32.finalize(), Sha256Digest::from_bytes(self.sha256.finalize().into()))
    }
}
