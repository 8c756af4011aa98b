//! What is compressed here is inflated again before anybody sees it.

use std::io::Write as _;
use std::ops::Range;

use flate2::Compression;
use rayon::prelude::*;

use super::bits::BitReader;
use super::inflate::Inflater;
use super::input::AtHand;
use super::sized;
use super::token::WINDOW;

/// A place between two blocks: a bit of the stream, and the byte that comes next of what the stream inflates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bit: u64,
    pub(super) byte: usize,
}

/// Whether the blocks between two places of a stream inflate to exactly the bytes between them, where what comes before
/// is right, and whether the stream ends there if these are the `last` blocks, and only then.
pub(super) fn is_right(stream: &[u8], from: Place, to: Place, last: bool, bytes: &[u8]) -> bool {
    /// Small enough for the cache, and so large that the window before it, which is copied, is little beside it.
    const CHUNK: usize = sized(256 << 10, 4 << 10, 4 << 10);
    /// A chunk may end with a match that goes on behind it.
    const ROOM: usize = 512;
    let chunk = CHUNK.min(to.byte.saturating_sub(from.byte));
    let mut scratch = vec![0; WINDOW + chunk + ROOM];
    let mut inflater = Inflater::between(from.bit..to.bit);
    let stream = AtHand::all(stream);
    let mut at = from.byte;
    while inflater.ended().is_none() {
        let Some((before, wanted)) = bytes.split_at_checked(at) else { return false };
        let (before, window) = before.split_at(at.saturating_sub(WINDOW));
        let Some(room) = scratch.get_mut(..window.len()) else { return false };
        room.copy_from_slice(window);
        let pause = window.len() + chunk.max(1);
        let Ok(end) = inflater.go_on(stream, before, &mut scratch, window.len(), pause) else { return false };
        match scratch.get(window.len()..end) {
            Some(found) if wanted.starts_with(found) => at += found.len(),
            _ => return false,
        }
    }
    at == to.byte && inflater.position() == to.bit && inflater.ended() == Some(last)
}

/// A block of a stream that was made from another stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spliced {
    pub(super) place: Place,
    /// Where it begins in the other, if it is there as it is, and if no byte of it, nor of the window before it, became
    /// another.
    pub(super) copied_from: Option<u64>,
}

/// Whether a whole stream, of these blocks, of which the last ends at `end`, inflates to exactly `bytes`, on all threads.
/// Each part gets the right bytes before it, so that they are right together if each is.
///
/// A block that was copied is right if its bits are those of the other stream, which inflated to these bytes behind the
/// same window. What was not copied is inflated, and one block more: to see that it begins where it should.
pub(super) fn is_spliced_right(
    stream: &[u8],
    blocks: &[Spliced],
    end: Place,
    other: &[u8],
    bytes: &[u8],
) -> bool {
    if end.byte != bytes.len() || end.bit.div_ceil(8) != stream.len() as u64 {
        return false;
    }
    let follows_a_copy = |index: usize| {
        let before = index.checked_sub(1).and_then(|before| blocks.get(before));
        before.is_some_and(|before| before.copied_from.is_some())
    };
    (0..blocks.len()).into_par_iter().with_min_len(16).all(|index| {
        let Some(block) = blocks.get(index) else { return false };
        let (from, next) = (block.place, blocks.get(index + 1));
        let (to, last) = next.map_or((end, true), |next| (next.place, false));
        match block.copied_from {
            Some(other_from) if follows_a_copy(index) => {
                // The first bit says whether this is the last block.
                BitReader::at(stream, from.bit).take(1) == u32::from(last)
                    && are_same(stream, from.bit + 1..to.bit, other, other_from + 1)
            }
            _ => is_right(stream, from, to, last, bytes),
        }
    })
}

