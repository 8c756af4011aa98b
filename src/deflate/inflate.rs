//! Inflating: RFC 1951, section 3.2, noting where blocks begin and what they refer to.

use std::sync::OnceLock;

use super::bits::BitReader;
use super::block::{LENGTH_ORDER, fixed_literals};
use super::code::{Decoder, Meaning};
use super::token::{
    DISTANCE_CODES, DISTANCES, END, LENGTH_CODES, LITERALS, LONGEST, SHORTEST, Tokens, WINDOW,
};

/// The stream is no deflate stream, or not of the size that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    /// It ends too early.
    #[error("its compressed bytes end too early")]
    Truncated,
    /// It breaks a rule of RFC 1951.
    #[error("its compressed bytes are damaged")]
    Invalid,
    /// It inflates to another number of bytes.
    #[error("it does not have as many bytes as declared")]
    Size,
}

/// An inflated stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// What it inflates to.
    pub(crate) bytes: Vec<u8>,
    /// Its blocks, in order.
    pub(super) blocks: Vec<Block>,
}

/// Where a block lies, and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first bit in the stream, and the bit after its last.
    pub(super) bits: (u64, u64),
    /// Its first inflated byte, and the one after its last.
    pub(super) bytes: (usize, usize),
    /// The first inflated byte that it refers to.
    pub(super) reach: usize,
    /// Whether its bytes are stored as they are.
    pub(super) stored: bool,
}

type Literals = Decoder<11>;
type Distances = Decoder<8>;

/// Inflates a stream that gives `size` bytes.
pub(crate) fn inflate(stream: &[u8], size: usize) -> Result<Inflated, Damage> {
    /// Two bits for 258 bytes: what deflate gives at most.
    const EXPANSION: usize = 1032;
    // A size that cannot be is not believed. Pages of zeros take no memory before they are written to.
    if size > stream.len().saturating_mul(EXPANSION) {
        return Err(Damage::Size);
    }
    let mut bytes = vec![0; size];
    let mut blocks = Vec::new();
    let mut reader = BitReader::new(stream);
    let mut done = 0;
    loop {
        let start = (reader.position(), done);
        let last = reader.take(1) == 1;
        let mut reach = done;
        let kind = Kind::read(&mut reader)?;
        let stored = matches!(kind, Kind::Stored(_));
        match kind {
            Kind::Stored(length) => {
                let from = usize::try_from(reader.position() / 8).unwrap_or(usize::MAX);
                let piece =
                    stream.get(from..).and_then(|rest| rest.get(..length)).ok_or(Damage::Truncated)?;
                bytes
                    .get_mut(done..)
                    .and_then(|rest| rest.get_mut(..length))
                    .ok_or(Damage::Size)?
                    .copy_from_slice(piece);
                done += length;
                reader = BitReader::at(stream, (from + length) as u64 * 8);
            }
            Kind::Fixed => {
                let (literals, distances) = fixed()?;
                inflate_block(&mut reader, literals, distances, &mut bytes, &mut done, &mut reach)?;
            }
            Kind::Dynamic(literals, distances) => {
                inflate_block(&mut reader, &literals, &distances, &mut bytes, &mut done, &mut reach)?;
            }
        }
        if reader.overrun() {
            return Err(Damage::Truncated);
        }
        blocks.push(Block { bits: (start.0, reader.position()), bytes: (start.1, done), reach, stored });
        if last {
            break;
        }
    }
    if done == size { Ok(Inflated { bytes, blocks }) } else { Err(Damage::Size) }
}

/// The tokens of a block of a sound stream that is not stored.
pub(super) fn tokens(stream: &[u8], block: &Block) -> Result<Tokens, Damage> {
    let mut reader = BitReader::at(stream, block.bits.0);
    reader.take(1);
    match Kind::read(&mut reader)? {
        Kind::Stored(_) => Err(Damage::Invalid),
        Kind::Fixed => {
            let (literals, distances) = fixed()?;
            tokens_of(&mut reader, literals, distances, block)
        }
        Kind::Dynamic(literals, distances) => tokens_of(&mut reader, &literals, &distances, block),
    }
}

fn tokens_of(
    reader: &mut BitReader<'_>,
    literals: &Literals,
    distances: &Distances,
    block: &Block,
) -> Result<Tokens, Damage> {
    let mut tokens = Tokens::new();
    while reader.position() < block.bits.1 {
        reader.refill();
        let meaning = literals.take(reader);
        if meaning.is_literal() {
            tokens.literal(meaning.value() as u8);
        } else if meaning.is_base() {
            let length = meaning.value() + reader.take(meaning.extra()) as usize;
            let meaning = distances.take(reader);
            let distance = meaning.value() + reader.take(meaning.extra()) as usize;
            if !meaning.is_base() || !(SHORTEST..=LONGEST).contains(&length) || distance > WINDOW {
                return Err(Damage::Invalid);
            }
            tokens.repeat(length, distance);
        } else if meaning.is_end() {
            return Ok(tokens);
        } else {
            return Err(Damage::Invalid);
        }
    }
    Err(Damage::Truncated)
}

enum Kind {
    Stored(usize),
    Fixed,
    Dynamic(Literals, Distances),
}

