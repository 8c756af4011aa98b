//! Inflating: RFC 1951, section 3.2, noting where blocks begin.

use std::ops::Range;
use std::sync::OnceLock;

use super::bits::BitReader;
use super::block::{LENGTH_ORDER, fixed_literals};
use super::decoder::{DISTANCE_MEANINGS, Decoder, LENGTH_MEANINGS, LITERAL_MEANINGS, Meaning};
use super::repeat::{repeat, repeat_from_before};
use super::token::{DISTANCES, END, LITERALS, Tokens};

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

/// An inflated stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// What it inflates to.
    pub(crate) bytes: Vec<u8>,
    /// Its blocks, in order; none where they are shorter than any compressor makes them.
    pub(super) blocks: Vec<Block>,
}

impl Inflated {
    /// Bytes that were not deflated.
    pub(crate) fn stored(bytes: Vec<u8>) -> Self {
        Self { bytes, blocks: Vec::new() }
    }
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first bit in the stream, and the bit after its last.
    pub(super) bits: (u64, u64),
    /// Its first inflated byte, and the one after its last.
    pub(super) bytes: (usize, usize),
    /// Whether its bytes are stored as they are.
    pub(super) stored: bool,
}

/// Inflates a stream that gives `size` bytes. `see` gets them in order, piece by piece, on another thread where one is
/// free.
pub(crate) fn inflate(
    stream: &[u8],
    size: usize,
    mut see: impl FnMut(&[u8]) + Send,
) -> Result<Inflated, Damage> {
    /// Two bits for 258 bytes: what deflate gives at most.
    const EXPANSION: usize = 1032;
    /// Large enough that handing it to another thread costs nothing beside it, small enough for the cache.
    const PIECE: usize = if cfg!(fuzzing) {
        256
    } else if cfg!(test) {
        16 << 10
    } else {
        512 << 10
    };
    // A size that cannot be is not believed. Pages of zeros take no memory before they are written to.
    if size > stream.len().saturating_mul(EXPANSION) {
        return Err(Damage::Fewer);
    }
    // Asked for first, because not to get it in the next step would end the program.
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| Damage::Memory)?;
    let mut bytes = vec![0; size];
    let mut inflater = Inflater::new(stream);
    let (mut seen, mut done) = (0, 0);
    while inflater.within != Within::End {
        let (finished, rest) = bytes.split_at_mut(done);
        let pause = if rest.len() > PIECE { PIECE } else { usize::MAX };
        let fresh = finished.get(seen..).unwrap_or_default();
        let more = if fresh.is_empty() {
            inflater.go_on(finished, rest, 0, pause)
        } else {
            rayon::join(|| inflater.go_on(finished, rest, 0, pause), || see(fresh)).0
        };
        seen = done;
        done += more?;
    }
    see(bytes.get(seen..done).unwrap_or_default());
    if done == size {
        Ok(Inflated { bytes, blocks: inflater.blocks.unwrap_or_default() })
    } else {
        Err(Damage::Fewer)
    }
}

/// The codes of a block that is not stored.
struct Codes {
    literals: Decoder<11, 4096>,
    distances: Decoder<9, 1024>,
}

impl Codes {
    fn none() -> Self {
        Self { literals: Decoder::none(), distances: Decoder::none() }
    }

    fn learn(&mut self, literals: &[u8], distances: &[u8]) -> Option<()> {
        self.literals.learn(literals, &LITERAL_MEANINGS)?;
        self.distances.learn(distances, &DISTANCE_MEANINGS)
    }

