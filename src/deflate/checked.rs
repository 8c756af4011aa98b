//! What is compressed here is inflated again by another implementation, before anybody else sees it.

use std::io::Write as _;

use flate2::{Compression, Decompress, FlushDecompress, Status};
use rayon::prelude::*;

use super::bits::BitWriter;
use super::block::write_stored;
use super::token::WINDOW;

/// Whether a stream inflates to exactly `bytes` where `before` comes before it, and ends where its bytes end: with the
/// last block of a stream if it is the `last` part of one, else on a whole byte between two blocks.
pub(super) fn inflates_to(stream: &[u8], before: &[u8], bytes: &[u8], last: bool) -> bool {
    /// Large enough that comparing costs nothing beside inflating, small enough for the cache.
    const CHUNK: usize = 64 << 10;
    let mut decoder = Decompress::new(false);
    let window = before.get(before.len().saturating_sub(WINDOW)..).unwrap_or_default();
    if !window.is_empty() && decoder.set_dictionary(window).is_err() {
        return false;
    }
    let mut chunk = vec![0; CHUNK];
    let (mut rest, mut wanted) = (stream, bytes);
    loop {
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let Ok(status) = decoder.decompress(rest, &mut chunk, FlushDecompress::None) else { return false };
        let (read, written) =
            ((decoder.total_in() - read) as usize, (decoder.total_out() - written) as usize);
        match (chunk.get(..written), rest.get(read..)) {
            (Some(found), Some(after)) if wanted.starts_with(found) => {
                (rest, wanted) = (after, wanted.get(written..).unwrap_or_default());
            }
            _ => return false,
        }
        let all = rest.is_empty() && wanted.is_empty();
        match status {
            Status::StreamEnd => return last && all,
            // Nothing is left to be done, and the last block has not come.
            _ if read == 0 && written == 0 => return !last && all,
            _ => {}
        }
    }
}

/// Where a block begins: its first bit in the stream, and its first byte of what the stream inflates to.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockStart {
    pub(super) bit: u64,
    pub(super) byte: usize,
}

/// Whether a whole stream inflates to exactly `bytes`, on all threads: parts that begin where a block does, by `starts`,
/// are inflated side by side. Each gets the right bytes before it, so that they are right together if each is.
pub(super) fn inflates_in_parts(stream: &[u8], starts: &[BlockStart], bytes: &[u8]) -> bool {
    /// What a part has at least, but for the last.
    const PART: usize = if cfg!(test) { 16 << 10 } else { 4 << 20 };
    let mut parts = vec![BlockStart { bit: 0, byte: 0 }];
    let mut next = PART;
    // At an odd place in a byte no part can begin, see below.
    for start in starts.iter().filter(|start| start.bit % 2 == 0) {
        if start.byte >= next {
            parts.push(*start);
            next = start.byte + PART;
        }
    }
    if parts.len() == 1 {
        return inflates_to(stream, &[], bytes, true);
    }
    parts.push(BlockStart { bit: stream.len() as u64 * 8, byte: bytes.len() });
    parts.par_windows(2).with_max_len(1).all(|pair| {
        let [start, end] = pair else { return false };
        let last = end.bit == stream.len() as u64 * 8;
        let Some((before, here)) = bytes.get(..end.byte).and_then(|bytes| bytes.split_at_checked(start.byte))
        else {
            return false;
        };
        // Stored blocks begin on a byte, so the part has to lie in its bytes as it does in the stream: behind empty
        // blocks with fixed codes, each of ten bits.
        let mut part = BitWriter::with_capacity(((end.bit - start.bit) / 8) as usize + 16);
        for _ in 0..start.bit % 8 / 2 {
            part.put(0b10, 10);
        }
        part.copy(stream, start.bit, end.bit);
        if !last {
            write_stored(&mut part, &[], false);
        }
        inflates_to(&part.finish(), before, here, last)
    })
}

/// The stream of the other implementation, which is used should a mistake here be found so late.
pub(super) fn by_zlib_rs(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(level.min(9)));
    // Writing to memory does not fail; an empty stream would be caught when the archive is read.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_right_only_where_it_says_exactly_the_bytes() {
        let bytes = b"what goes into a wheel is verified after it is written".repeat(100);
        let right = by_zlib_rs(&bytes, 6);
        assert!(inflates_to(&right, &[], &bytes, true));
        assert!(!inflates_to(&right, &[], &bytes, false));
        assert!(!inflates_to(&right, &[], &bytes[1..], true));
        assert!(!inflates_to(&right, &[], &bytes[..bytes.len() - 1], true));
        assert!(!inflates_to(&right[..right.len() / 2], &[], &bytes, true));
        assert!(!inflates_to(&[right.clone(), vec![0]].concat(), &[], &bytes, true));
        assert!(!inflates_to(&[0xff; 100], &[], &bytes, true));
    }

    #[test]
    fn parts_are_right_only_where_all_are() {
        // What does not compress is stored, so that blocks of all kinds follow each other at all places in a byte.
        let mut state = 1u64;
        let mut bytes = Vec::new();
        for piece in 0..300 {
            for _ in 0..4000 + piece * 7 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes.push(if piece % 3 == 0 { (state >> 56) as u8 } else { b'a' + (state >> 62) as u8 });
            }
        }
        let stream = by_zlib_rs(&bytes, 6);
        let blocks = super::super::inflate::inflate(&stream, bytes.len(), |_| ()).unwrap().blocks;
        let starts: Vec<BlockStart> =
            blocks.iter().map(|block| BlockStart { bit: block.bits.0, byte: block.bytes.0 }).collect();
        for place in [2, 4, 6] {
            assert!(starts.iter().any(|start| start.bit % 8 == place), "{place}");
        }
        assert!(inflates_in_parts(&stream, &starts, &bytes));
        assert!(!inflates_in_parts(&stream[..stream.len() - 1], &starts, &bytes));
        for at in (0..bytes.len()).step_by(33_331) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(!inflates_in_parts(&stream, &starts, &other), "{at}");
        }
        for at in (0..stream.len()).step_by(33_331) {
            let mut damaged = stream.clone();
            damaged[at] ^= 16;
            assert!(!inflates_in_parts(&damaged, &starts, &bytes), "{at}");
        }
        let shifted: Vec<BlockStart> =
            starts.iter().map(|start| BlockStart { byte: start.byte + 1, ..*start }).collect();
        assert!(!inflates_in_parts(&stream, &shifted, &bytes));
    }
}
