//! The inflater: RFC 1951, section 3.2, noting where blocks begin.

use std::ops::Range;

use super::ahead::Stretch;
use super::bits::BitReader;
use super::block_codes::Codes;
use super::decoder::Meaning;
use super::input::AtHand;
use super::repeat::{repeat, repeat_from_before};
use super::token::Tokens;

/// Why a stream cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    /// It ends too early.
    #[error("its compressed bytes end too early")]
    Truncated,
    /// It breaks a rule of RFC 1951.
    #[error("its compressed bytes are damaged")]
    Invalid,
    /// There is no memory for what it inflates to.
    #[error("it does not fit into memory")]
    Memory,
    /// It inflates to more bytes than expected.
    #[error("it has more bytes than declared")]
    More,
    /// It inflates to fewer bytes than expected.
    #[error("it has fewer bytes than declared")]
    Fewer,
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its first bit in the stream, and the bit after its last.
    pub(super) bits: (u64, u64),
    /// Its first inflated byte, and the one after its last.
    pub(super) bytes: (usize, usize),
    /// Whether its bytes are stored as they are.
    pub(super) stored: bool,
}

/// What the reader is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// Nothing: a block begins here.
    Nothing,
    /// A stored block, of which so many bytes are left.
    Stored(usize),
    /// A block with the fixed codes.
    Fixed,
    /// A block with codes of its own.
    Dynamic,
    /// Nothing, and nothing comes.
    End,
}

impl Within {
    /// Reads what follows the first bit of a block, up to its data.
    pub(super) fn read(reader: &mut BitReader<'_>, codes: &mut Codes) -> Result<Self, Damage> {
        match reader.take(2) {
            0 => {
                let padding = (8 - reader.position() % 8) % 8;
                reader.take(padding as u32);
                let (length, complement) = (reader.take(16), reader.take(16));
                if reader.overrun() {
                    return Err(Damage::Truncated);
                }
                if length ^ complement != 0xffff {
                    return Err(Damage::Invalid);
                }
                Ok(Self::Stored(length as usize))
            }
            1 => Ok(Self::Fixed),
            2 => match codes.read(reader) {
                Some(()) => Ok(Self::Dynamic),
                None if reader.overrun() => Err(Damage::Truncated),
                None => Err(Damage::Invalid),
            },
            _ => Err(Damage::Invalid),
        }
    }
}

/// Inflates a stream, with pauses.
pub(super) struct Inflater {
    /// The next bit of the stream.
    position: u64,
    /// Behind a block that ends here or later nothing is read.
    end: u64,
    codes: Box<Codes>,
    within: Within,
    /// The block that the reader is in, and whether it is the last.
    block: Block,
    last: bool,
    /// Those before it, unless there are too many.
    blocks: Option<Vec<Block>>,
}

impl Inflater {
    /// What has to be at hand for a block to begin: its header has less than 600 bytes.
    const HEADER: usize = 1024;

    pub(super) fn new() -> Self {
        Self {
            position: 0,
            end: u64::MAX,
            codes: Box::new(Codes::none()),
            within: Within::Nothing,
            block: Block { bits: (0, 0), bytes: (0, 0), stored: false },
            last: false,
            blocks: Some(Vec::new()),
        }
    }

    /// Inflates from a bit on where a block begins, to the end of a block.
    pub(super) fn between(bits: Range<u64>) -> Self {
        Self { position: bits.start, end: bits.end, blocks: None, ..Self::new() }
    }

    /// The next bit of the stream.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether it is behind the last block, and whether nothing may follow that.
    pub(super) fn ended(&self) -> Option<bool> {
        (self.within == Within::End).then_some(self.last)
    }

    /// Whether a block begins here.
    pub(super) fn is_between(&self) -> bool {
        self.within == Within::Nothing
    }

    /// The blocks; none where they are shorter than any compressor makes them.
    pub(super) fn into_blocks(self) -> Vec<Block> {
        self.blocks.unwrap_or_default()
    }

