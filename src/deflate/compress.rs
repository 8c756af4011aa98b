//! Compression, by libdeflate.

use libdeflater::{CompressionLvl, Compressor};
use rayon::prelude::*;

use super::bits::BitWriter;
use super::blocks::{blocks, write_stored};
use super::sized;

/// The piece that one thread compresses at a time. Matches do not cross the border of a piece, which costs
/// some kilobytes each.
const PIECE: usize = sized(1 << 20, 1 << 18);

/// Compresses bytes on all threads; level 0 stores them, 9 is the slowest. The result depends only on the
/// arguments.
pub(crate) fn compress(bytes: &[u8], level: u32) -> Vec<u8> {
    if level == 0 || bytes.len() <= PIECE {
        return compress_piece(bytes, level);
    }
    let count = bytes.len().div_ceil(PIECE);
    let pieces = bytes.par_chunks(PIECE).enumerate().with_max_len(1).map(|(index, piece)| {
        let stream = compress_piece(piece, level);
        if index + 1 == count { Some(stream) } else { without_end(stream, piece.len()) }
    });
    let pieces: Option<Vec<Vec<u8>>> = pieces.collect();
    pieces.map_or_else(|| compress_piece(bytes, level), |pieces| pieces.concat())
}

fn compress_piece(bytes: &[u8], level: u32) -> Vec<u8> {
    if level > 0
        && let Ok(level) = CompressionLvl::new(level.min(9) as i32)
    {
        let mut compressor = Compressor::new(level);
        let mut stream = vec![0; compressor.deflate_compress_bound(bytes.len())];
        if let Ok(size) = compressor.deflate_compress(bytes, &mut stream) {
            // Copied, so that the untouched part of the allocation is freed at once.
            return stream.get(..size).unwrap_or_default().to_vec();
        }
    }
    let mut out = BitWriter::with_capacity(bytes.len() + bytes.len() / 1024 + 16);
    write_stored(&mut out, bytes, true);
    out.finish()
}

/// Makes a stream of `size` bytes that another can follow: clears the final flag of its last block, and adds
/// an empty stored block, which ends at a byte.
fn without_end(mut stream: Vec<u8>, size: usize) -> Option<Vec<u8>> {
    let blocks = blocks(&stream, size)?;
    let last = blocks.last()?;
    let byte = stream.get_mut(usize::try_from(last.bits.0 / 8).ok()?)?;
    *byte &= !(1 << (last.bits.0 % 8));
    // A block starts with three bits. The rest of the last byte is zero.
    let end = usize::try_from((last.bits.1 + 3).div_ceil(8)).ok()?;
    stream.resize(end, 0);
    stream.extend([0, 0, 0xff, 0xff]);
    Some(stream)
}
