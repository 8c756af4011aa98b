//! The compressed form of a file, derived from that of a file that differs a little.
//!
//! A patched ELF file has most of its bytes where they were: some strings, headers and table entries change,
//! and some pages are appended. Unchanged blocks are copied bit by bit. In a block with changes, or with
//! matches that may refer to changes, the unaffected codes are copied, each run with a copy of the block's
//! header. Everything else is compressed again.

use std::ops::Range;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::bits::BitWriter;
use super::blocks::{Block, Part, blocks, parts, write_stored};
use super::inflate::inflates_to;

/// How far back a match may refer, in bytes.
const WINDOW: usize = 32 << 10;

/// The differences between a file and its successor.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The changed byte ranges, ascending.
    changes: Vec<Range<usize>>,
    /// The size of the old file, in bytes; the new file has more bytes after it.
    size: usize,
}

impl Difference {
    /// Compares a file with its successor; `None` if splicing would not pay. The old bytes are not needed
    /// afterwards.
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

/// Whether the part to compress again is small enough.
fn pays(anew: usize, new: &[u8]) -> bool {
    /// If more than one part in two changed, compressing the whole file gives a smaller result in hardly more
    /// time.
    const SHARE: usize = 2;
    anew <= new.len() / SHARE
}

/// A piece of the new stream, and the bytes it decodes to.
struct Piece {
    made: Made,
    bytes: Range<usize>,
}

/// The source of a piece.
enum Made {
    /// A block of the old stream, copied bit by bit.
    Block(Range<u64>),
    /// Bit ranges of the old stream that form a block: header, codes and end.
    Part([Range<u64>; 3]),
    /// A stored block.
    Stored,
    /// Compressed again.
    Anew,
}

/// The stream for `new`, made from the `stream` of the old file. `None` if too much would have to be
/// compressed again, or if the result is wrong.
pub(crate) fn splice(stream: &[u8], difference: &Difference, new: &[u8], level: u32) -> Option<Vec<u8>> {
    let Difference { changes, size } = difference;
    let mut pieces = Vec::new();
    for block in blocks(stream, *size)? {
        let bytes = block.bytes.0..block.bytes.1;
        // A block may refer to the window before it.
        let window = bytes.start.saturating_sub(WINDOW)..bytes.end;
        if block.stored {
            pieces.push(Piece { made: Made::Stored, bytes });
        } else if touches(changes, &window) {
            add_parts(&mut pieces, stream, &block, changes)?;
        } else {
            pieces.push(Piece { made: Made::Block(block.bits.0..block.bits.1), bytes });
        }
    }
    if new.len() > *size {
        add_recompressed(&mut pieces, *size..new.len());
    }
    let anew = pieces.iter().filter(|piece| matches!(piece.made, Made::Anew));
    if !pays(anew.map(|piece| piece.bytes.len()).sum(), new) {
        return None;
    }
    let mut out = BitWriter::with_capacity(stream.len() + new.len() - size + 4096);
    let mut compressor = Compress::new(Compression::new(level.min(9)), false);
    let mut starts = Vec::with_capacity(pieces.len());
    for (index, Piece { made, bytes }) in pieces.iter().enumerate() {
        let last = index + 1 == pieces.len();
        // zlib-rs starts at a byte, both to compress and to check the result.
        if !is_block(made) && !out.position().is_multiple_of(8) {
            write_stored(&mut out, &[], false);
        }
        starts.push(out.position());
        match made {
            Made::Block(bits) => copy_block(&mut out, stream, bits, last),
            Made::Part([header, rest @ ..]) => {
                copy_block(&mut out, stream, header, last);
                rest.iter().for_each(|bits| out.copy(stream, bits.start, bits.end));
            }
            Made::Stored => write_stored(&mut out, new.get(bytes.clone())?, last),
            Made::Anew => recompress(&mut out, &mut compressor, new, bytes, last)?,
        }
    }
    let made = out.finish();
    let right = is_right(&made, &pieces, &starts, new);
    debug_assert!(right, "the splicer is wrong");
    right.then_some(made)
}

/// Copies a block; its first bit says whether it is the last.
fn copy_block(out: &mut BitWriter, stream: &[u8], bits: &Range<u64>, last: bool) {
    out.put(u64::from(last), 1);
    out.copy(stream, bits.start + 1, bits.end);
}

fn is_block(made: &Made) -> bool {
    matches!(made, Made::Block(_))
}

/// Whether the new stream inflates to the new bytes. Every run of pieces that are not unchanged blocks is
/// checked, together with the block after it. The unchanged blocks have the same bits as before, and nothing
/// that they refer to has changed.
fn is_right(made: &[u8], pieces: &[Piece], starts: &[u64], new: &[u8]) -> bool {
    let end = made.len() as u64 * 8;
    let mut index = 0;
    pieces.chunk_by(|before, _| !is_block(&before.made)).all(|run| {
        let (from, to) = (starts.get(index).copied().unwrap_or(end), starts.get(index + run.len()).copied());
        index += run.len();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return false };
        if is_block(&first.made) {
            return true;
        }
        let bytes_of_bits = from / 8..to.unwrap_or(end).div_ceil(8);
        let stream = made.get(bytes_of_bits.start as usize..bytes_of_bits.end as usize);
        let window = new.get(first.bytes.start.saturating_sub(WINDOW)..first.bytes.start);
        let bytes = new.get(first.bytes.start..last.bytes.end);
        match (stream, window, bytes) {
            (Some(stream), Some(window), Some(bytes)) => inflates_to(stream, window, bytes, to.is_none()),
            _ => false,
        }
    })
}

