//! Compressing: matches are taken lazily, as zlib does, and a block ends where the statistics of what follows differ,
//! as libdeflate does.

use std::ops::Range;

use rayon::prelude::*;

use super::bits::BitWriter;
use super::block::{write_block, write_stored};
use super::checked::{Place, by_zlib_rs, is_right};
use super::matcher::{Effort, Match, Matcher, PIECE};
use super::token::{LONGEST, Tokens, WINDOW};

/// What a level means. At 6 the result for the libraries of published wheels is a little smaller than that of zlib 1.2.13
/// at 6, which auditwheel uses (`cargo xtask bench deflate`); the others are spread around it.
fn effort(level: u32) -> Effort {
    let (depth, nice) = match level {
        0..=3 => (4, 16),
        4 => (8, 24),
        5 => (12, 30),
        6 => (14, 40),
        7 => (40, 96),
        8 => (120, 200),
        _ => (400, 258),
    };
    Effort { depth, nice }
}

/// Compresses bytes, on all threads; level 0 stores them. Every piece is inflated again. The result depends on
/// nothing but the arguments.
pub(crate) fn compress(bytes: &[u8], level: u32) -> Vec<u8> {
    if level == 0 || bytes.is_empty() {
        let mut out = BitWriter::with_capacity(bytes.len() + bytes.len() / 1024 + 16);
        write_stored(&mut out, bytes, true);
        return out.finish();
    }
    let starts: Vec<usize> = (0..bytes.len()).step_by(PIECE).collect();
    let pieces: Option<Vec<Vec<u8>>> = starts
        .into_par_iter()
        .with_max_len(1)
        .map(|start| {
            let piece = start..bytes.len().min(start + PIECE);
            let (from, last) = (Place { bit: 0, byte: start }, piece.end == bytes.len());
            let mut out = BitWriter::with_capacity(piece.len() / 2);
            let end = piece.end;
            compress_piece(&mut out, bytes, piece, level, last);
            if !last {
                // An empty stored block ends on a byte, so that the next piece can be put behind it as it is.
                write_stored(&mut out, &[], false);
            }
            let to = Place { bit: out.position(), byte: end };
            let stream = out.finish();
            let right = is_right(&stream, from, to, last, bytes);
            debug_assert!(right, "the compressor is wrong");
            right.then_some(stream)
        })
        .collect();
    pieces.map_or_else(|| by_zlib_rs(bytes, level), |pieces| pieces.concat())
}

/// Compresses a part of `bytes`, referring to what comes before it.
pub(super) fn compress_part(out: &mut BitWriter, bytes: &[u8], part: Range<usize>, level: u32, last: bool) {
    for start in part.clone().step_by(PIECE) {
        let piece = start..part.end.min(start + PIECE);
        let last = last && piece.end == part.end;
        compress_piece(out, bytes, piece, level, last);
    }
}

/// How often places are forgotten: once in a window, less what one turn of the loop may take.
const FORGETTING: usize = WINDOW - 4 * LONGEST;

fn compress_piece(out: &mut BitWriter, bytes: &[u8], piece: Range<usize>, level: u32, last: bool) {
    let effort = effort(level);
    // The second look, one byte on, only has to find what is better than a match already at hand.
    let second = Effort { depth: effort.depth / 2, ..effort };
    let mut matcher = Matcher::new(bytes, &piece);
    // Places of the matcher, not of the file.
    let end = WINDOW + piece.len();
    let origin = |at: usize| piece.start + at - WINDOW;
    let mut block = Pending::new(WINDOW);
    let mut at = WINDOW;
    let mut next_forget = at;
    while at < end {
        if at >= next_forget {
            matcher.forget(at);
            next_forget = at + FORGETTING;
        }
        let mut found = matcher.find(at, 0, effort);
        if found.length == 0 {
            block.literal(matcher.byte(at));
            at += 1;
        } else {
            loop {
                if found.length >= effort.nice || at + 1 >= end {
                    matcher.skip(at + 1, found.length - 1);
                    break;
                }
                let next = matcher.find(at + 1, found.length - 1, second);
                if !is_better(next, found) {
                    matcher.skip(at + 2, found.length - 2);
                    break;
                }
                block.literal(matcher.byte(at));
                at += 1;
                found = next;
            }
            block.repeat(found);
            at += found.length;
        }
        if block.is_over(at, end) {
            let bytes = bytes.get(origin(block.start)..origin(at)).unwrap_or_default();
            write_block(out, &block.tokens, bytes, last && at == end);
            block.next(at);
        }
    }
    if block.start < end {
        write_block(out, &block.tokens, bytes.get(origin(block.start)..piece.end).unwrap_or_default(), last);
    }
}