/// Whether the bits of two streams are the same.
fn are_same(stream: &[u8], bits: Range<u64>, other: &[u8], other_from: u64) -> bool {
    let (mut one, mut two) = (BitReader::at(stream, bits.start), BitReader::at(other, other_from));
    let mut left = bits.end.saturating_sub(bits.start);
    while left > 0 {
        one.refill();
        two.refill();
        let count = left.min(u64::from(BitReader::AT_HAND)) as u32;
        if (one.peek() ^ two.peek()) & ((1 << count) - 1) != 0 {
            return false;
        }
        one.consume(count);
        two.consume(count);
        left -= u64::from(count);
    }
    !one.overrun() && !two.overrun()
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
    use super::super::inflate;
    use super::*;

    /// The blocks of a stream, and where the last ends. Every third is said to be copied from the stream itself.
    fn blocks(stream: &[u8], bytes: &[u8]) -> (Vec<Spliced>, Place) {
        let blocks = inflate(|at: u64| Ok(&stream[at as usize..]), stream.len() as u64, bytes.len(), |_| ())
            .unwrap()
            .blocks;
        let end = Place { bit: blocks.last().unwrap().bits.1, byte: bytes.len() };
        let spliced = blocks.iter().enumerate().map(|(index, block)| Spliced {
            place: Place { bit: block.bits.0, byte: block.bytes.0 },
            copied_from: (index % 3 != 0).then_some(block.bits.0),
        });
        (spliced.collect(), end)
    }

    /// What does not compress is stored, so that blocks of all kinds follow each other at all places in a byte.
    fn sample() -> Vec<u8> {
        let mut state = 1u64;
        let mut bytes = Vec::new();
        for piece in 0..300 {
            for _ in 0..4000 + piece * 7 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes.push(if piece % 3 == 0 { (state >> 56) as u8 } else { b'a' + (state >> 62) as u8 });
            }
        }
        bytes
    }

    #[test]
    fn a_stream_is_right_only_where_it_says_exactly_the_bytes() {
        let bytes = b"what goes into a wheel is verified after it is written".repeat(100);
        let stream = by_zlib_rs(&bytes, 6);
        let (_, end) = blocks(&stream, &bytes);
        let start = Place { bit: 0, byte: 0 };
        let right = |stream: &[u8], end, bytes: &[u8]| is_right(stream, start, end, true, bytes);
        assert!(right(&stream, end, &bytes));
        assert!(!is_right(&stream, start, end, false, &bytes));
        for wrong in [Place { bit: end.bit - 1, ..end }, Place { bit: end.bit + 1, ..end }] {
            assert!(!right(&stream, wrong, &bytes), "{wrong:?}");
        }
        let shorter = Place { byte: end.byte - 1, ..end };
        assert!(!right(&stream, end, &bytes[1..]));
        assert!(!right(&stream, shorter, &bytes[1..]));
        assert!(!right(&stream, shorter, &bytes[..bytes.len() - 1]));
        assert!(!right(&stream[..stream.len() / 2], end, &bytes));
        assert!(!right(&[0xff; 100], Place { bit: 800, ..end }, &bytes));
    }

    #[test]
    fn parts_of_a_stream_are_right_behind_what_comes_before_them() {
        let bytes = sample();
        let stream = by_zlib_rs(&bytes, 6);
        let (blocks, end) = blocks(&stream, &bytes);
        for place in 1..8 {
            assert!(blocks.iter().any(|block| block.place.bit % 8 == place), "{place}");
        }
        let ends = blocks.iter().skip(1).map(|block| (block.place, false)).chain([(end, true)]);
        for (block, (to, last)) in blocks.iter().zip(ends) {
            let from = block.place;
            assert!(is_right(&stream, from, to, last, &bytes), "{from:?} to {to:?}");
            assert!(!is_right(&stream, from, to, !last, &bytes));
            assert!(!is_right(&stream, Place { bit: from.bit + 1, ..from }, to, last, &bytes));
            assert!(!is_right(&stream, Place { byte: from.byte + 1, ..from }, to, last, &bytes));
        }
    }

    #[test]
    fn a_spliced_stream_is_right_only_where_every_block_is() {
        let bytes = sample();
        let stream = by_zlib_rs(&bytes, 6);
        let (blocks, end) = blocks(&stream, &bytes);
        let right =
            |made: &[u8], blocks: &[Spliced], end| is_spliced_right(made, blocks, end, &stream, &bytes);
        assert!(right(&stream, &blocks, end));
        assert!(!right(&stream[..stream.len() - 1], &blocks, end));
        assert!(!right(&[stream.clone(), vec![0]].concat(), &blocks, end));
        assert!(!right(&stream, &blocks[..blocks.len() - 1], end));
        assert!(!right(&stream, &blocks, Place { byte: end.byte - 1, ..end }));
        for at in (0..stream.len()).step_by(33_331) {
            let mut damaged = stream.clone();
            damaged[at] ^= 16;
            assert!(!right(&damaged, &blocks, end), "{at}");
        }
        for index in 0..blocks.len() {
            let mut shifted = blocks.clone();
            shifted[index].place.bit += 1;
            assert!(!right(&stream, &shifted, end), "{index}");
            if let Some(from) = blocks[index].copied_from {
                shifted.clone_from(&blocks);
                shifted[index].copied_from = Some(from + 1);
                // The first after one that was not copied is inflated, wherever it was copied from.
                assert_eq!(right(&stream, &shifted, end), index % 3 == 1, "{index}");
            }
        }
    }
}