/// Adds the pieces for a block that has changed bytes or may refer to some.
fn add_parts(pieces: &mut Vec<Piece>, stream: &[u8], block: &Block, changes: &[Range<usize>]) -> Option<()> {
    /// So few bytes are shorter when compressed again than with a copy of the header before them.
    const FEW: usize = 1024;
    let taken = parts(stream, block, |bytes, from| !touches(changes, bytes) && !touches(changes, from))?;
    if taken.parts.iter().all(|part| part.right) {
        let (bits, bytes) = (block.bits.0..block.bits.1, block.bytes.0..block.bytes.1);
        pieces.push(Piece { made: Made::Block(bits), bytes });
        return Some(());
    }
    let is_copied = |part: &Part| part.right && part.bytes.len() >= FEW;
    for part in taken.parts {
        if is_copied(&part) {
            let is_end = part.bits.end == block.bits.1;
            let end = if is_end { 0..0 } else { taken.end.clone() };
            let made = Made::Part([taken.header.clone(), part.bits, end]);
            pieces.push(Piece { made, bytes: part.bytes });
        } else {
            add_recompressed(pieces, part.bytes);
        }
    }
    Some(())
}

/// Adds bytes to compress again, merged with those before them.
fn add_recompressed(pieces: &mut Vec<Piece>, bytes: Range<usize>) {
    match pieces.last_mut() {
        Some(Piece { made: Made::Anew, bytes: before }) => before.end = bytes.end,
        _ => pieces.push(Piece { made: Made::Anew, bytes }),
    }
}

/// Compresses a part of `bytes`, with matches into the bytes before it.
fn recompress(
    out: &mut BitWriter,
    compressor: &mut Compress,
    bytes: &[u8],
    part: &Range<usize>,
    last: bool,
) -> Option<()> {
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
        // Unused space in the buffer means that everything was written.
        let done = if last { status == Status::StreamEnd } else { room.len() < room.capacity() };
        if done && rest.is_empty() {
            out.put_bytes(&room);
            return Some(());
        }
        room.reserve(room.capacity().max(1024));
    }
}

/// Whether one of the sorted ranges has a byte in common with `range`.
fn touches(changes: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = changes.partition_point(|change| change.end <= range.start);
    changes.get(next).is_some_and(|change| change.start < range.end)
}
/// The ranges in which the files differ, up to the shorter length; nearby changes are merged.
fn changes(old: &[u8], new: &[u8]) -> Vec<Range<usize>> {
    /// The number of bytes compared at a time.
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
