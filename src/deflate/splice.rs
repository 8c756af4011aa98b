//! The compressed form of a file that differs a little from one whose compressed form is at hand.
//!
//! A patched ELF file has most of its bytes where they were: some strings, headers and entries of tables change, and
//! some pages come behind. Blocks in which nothing changed, and which refer to nothing that changed, are copied bit by
//! bit. In the others every token is held against the new bytes: what still says the right thing stays, the rest
//! becomes literals, and the block gets new codes. What comes behind is compressed.

use std::ops::Range;

use super::bits::BitWriter;
use super::block::{write_block, write_stored};
use super::checked::{Place, Spliced, is_spliced_right};
use super::compress::compress_part;
use super::inflate::{Block, tokens};
use super::token::{Token, Tokens, WINDOW};

/// What differs between a file and another that was made from it.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The blocks of the first file's stream, in order.
    blocks: Vec<Block>,
    /// Where the other has other bytes, ascending.
    changes: Vec<Range<usize>>,
    /// The size of the first, in bytes; behind it the other has more.
    size: usize,
}

impl Difference {
    /// Compares a file, which lies in these blocks of its stream, with what it became; nothing where splicing would not
    /// pay. The old bytes are not needed any more then.
    pub(crate) fn between(old: &[u8], blocks: Vec<Block>, new: &[u8]) -> Option<Self> {
        /// Behind this share of changed bytes, one in 16, literals would cost more size than it is worth.
        const SHARE: usize = 16;
        let size = old.len();
        if new.len() < size || size == 0 || blocks.is_empty() {
            return None;
        }
        let changes = changes(old, new);
        let changed = changes.iter().map(Range::len).sum::<usize>() + (new.len() - size);
        (changed <= new.len() / SHARE).then_some(Self { blocks, changes, size })
    }
}

/// The stream for `new`, made from `stream` of the file that it differs from. It has been inflated again; nothing
/// where that went wrong.
pub(crate) fn splice(stream: &[u8], difference: &Difference, new: &[u8], level: u32) -> Option<Vec<u8>> {
    let Difference { blocks, changes, size } = difference;
    let behind = *size..new.len();
    let mut out = BitWriter::with_capacity(stream.len() + behind.len() + 4096);
    let mut spliced = Vec::with_capacity(blocks.len() + 1);
    for (index, block) in blocks.iter().enumerate() {
        let place = Place { bit: out.position(), byte: block.bytes.0 };
        let last = behind.is_empty() && index + 1 == blocks.len();
        // What the block refers to lies in the window before it.
        let window = block.bytes.0.saturating_sub(WINDOW)..block.bytes.1;
        let copied = !block.stored && !touches(changes, &window);
        if copied {
            copy(&mut out, stream, block, last);
        } else {
            write(&mut out, stream, block, new, changes, last)?;
        }
        spliced.push(Spliced { place, copied_from: copied.then_some(block.bits.0) });
    }
    if !behind.is_empty() {
        spliced.push(Spliced { place: Place { bit: out.position(), byte: behind.start }, copied_from: None });
        compress_part(&mut out, new, behind, level, true);
    }
    let end = Place { bit: out.position(), byte: new.len() };
    let made = out.finish();
    let right = is_spliced_right(&made, &spliced, end, stream, new);
    debug_assert!(right, "the splicer is wrong");
    right.then_some(made)
}

fn copy(out: &mut BitWriter, stream: &[u8], block: &Block, last: bool) {
    out.put(u64::from(last), 1);
    out.copy(stream, block.bits.0 + 1, block.bits.1);
}

/// Writes a block that stands for other bytes now, or refers to such.
fn write(
    out: &mut BitWriter,
    stream: &[u8],
    block: &Block,
    new: &[u8],
    changes: &[Range<usize>],
    last: bool,
) -> Option<()> {
    let (start, end) = block.bytes;
    let bytes = new.get(start..end)?;
    if block.stored {
        write_stored(out, bytes, last);
        return Some(());
    }
    let tokens = tokens(stream, block).ok()?;
    match corrected(tokens.as_slice(), block, new, changes) {
        Some(tokens) => write_block(out, &tokens, bytes, last),
        None => copy(out, stream, block, last),
    }
    Some(())
}

/// The tokens as they have to be for the new bytes; nothing where they are right as they are.
fn corrected(tokens: &[Token], block: &Block, new: &[u8], changes: &[Range<usize>]) -> Option<Tokens> {
    let mut at = block.bytes.0;
    let mut corrected: Option<Tokens> = None;
    for (index, token) in tokens.iter().enumerate() {
        let (length, distance) = (token.length(), token.distance());
        let here = at..at + length;
        let from = at.saturating_sub(distance);
        let suspect = touches(changes, &here) || (distance > 0 && touches(changes, &(from..from + length)));
        // Overlapping or not, a match is right where each byte equals the one `distance` before it.
        let right = !suspect
            || if token.is_literal() {
                new.get(at) == Some(&token.byte())
            } else {
                new.get(here.clone()) == new.get(from..from + length)
            };
        if !right && corrected.is_none() {
            let mut before = Tokens::new();
            tokens.iter().take(index).for_each(|token| before.push(*token));
            corrected = Some(before);
        }
        if let Some(corrected) = &mut corrected {
            if right {
                corrected.push(*token);
            } else {
                let bytes = new.get(here).unwrap_or_default();
                bytes.iter().for_each(|byte| corrected.literal(*byte));
            }
        }
        at += length;
    }
    corrected
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
