//! Where the blocks of a stream begin and end: RFC 1951, section 3.2.3.

use std::ops::Range;

use super::bits::{BitReader, BitWriter};
use super::codes::Codes;

/// One block of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first bit in the stream, and the bit after its last.
    pub(super) bits: (u64, u64),
    /// Its first inflated byte, and the one after its last.
    pub(super) bytes: (usize, usize),
    /// Whether its bytes are stored as they are.
    pub(super) stored: bool,
}

/// The blocks of a valid stream that inflates to `size` bytes. `None` if it does not, or if blocks are
/// shorter than any compressor makes them: the list would take more memory than the data.
pub(super) fn blocks(stream: &[u8], size: usize) -> Option<Vec<Block>> {
    /// The number of blocks that may be shorter than `SHORT` bytes on average.
    const FEW: usize = 1024;
    const SHORT: usize = 4096;
    let mut codes = Box::new(Codes::new());
    let mut reader = BitReader::at(stream, 0);
    let mut blocks = Vec::new();
    let (mut at, mut last) = (0, false);
    while !last {
        let (bit, byte) = (reader.position(), at);
        last = reader.take(1) == 1;
        let kind = reader.take(2);
        at += match kind {
            0 => stored(stream, &mut reader)?,
            1 => codes.fix().and_then(|()| count(&mut reader, &codes, size - at))?,
            2 => codes.read(&mut reader).and_then(|()| count(&mut reader, &codes, size - at))?,
            _ => return None,
        };
        if reader.overrun() || at > size || blocks.len() > FEW + at / SHORT {
            return None;
        }
        blocks.push(Block { bits: (bit, reader.position()), bytes: (byte, at), stored: kind == 0 });
    }
    let ends = reader.position().div_ceil(8) == stream.len() as u64;
    (at == size && ends).then_some(blocks)
}

/// Skips a stored block (section 3.2.4) and returns its size in bytes.
fn stored<'s>(stream: &'s [u8], reader: &mut BitReader<'s>) -> Option<usize> {
    let padding = (8 - reader.position() % 8) % 8;
    reader.take(padding as u32);
    let length = reader.take(16);
    if length ^ reader.take(16) != 0xffff {
        return None;
    }
    *reader = BitReader::at(stream, reader.position() + 8 * u64::from(length));
    Some(length as usize)
}

/// Skips the codes of a block and returns how many bytes they decode to, at most `most`.
fn count(reader: &mut BitReader<'_>, codes: &Codes, most: usize) -> Option<usize> {
    // A copy that can stay in registers.
    let mut bits = *reader;
    let mut count = 0;
    while count <= most {
        // At most 15 and 5 bits, then 15 and 13 for a distance, of the 56 available.
        bits.refill();
        let here = bits.peek();
        let step = codes.literals.look_up(here);
        if step.is_end() || step.is_other() {
            bits.consume(step.taken());
            *reader = bits;
            return step.is_end().then_some(count);
        }
        count += step.value(here);
        // A branch would be mispredicted: always look the distance up, and consume it only if there is one.
        let taken = step.taken();
        let distance = codes.distances.look_up(here >> taken);
        let more = distance.taken() & step.match_mask();
        if distance.is_other() && step.is_match() {
            return None;
        }
        bits.consume(taken + more);
    }
    None
}

/// Writes stored bytes (section 3.2.4), in as many blocks as necessary.
pub(super) fn write_stored(out: &mut BitWriter, bytes: &[u8], last: bool) {
    /// The largest size of a stored block.
    const STORED: usize = 0xffff;
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(STORED));
        out.put(u64::from(last && after.is_empty()), 3);
        let length = piece.len() as u16;
        out.put_bytes(&length.to_le_bytes());
        out.put_bytes(&(!length).to_le_bytes());
        out.put_bytes(piece);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

/// A run of codes in a compressed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The bits of the codes. The last part includes the end-of-block code.
    pub(super) bits: Range<u64>,
    pub(super) bytes: Range<usize>,
    /// Whether the codes are still valid for the new file.
    pub(super) right: bool,
}

/// A compressed block, split into parts.
pub(super) struct Parts {
    /// The bits before the codes: the kind of block and the code tables.
    pub(super) header: Range<u64>,
    /// The end-of-block code.
    pub(super) end: Range<u64>,
    pub(super) parts: Vec<Part>,
}

/// Splits a block of a valid stream into codes that are still valid for the new file and codes that are not.
/// `is_right` gets the bytes that one to three codes decode to, and the bytes that a match among them copies
/// from.
pub(super) fn parts(
    stream: &[u8],
    block: &Block,
    is_right: impl Fn(&Range<usize>, &Range<usize>) -> bool,
) -> Option<Parts> {
    let mut codes = Box::new(Codes::new());
    let mut reader = BitReader::at(stream, block.bits.0);
    reader.take(1);
    match reader.take(2) {
        1 => codes.fix()?,
        2 => codes.read(&mut reader)?,
        _ => return None,
    }
    let header = block.bits.0..reader.position();
    let mut parts: Vec<Part> = Vec::new();
    let mut at = block.bytes.0;
    loop {
        let start = reader.position();
        reader.refill();
        let step = codes.literals.look_up(reader.peek());
        let size = step.value(reader.peek());
        reader.consume(step.taken());
        if step.is_end() {
            let end = start..reader.position();
            if let Some(part) = parts.last_mut() {
                part.bits.end = end.end;
            }
            return (at == block.bytes.1).then_some(Parts { header, end, parts });
        }
        let bytes = at..at + size;
        let mut from = at..at;
        if step.is_match() {
            let distance = codes.distances.look_up(reader.peek());
            let back = distance.value(reader.peek());
            reader.consume(distance.taken());
            from = at.saturating_sub(back)..bytes.end.saturating_sub(back);
        }
        at = bytes.end;
        if step.is_other() || at > block.bytes.1 {
            return None;
        }
        let (right, bits) = (is_right(&bytes, &from), start..reader.position());
        match parts.last_mut() {
            Some(part) if part.right == right => (part.bits.end, part.bytes.end) = (bits.end, bytes.end),
            _ => parts.push(Part { bits, bytes, right }),
        }
    }
}