/// Whether the match one byte on is worth a literal: it is longer, or as long and much nearer. From libdeflate.
fn is_better(next: Match, found: Match) -> bool {
    next.length >= found.length
        && 4 * (next.length as i64 - found.length as i64) + i64::from(found.distance.max(1).ilog2())
            - i64::from(next.distance.max(1).ilog2())
            > 2
}

/// Kinds of tokens whose shares tell when the data changes: literals by two high bits and a low one, short matches,
/// long matches.
const KINDS: usize = 10;

/// The block that is collected.
struct Pending {
    start: usize,
    tokens: Tokens,
    /// Of the tokens of the block that were looked at, and of those since.
    old: [u32; KINDS],
    new: [u32; KINDS],
    old_count: u32,
    new_count: u32,
}

impl Pending {
    fn new(start: usize) -> Self {
        Self { start, tokens: Tokens::new(), old: [0; KINDS], new: [0; KINDS], old_count: 0, new_count: 0 }
    }

    fn next(&mut self, start: usize) {
        self.start = start;
        self.tokens.clear();
        (self.old, self.new, self.old_count, self.new_count) = ([0; KINDS], [0; KINDS], 0, 0);
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.tokens.literal(byte);
        self.new[usize::from((byte >> 5 & 6) | (byte & 1))] += 1;
        self.new_count += 1;
    }

    #[inline(always)]
    fn repeat(&mut self, found: Match) {
        self.tokens.repeat(found.length, found.distance);
        self.new[8 + usize::from(found.length >= 9)] += 1;
        self.new_count += 1;
    }

    /// Whether the block had better end here. The constants are libdeflate's, whose blocks these are.
    #[inline(always)]
    fn is_over(&mut self, at: usize, end: usize) -> bool {
        /// Tokens between two looks.
        const LOOK: u32 = 512;
        self.new_count >= LOOK && self.differs(at, end)
    }

    /// Whether what came last differs from the block before it, or the block is as long as one may be.
    fn differs(&mut self, at: usize, end: usize) -> bool {
        /// Shorter blocks do not make up for their header.
        const SHORTEST_BLOCK: usize = 5000;
        /// The most tokens of a block, which bounds its memory.
        const MOST: usize = 50_000;
        if self.tokens.as_slice().len() >= MOST {
            return true;
        }
        let length = at - self.start;
        if length < SHORTEST_BLOCK || end - at < SHORTEST_BLOCK {
            return false;
        }
        let (old, new) = (u64::from(self.old_count), u64::from(self.new_count));
        if old > 0 {
            let shares = self.old.iter().zip(&self.new);
            let delta: u64 = shares.map(|(a, b)| (u64::from(*a) * new).abs_diff(u64::from(*b) * old)).sum();
            let mut limit = new * 200 / 512 * old;
            let items = old + new;
            if length < 10_000 && items < 8192 {
                limit += limit * (8192 - items) / 8192;
            }
            if delta + (length as u64 / 4096) * old >= limit {
                return true;
            }
        }
        for (old, new) in self.old.iter_mut().zip(&mut self.new) {
            *old += std::mem::take(new);
        }
        self.old_count += std::mem::take(&mut self.new_count);
        false
    }
}