    /// The fixed codes (section 3.2.6).
    fn fixed() -> Result<&'static Self, Damage> {
        static FIXED: OnceLock<Option<Codes>> = OnceLock::new();
        let fixed = FIXED.get_or_init(|| {
            let mut codes = Self::none();
            codes.learn(&fixed_literals(), &[5; 32])?;
            Some(codes)
        });
        fixed.as_ref().ok_or(Damage::Invalid)
    }

    /// Reads the codes of a dynamic block (section 3.2.7).
    fn read(&mut self, reader: &mut BitReader<'_>) -> Option<()> {
        let literals = reader.take(5) as usize + END + 1;
        let distances = reader.take(5) as usize + 1;
        let given = reader.take(4) as usize + 4;
        if literals > LITERALS || distances > DISTANCES {
            return None;
        }
        let mut lengths = [0; 19];
        for symbol in LENGTH_ORDER.iter().take(given) {
            lengths[*symbol] = reader.take(3) as u8;
        }
        // As zlib has it, this code has to be complete, which it is not with one symbol.
        if lengths.iter().filter(|length| **length > 0).count() < 2 {
            return None;
        }
        let mut decoder = Decoder::<7, 128>::none();
        decoder.learn(&lengths, &LENGTH_MEANINGS)?;
        let mut lengths: Vec<u8> = Vec::with_capacity(LITERALS + DISTANCES);
        while lengths.len() < literals + distances {
            reader.refill();
            let meaning = decoder.first(reader.peek());
            if meaning.is_unusual() {
                return None;
            }
            let symbol = meaning.value(reader.peek());
            reader.consume(meaning.taken());
            let (length, count) = match symbol {
                16 => (*lengths.last()?, 3 + reader.take(2)),
                17 => (0, 3 + reader.take(3)),
                18 => (0, 11 + reader.take(7)),
                length => (length as u8, 1),
            };
            lengths.extend(std::iter::repeat_n(length, count as usize));
        }
        if lengths.len() > literals + distances || lengths[END] == 0 {
            return None;
        }
        let (literals, distances) = lengths.split_at(literals);
        self.learn(literals, distances)
    }
}

/// What the reader is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
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
    fn read(reader: &mut BitReader<'_>, codes: &mut Codes) -> Result<Self, Damage> {
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
pub(super) struct Inflater<'a> {
    stream: &'a [u8],
    reader: BitReader<'a>,
    codes: Box<Codes>,
    /// Behind a block that ends here or later nothing is read.
    end: u64,
    within: Within,
    /// The block that the reader is in, and whether it is the last.
    block: Block,
    last: bool,
    /// Those before it, unless there are too many.
    blocks: Option<Vec<Block>>,
}

impl<'a> Inflater<'a> {
    fn new(stream: &'a [u8]) -> Self {
        Self {
            stream,
            reader: BitReader::new(stream),
            codes: Box::new(Codes::none()),
            end: u64::MAX,
            within: Within::Nothing,
            block: Block { bits: (0, 0), bytes: (0, 0), stored: false },
            last: false,
            blocks: Some(Vec::new()),
        }
    }

    /// Inflates from a bit on where a block begins, to the end of a block.
    pub(super) fn between(stream: &'a [u8], bits: Range<u64>) -> Self {
        let mut inflater = Self::new(stream);
        inflater.reader = BitReader::at(stream, bits.start);
        inflater.end = bits.end;
        inflater.blocks = None;
        inflater
    }

    /// Where it ended: the bit after the last block, and whether nothing may follow.
    pub(super) fn ended(&self) -> Option<(u64, bool)> {
        (self.within == Within::End).then(|| (self.reader.position(), self.last))
    }

    /// Inflates what comes after `before` and the first `at` of `bytes`, to the end or until there are `pause` of them or
    /// a few more; says how many there are then.
    pub(super) fn go_on(
        &mut self,
        before: &[u8],
        bytes: &mut [u8],
        mut at: usize,
        pause: usize,
    ) -> Result<usize, Damage> {
        while self.within != Within::End && at < pause {
            let ended = match self.within {
                Within::End | Within::Nothing => {
                    self.begin(before.len() + at)?;
                    false
                }
                Within::Stored(left) => {
                    let room = bytes.len() - at;
                    let count = left.min(pause - at);
                    if count > room {
                        return Err(Damage::More);
                    }
                    let from = usize::try_from(self.reader.position() / 8).unwrap_or(usize::MAX);
                    let piece = self.stream.get(from..).and_then(|rest| rest.get(..count));
                    let to = bytes.get_mut(at..at + count).ok_or(Damage::More)?;
                    to.copy_from_slice(piece.ok_or(Damage::Truncated)?);
                    at += count;
                    self.reader = BitReader::at(self.stream, (from + count) as u64 * 8);
                    self.within = Within::Stored(left - count);
                    left == count
                }
                Within::Fixed => {
                    let run = Run { before, bytes, pause };
                    run.inflate(&mut self.reader, Codes::fixed()?, &mut at)?
                }
                Within::Dynamic => {
                    let run = Run { before, bytes, pause };
                    run.inflate(&mut self.reader, &self.codes, &mut at)?
                }
            };
            if self.reader.overrun() {
                return Err(Damage::Truncated);
            }
            if ended {
                self.end(before.len() + at);
            }
        }
        Ok(at)
    }

