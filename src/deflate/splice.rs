//! The compressed form of a file that differs a little from one whose compressed form is at hand.
//!
//! A patched ELF file has most of its bytes where they were: some strings, headers and entries of tables change, and
//! some pages come behind. Blocks in which nothing changed are copied bit by bit. Of one in which something changed, or
//! that may refer to such, the codes before and behind that are copied, each behind a copy of the block's header. What lies
//! between, and what comes behind, is compressed anew.

use std::ops::Range;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::bits::BitWriter;
use super::blocks::{Block, Part, blocks, parts, write_stored};
use super::inflate::inflates_to;

/// How far back a match may refer.
const WINDOW: usize = 32 << 10;

/// What differs between a file and another that was made from it.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Where the other has other bytes, ascending.
    changes: Vec<Range<usize>>,
    /// The size of the first, in bytes; behind it the other has more.
    size: usize,
}

impl Difference {
    /// Compares a file with what it became; nothing where splicing would not pay. The old bytes are not needed any more
    /// then.
    pub(crate) fn between(old: &[u8], new: &[u8]) -> Option<Self> {
        let size = old.len();
        if new.len() < size || size == 0 {
            return None;
        }
        let changes = changes(old, new);
        let changed = changes.iter().map(Range::len).sum::<usize>() + (new.len() - size);
        pays(changed, new).then_some(Self { changes, size })
    }
}

/// Whether little enough is compressed anew.
fn pays(anew: usize, new: &[u8]) -> bool {
    /// From this share on compressing all of it makes less of it, and takes little longer.
    const SHARE: usize = 2;
    anew <= new.len() / SHARE
}

/// A piece of the stream that is made.
enum Piece {
    /// These bits of the other stream, which are a block together. The first says whether it is the last.
    Copied([Range<u64>; 3]),
    /// These bytes as they are.
    Stored(Range<usize>),
    /// These bytes, compressed anew.
    Anew(Range<usize>),
}

/// The stream for `new`, made from `stream` of the file that it differs from. It was inflated again. Nothing where much of
/// it would have to be compressed anew, or where it came out wrong.
pub(crate) fn splice(stream: &[u8], difference: &Difference, new: &[u8], level: u32) -> Option<Vec<u8>> {
    let Difference { changes, size } = difference;
    let mut pieces = Vec::new();
    for block in blocks(stream, *size)? {
        // What a block refers to lies in the window before it.
        let window = block.bytes.0.saturating_sub(WINDOW)..block.bytes.1;
        if block.stored {
            pieces.push(Piece::Stored(block.bytes.0..block.bytes.1));
        } else if touches(changes, &window) {
            add_parts(&mut pieces, stream, &block, changes)?;
        } else {
            pieces.push(Piece::Copied([block.bits.0..block.bits.1, 0..0, 0..0]));
        }
    }
    if new.len() > *size {
        add_anew(&mut pieces, *size..new.len());
    }
    let anew = pieces.iter().map(|piece| if let Piece::Anew(bytes) = piece { bytes.len() } else { 0 }).sum();
    if !pays(anew, new) {
        return None;
    }
    let mut out = BitWriter::with_capacity(stream.len() + new.len() - size + 4096);
    let mut compressor = Compress::new(Compression::new(level.min(9)), false);
    for (index, piece) in pieces.iter().enumerate() {
        let last = index + 1 == pieces.len();
        match piece {
            Piece::Copied([first, rest @ ..]) => {
                out.put(u64::from(last), 1);
                out.copy(stream, first.start + 1, first.end);
                rest.iter().for_each(|bits| out.copy(stream, bits.start, bits.end));
            }
            Piece::Stored(bytes) => write_stored(&mut out, new.get(bytes.clone())?, last),
            Piece::Anew(bytes) => compress_anew(&mut out, &mut compressor, new, bytes, last)?,
        }
    }
    let made = out.finish();
    let right = inflates_to(&made, new);
    debug_assert!(right, "the splicer is wrong");
    right.then_some(made)
}

/// Adds what a block becomes that has changed bytes or may refer to such.
fn add_parts(pieces: &mut Vec<Piece>, stream: &[u8], block: &Block, changes: &[Range<usize>]) -> Option<()> {
    /// Fewer bytes are no longer when they are compressed anew than with a copy of the header before them.
    const FEW: usize = 1024;
    let taken = parts(stream, block, |bytes, from| !touches(changes, bytes) && !touches(changes, from))?;
    if taken.parts.iter().all(|part| part.right) {
        pieces.push(Piece::Copied([block.bits.0..block.bits.1, 0..0, 0..0]));
        return Some(());
    }
    let is_copied = |part: &Part| part.right && part.bytes.len() >= FEW;
    for part in taken.parts {
        if is_copied(&part) {
            let is_end = part.bits.end == block.bits.1;
            let end = if is_end { 0..0 } else { taken.end.clone() };
            pieces.push(Piece::Copied([taken.header.clone(), part.bits, end]));
        } else {
            add_anew(pieces, part.bytes);
        }
    }
    Some(())
}

/// Adds bytes that are compressed anew, together with those before them.
fn add_anew(pieces: &mut Vec<Piece>, bytes: Range<usize>) {
    match pieces.last_mut() {
        Some(Piece::Anew(before)) => before.end = bytes.end,
        _ => pieces.push(Piece::Anew(bytes)),
    }
}

/// Compresses a part of `bytes`, referring to what comes before it.
fn compress_anew(
    out: &mut BitWriter,
    compressor: &mut Compress,
    bytes: &[u8],
    part: &Range<usize>,
    last: bool,
) -> Option<()> {
    // zlib-rs begins and ends on a byte.
    if out.position() % 8 != 0 {
        write_stored(out, &[], false);
    }
    let window = part.start.saturating_sub(WINDOW)..part.start;
    compressor.reset();
    if !window.is_empty() {
        compressor.set_dictionary(bytes.get(window)?).ok()?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut rest = bytes.get(part.clone())?;
    let mut room = Vec::with_capacity(rest.len() / 2 + 1024);
    loop {
        let before = compressor.total_in();
        let status = compressor.compress_vec(rest, &mut room, flush).ok()?;
        rest = rest.get((compressor.total_in() - before) as usize..)?;
        // Where room is left, nothing is left to write.
        let done = if last { status == Status::StreamEnd } else { room.len() < room.capacity() };
        if done && rest.is_empty() {
            out.put_bytes(&room);
            return Some(());
        }
        room.reserve(room.capacity().max(1024));
    }
}

/// Whether one of the ranges, which are sorted, has a byte of this one.
fn touches(changes: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = changes.partition_point(|change| change.end <= range.start);
    changes.get(next).is_some_and(|change| change.start < range.end)
}
/// Where the files differ, as far as both go; changes that are near each other are one.
fn changes(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    /// Bytes that are compared at once.
    const STEP: usize = 64;
    let mut changes: Vec<Range<usize>> = Vec::new();
    for (index, (old, new)) in old.chunks(STEP).zip(new.chunks(STEP)).enumerate() {
        if new.starts_with(old) {
            continue;
        }
        let differs = |(a, b): (&u8, &u8)| a != b;
        let first = old.iter().zip(new).position(differs).unwrap_or(0);
        let last = old.iter().zip(new).rposition(differs).unwrap_or(0);
        let range = index * STEP + first..index * STEP + last + 1;
        match changes.last_mut() {
            Some(before) if before.end + STEP / 4 >= range.start => before.end = range.end,
            _ => changes.push(range),
        }
    }
    changes
}