impl Kind {
    /// Reads what follows the first bit of a block, up to its data.
    fn read(reader: &mut BitReader<'_>) -> Result<Self, Damage> {
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
            2 => dynamic(reader).ok_or(if reader.overrun() { Damage::Truncated } else { Damage::Invalid }),
            _ => Err(Damage::Invalid),
        }
    }
}

fn literal_meaning(symbol: usize) -> Meaning {
    match symbol.checked_sub(END + 1) {
        None if symbol == END => Meaning::end(),
        None => Meaning::literal(symbol as u16),
        Some(length) => {
            LENGTH_CODES.get(length).map_or(Meaning::default(), |&(base, extra)| Meaning::base(base, extra))
        }
    }
}

fn distance_meaning(symbol: usize) -> Meaning {
    DISTANCE_CODES.get(symbol).map_or(Meaning::default(), |&(base, extra)| Meaning::base(base, extra))
}

fn fixed() -> Result<(&'static Literals, &'static Distances), Damage> {
    static FIXED: OnceLock<Option<(Literals, Distances)>> = OnceLock::new();
    let fixed = FIXED.get_or_init(|| {
        let literals = Decoder::new(&fixed_literals(), literal_meaning)?;
        Some((literals, Decoder::new(&[5; 32], distance_meaning)?))
    });
    fixed.as_ref().map(|(literals, distances)| (literals, distances)).ok_or(Damage::Invalid)
}

/// The codes of a dynamic block (section 3.2.7).
fn dynamic(reader: &mut BitReader<'_>) -> Option<Kind> {
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
    let decoder = Decoder::<7>::new(&lengths, |symbol| Meaning::literal(symbol as u16))?;
    let mut lengths: Vec<u8> = Vec::with_capacity(LITERALS + DISTANCES);
    while lengths.len() < literals + distances {
        reader.refill();
        let meaning = decoder.take(reader);
        if !meaning.is_literal() {
            return None;
        }
        let (length, count) = match meaning.value() {
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
    Some(Kind::Dynamic(Decoder::new(literals, literal_meaning)?, Decoder::new(distances, distance_meaning)?))
}

fn inflate_block(
    reader: &mut BitReader<'_>,
    literals: &Literals,
    distances: &Distances,
    bytes: &mut [u8],
    done: &mut usize,
    reach: &mut usize,
) -> Result<(), Damage> {
    let mut at = *done;
    // Work on copies that can live in registers.
    let mut bits = reader.clone();
    let mut lowest = *reach;
    loop {
        // 56 bits hold two literals and a match: 15 + 15 + 20 leave less than 28, so it is refilled before distances.
        bits.refill();
        let mut meaning = literals.take(&mut bits);
        if meaning.is_literal() {
            *bytes.get_mut(at).ok_or(Damage::Size)? = meaning.value() as u8;
            at += 1;
            meaning = literals.take(&mut bits);
            if meaning.is_literal() {
                *bytes.get_mut(at).ok_or(Damage::Size)? = meaning.value() as u8;
                at += 1;
                continue;
            }
        }
        if meaning.is_end() {
            break;
        }
        if !meaning.is_base() || bits.overrun() {
            return Err(if bits.overrun() { Damage::Truncated } else { Damage::Invalid });
        }
        let length = meaning.value() + (bits.peek() & ((1 << meaning.extra()) - 1)) as usize;
        bits.consume(meaning.extra());
        bits.refill();
        let meaning = distances.take(&mut bits);
        if !meaning.is_base() {
            return Err(Damage::Invalid);
        }
        let distance = meaning.value() + (bits.peek() & ((1 << meaning.extra()) - 1)) as usize;
        bits.consume(meaning.extra());
        let from = at.checked_sub(distance).ok_or(Damage::Invalid)?;
        lowest = lowest.min(from);
        repeat(bytes, from, at, length).ok_or(Damage::Size)?;
        at += length;
    }
    (*reader, *done, *reach) = (bits, at, lowest);
    Ok(())
}

/// Copies `length` bytes from `from` to `to`, which may lie within them (section 3.2.3).
#[inline(always)]
fn repeat(bytes: &mut [u8], from: usize, to: usize, length: usize) -> Option<()> {
    /// One vector register.
    const STEP: usize = 16;
    let distance = to - from;
    // Most matches are short; what is written beyond the end is overwritten by what follows.
    if distance >= STEP && to + length + STEP <= bytes.len() {
        let mut moved = 0;
        while moved < length {
            let piece: [u8; STEP] = *bytes.get(from + moved..)?.first_chunk()?;
            *bytes.get_mut(to + moved..)?.first_chunk_mut()? = piece;
            moved += STEP;
        }
        return Some(());
    }
    if to + length > bytes.len() {
        return None;
    }
    if distance == 1 {
        let byte = *bytes.get(from)?;
        bytes.get_mut(to..to + length)?.fill(byte);
        return Some(());
    }
    let mut moved = 0;
    while moved < length {
        // What was copied doubles with every step.
        let step = (length - moved).min(distance + moved);
        bytes.copy_within(from..from + step, to + moved);
        moved += step;
    }
    Some(())
}