    fn begin(&mut self, byte: usize) -> Result<(), Damage> {
        let bit = self.reader.position();
        self.last = self.reader.take(1) == 1;
        self.within = Within::read(&mut self.reader, &mut self.codes)?;
        let stored = matches!(self.within, Within::Stored(_));
        self.block = Block { bits: (bit, bit), bytes: (byte, byte), stored };
        Ok(())
    }

    fn end(&mut self, byte: usize) {
        /// Blocks that may be shorter than `SHORT` bytes in the mean.
        const FEW: usize = 1024;
        const SHORT: usize = 128;
        self.block.bits.1 = self.reader.position();
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

    /// The loop that all the time goes into. What is read ahead of the bits, and when there must be more of them, is as
    /// in libdeflate: a code is looked up before the bits behind it are taken in, so that neither waits for the other.
    #[inline(always)]
    fn decode(self, bits: &mut BitReader<'_>, codes: &Codes, at: &mut usize) -> Result<bool, Damage> {
        /// A distance found in the first table, and the first look for what follows it: 9 + 13 + 11 bits.
        const NEAR: u32 = 33;
        let Self { before, bytes, pause } = self;
        bits.refill();
        let mut meaning = codes.literals.first(bits.peek());
        while *at < pause {
            // Three codes of the first table, of which the last may be one of 15 bits and a length with 5 extra bits:
            // no more than 42 of 56 bits.
            let mut here = bits.peek();
            bits.consume(meaning.taken());
            if meaning.is_literal() {
                put(bytes, at, meaning)?;
                here = bits.peek();
                meaning = codes.literals.first(here);
                bits.consume(meaning.taken());
                if meaning.is_literal() {
                    put(bytes, at, meaning)?;
                    here = bits.peek();
                    meaning = codes.literals.first(here);
                    bits.consume(meaning.taken());
                }
            }
            if meaning.is_unusual() && meaning.is_table() {
                here = bits.peek();
                meaning = codes.literals.second(meaning, here);
                bits.consume(meaning.taken());
            }
            if meaning.is_literal() {
                put(bytes, at, meaning)?;
                meaning = codes.literals.first(bits.peek());
                bits.refill();
                continue;
            }
            if meaning.is_unusual() {
                return if meaning.is_end() { Ok(true) } else { Err(Damage::Invalid) };
            }
            let length = meaning.value(here);
            meaning = codes.distances.first(bits.peek());
            if meaning.is_unusual() {
                if !meaning.is_table() {
                    return Err(Damage::Invalid);
                }
                bits.refill();
                bits.consume(meaning.taken());
                meaning = codes.distances.second(meaning, bits.peek());
                if meaning.is_unusual() {
                    return Err(Damage::Invalid);
                }
            } else if bits.available() < NEAR {
                bits.refill();
            }
            let distance = meaning.value(bits.peek());
            bits.consume(meaning.taken());
            meaning = codes.literals.first(bits.peek());
            bits.refill();
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
    while reader.position() < block.bits.1 {
        reader.refill();
        let mut meaning = codes.literals.first(reader.peek());
        if meaning.is_table() {
            reader.consume(meaning.taken());
            meaning = codes.literals.second(meaning, reader.peek());
        }
        let here = reader.peek();
        reader.consume(meaning.taken());
        if meaning.is_literal() {
            tokens.literal(meaning.byte());
            continue;
        }
        if meaning.is_unusual() {
            return if meaning.is_end() { Ok(tokens) } else { Err(Damage::Invalid) };
        }
        let length = meaning.value(here);
        let mut meaning = codes.distances.first(reader.peek());
        if meaning.is_table() {
            reader.consume(meaning.taken());
            meaning = codes.distances.second(meaning, reader.peek());
        }
        if meaning.is_unusual() {
            return Err(Damage::Invalid);
        }
        let distance = meaning.value(reader.peek());
        reader.consume(meaning.taken());
        tokens.repeat(length, distance);
    }
    Err(Damage::Truncated)
}