    /// Inflates what comes after `before` and the first `at` of `bytes`: to the end of a block, or until there are `pause`
    /// of them or a few more, or until what is at hand might not be enough. Says how many there are then.
    pub(super) fn go_on(
        &mut self,
        stream: AtHand<'_>,
        before: &[u8],
        bytes: &mut [u8],
        mut at: usize,
        pause: usize,
    ) -> Result<usize, Damage> {
        let start = stream.start.saturating_mul(8);
        let mut reader = BitReader::at(stream.bytes, self.position.saturating_sub(start));
        while self.within != Within::End && at < pause {
            let left = stream.bytes.len().saturating_sub((reader.position() / 8) as usize);
            let pause = if stream.to_end {
                pause
            } else if left < Self::HEADER {
                break;
            } else {
                // A byte takes no more than two: 15 bits as a literal, 48 in a match of three. The last step may give
                // more than a byte, and what is read ahead has to be there.
                pause.min(at + (left - Self::HEADER / 2) / 2)
            };
            let ended = match self.within {
                Within::End | Within::Nothing => {
                    self.begin(&mut reader, start, before.len() + at)?;
                    false
                }
                Within::Stored(size) => {
                    let from = (reader.position() / 8) as usize;
                    let rest = stream.bytes.get(from..).unwrap_or_default();
                    let count = size.min(pause - at);
                    let count = if stream.to_end { count } else { count.min(rest.len()) };
                    if count > bytes.len() - at {
                        return Err(Damage::More);
                    }
                    let to = bytes.get_mut(at..at + count).ok_or(Damage::More)?;
                    to.copy_from_slice(rest.get(..count).ok_or(Damage::Truncated)?);
                    at += count;
                    reader = BitReader::at(stream.bytes, (from + count) as u64 * 8);
                    self.within = Within::Stored(size - count);
                    size == count
                }
                Within::Fixed => {
                    let run = Run { before, bytes, pause };
                    run.inflate(&mut reader, Codes::fixed()?, &mut at)?
                }
                Within::Dynamic => {
                    let run = Run { before, bytes, pause };
                    run.inflate(&mut reader, &self.codes, &mut at)?
                }
            };
            if reader.overrun() {
                return Err(Damage::Truncated);
            }
            self.position = start + reader.position();
            if ended {
                self.end(before.len() + at);
                break;
            }
        }
        Ok(at)
    }

    /// Does what [`Inflater::go_on`] does, for blocks that were taken apart.
    pub(super) fn take_over(
        &mut self,
        stretch: &Stretch,
        before: &[u8],
        bytes: &mut [u8],
    ) -> Result<usize, Damage> {
        let (mut at, mut rest) = (0, stretch.literals.as_slice());
        for step in &stretch.steps {
            let (literals, length, distance) =
                (step.literals as usize, usize::from(step.length), usize::from(step.distance));
            put_all(bytes, at, rest, literals).ok_or(Damage::More)?;
            rest = rest.get(literals..).unwrap_or_default();
            at += literals;
            if length == 0 {
                continue;
            }
            if let Some(from) = at.checked_sub(distance) {
                repeat(bytes, from, at, length).ok_or(Damage::More)?;
            } else {
                repeat_from_before(before, bytes, at, distance, length)?;
            }
            at += length;
        }
        let start = before.len();
        for block in &stretch.blocks {
            self.position = block.bits.1;
            self.last = stretch.last && block.bits.1 == stretch.bits.end;
            self.block = Block { bytes: (start + block.bytes.0, 0), ..*block };
            self.end(start + block.bytes.1);
        }
        Ok(at)
    }

    fn begin(&mut self, reader: &mut BitReader<'_>, start: u64, byte: usize) -> Result<(), Damage> {
        let bit = start + reader.position();
        self.last = reader.take(1) == 1;
        self.within = Within::read(reader, &mut self.codes)?;
        let stored = matches!(self.within, Within::Stored(_));
        self.block = Block { bits: (bit, bit), bytes: (byte, byte), stored };
        Ok(())
    }

    fn end(&mut self, byte: usize) {
        /// Blocks that may be shorter than `SHORT` bytes in the mean.
        const FEW: usize = 1024;
        const SHORT: usize = 128;
        self.block.bits.1 = self.position;
        self.block.bytes.1 = byte;
        // Blocks of a byte or none would take more memory than what they hold.
        self.blocks = self.blocks.take().filter(|blocks| blocks.len() <= FEW + byte / SHORT);
        if let Some(blocks) = &mut self.blocks {
            blocks.push(self.block);
        }
        let ended = self.last || self.block.bits.1 >= self.end;
        self.within = if ended { Within::End } else { Within::Nothing };
    }
}

/// Where a part of a block is inflated to.
struct Run<'r> {
    /// What came before it.
    before: &'r [u8],
    bytes: &'r mut [u8],
    /// Where it is enough.
    pause: usize,
}

impl Run<'_> {
    /// Inflates from `at` on. Whether the block is at its end.
    fn inflate(self, reader: &mut BitReader<'_>, codes: &Codes, at: &mut usize) -> Result<bool, Damage> {
        // Work on copies that can live in registers.
        let (mut bits, mut done) = (*reader, *at);
        let ended = self.decode(&mut bits, codes, &mut done);
        (*reader, *at) = (bits, done);
        if reader.overrun() { Err(Damage::Truncated) } else { ended }
    }

    /// The loop that all the time goes into.
    #[inline(always)]
    fn decode(self, bits: &mut BitReader<'_>, codes: &Codes, at: &mut usize) -> Result<bool, Damage> {
        let Self { before, bytes, pause } = self;
        let mut meaning = codes.begin(bits);
        while *at < pause {
            let (found, here) = codes.literals_and_next(bits, meaning, |literal| put(bytes, at, literal))?;
            if found.is_literal() {
                meaning = codes.look_ahead(bits);
                continue;
            }
            if found.is_unusual() {
                return Ok(true);
            }
            let length = found.value(here);
            let distance = codes.distance(bits)?;
            meaning = codes.look_ahead(bits);
            if let Some(from) = at.checked_sub(distance) {
                repeat(bytes, from, *at, length).ok_or(Damage::More)?;
            } else {
                repeat_from_before(before, bytes, *at, distance, length)?;
            }
            *at += length;
        }
        Ok(false)
    }
}

#[inline(always)]
fn put(bytes: &mut [u8], at: &mut usize, literal: Meaning) -> Result<(), Damage> {
    *bytes.get_mut(*at).ok_or(Damage::More)? = literal.byte();
    *at += 1;
    Ok(())
}

/// Copies the first `count` of other bytes.
#[inline(always)]
fn put_all(bytes: &mut [u8], at: usize, from: &[u8], count: usize) -> Option<()> {
    /// Most runs of literals are no longer than this, and more than the run may be written: it is again by what follows.
    const STEP: usize = 16;
    if count <= STEP
        && let (Some(from), Some(to)) =
            (from.first_chunk::<STEP>(), bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<STEP>()))
    {
        *to = *from;
        return Some(());
    }
    bytes.get_mut(at..)?.get_mut(..count)?.copy_from_slice(from.get(..count)?);
    Some(())
}

/// The tokens of a block of a sound stream that is not stored.
pub(super) fn tokens(stream: &[u8], block: &Block) -> Result<Tokens, Damage> {
    let mut reader = BitReader::at(stream, block.bits.0);
    let mut own = Codes::none();
    reader.take(1);
    let codes = match Within::read(&mut reader, &mut own)? {
        Within::Fixed => Codes::fixed()?,
        Within::Dynamic => &own,
        _ => return Err(Damage::Invalid),
    };
    let mut tokens = Tokens::new();
    let mut meaning = codes.begin(&mut reader);
    while reader.position() < block.bits.1 {
        let put = |literal: Meaning| {
            tokens.literal(literal.byte());
            Ok(())
        };
        let (found, here) = codes.literals_and_next(&mut reader, meaning, put)?;
        if found.is_end() {
            return Ok(tokens);
        }
        if !found.is_literal() {
            tokens.repeat(found.value(here), codes.distance(&mut reader)?);
        }
        meaning = codes.look_ahead(&mut reader);
    }
    Err(Damage::Truncated)
}
