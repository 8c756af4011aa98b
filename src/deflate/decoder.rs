//! Looking prefix codes up: RFC 1951, section 3.2.2.

use super::code::LONGEST_CODE;
use super::token::{DISTANCE_CODES, DISTANCES, END, LENGTH_CODES};

/// What a code stands for, packed so that the usual kinds take few steps. From the lowest bit: 8 bits for how many bits
/// it takes, with extra bits; 4 for the bits of the code alone, or the size of a further table; flags; the value from bit
/// 16 on, which has a 32nd bit only in literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning(u32);

impl Meaning {
    const LITERAL: u32 = 1 << 31;
    /// Neither a literal nor a base.
    const UNUSUAL: u32 = 1 << 15;
    const TABLE: u32 = 1 << 14;
    const END: u32 = 1 << 13;

    /// What no code stands for.
    const NOTHING: Self = Self(Self::UNUSUAL);

    /// A byte that stands for itself.
    const fn literal(byte: u8) -> Self {
        Self(Self::LITERAL | (byte as u32) << 16)
    }

    /// The first of a range of lengths or distances, to which extra bits are added.
    const fn base(value: u16, extra: u8) -> Self {
        Self((value as u32) << 16 | extra as u32)
    }

    /// The end of the block.
    const fn end() -> Self {
        Self(Self::UNUSUAL | Self::END)
    }

    /// A further table of `1 << bits` places, behind the first `taken` bits of the code.
    fn table(start: usize, bits: usize, taken: usize) -> Self {
        Self(Self::UNUSUAL | Self::TABLE | (start as u32) << 16 | (bits as u32) << 8 | taken as u32)
    }

    fn of_length(self, length: usize) -> Self {
        Self(self.0 + (length as u32) * 0x101)
    }

    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        self.0 & Self::LITERAL != 0
    }

    #[inline(always)]
    pub(super) fn is_unusual(self) -> bool {
        self.0 & Self::UNUSUAL != 0
    }

    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    #[inline(always)]
    pub(super) fn is_table(self) -> bool {
        self.0 & Self::TABLE != 0
    }

    /// The bits that it takes.
    #[inline(always)]
    pub(super) fn taken(self) -> u32 {
        self.0 & 0xff
    }

    /// The byte of a literal.
    #[inline(always)]
    pub(super) fn byte(self) -> u8 {
        (self.0 >> 16) as u8
    }

    /// The base with the extra bits, which follow the code in these bits of the stream.
    #[inline(always)]
    pub(super) fn value(self, bits: u64) -> usize {
        let taken = bits & ((1 << (self.0 & 63)) - 1);
        (self.0 >> 16) as usize + (taken >> self.code()) as usize
    }

    #[inline(always)]
    fn code(self) -> u32 {
        self.0 >> 8 & 15
    }
}

/// What the symbols for literals, the end and lengths stand for; the last two never occur.
pub(super) const LITERAL_MEANINGS: [Meaning; 288] = {
    let mut meanings = [Meaning::NOTHING; 288];
    let mut symbol = 0;
    while symbol < 256 {
        meanings[symbol] = Meaning::literal(symbol as u8);
        symbol += 1;
    }
    meanings[END] = Meaning::end();
    while symbol - 256 < LENGTH_CODES.len() {
        let (base, extra) = LENGTH_CODES[symbol - 256];
        meanings[symbol + 1] = Meaning::base(base, extra);
        symbol += 1;
    }
    meanings
};

/// What the symbols for distances stand for; the last two never occur.
pub(super) const DISTANCE_MEANINGS: [Meaning; 32] = {
    let mut meanings = [Meaning::NOTHING; 32];
    let mut symbol = 0;
    while symbol < DISTANCES {
        let (base, extra) = DISTANCE_CODES[symbol];
        meanings[symbol] = Meaning::base(base, extra);
        symbol += 1;
    }
    meanings
};

/// What the symbols for lengths of codes stand for: themselves.
pub(super) const LENGTH_MEANINGS: [Meaning; 19] = {
    let mut meanings = [Meaning::NOTHING; 19];
    let mut symbol = 0;
    while symbol < meanings.len() {
        meanings[symbol] = Meaning::base(symbol as u16, 0);
        symbol += 1;
    }
    meanings
};

/// Looks codes up: the first `BITS` bits in one step, longer ones in a second. `SIZE` is a power of two that has room
/// for the tables of both steps: zlib's `enough.c` finds 2,342 places for 288 symbols and 11 bits, 594 for 32 and 9.
#[derive(Clone, Debug)]
pub(super) struct Decoder<const BITS: usize, const SIZE: usize> {
    table: [Meaning; SIZE],
}

impl<const BITS: usize, const SIZE: usize> Decoder<BITS, SIZE> {
    /// A decoder that knows no code.
    pub(super) fn none() -> Self {
        Self { table: [Meaning::NOTHING; SIZE] }
    }

    /// Makes the table for codes of these lengths, or gives nothing where no such code exists. As zlib has it, a code
    /// may be incomplete only when it has one symbol, of one bit, or none.
    pub(super) fn learn(&mut self, lengths: &[u8], meanings: &[Meaning]) -> Option<()> {
        let codes = Code::all(lengths, meanings)?;
        let (short, long) = codes.split_at(codes.partition_point(|code| code.length <= BITS));
        // A table for codes of one bit, then each twice as large as the one before, of which it holds two copies.
        let mut bits = 1;
        self.table.get_mut(..1 << bits)?.fill(Meaning::NOTHING);
        for code in short {
            self.widen(&mut bits, code.length);
            *self.table.get_mut(code.bits)? = code.meaning.of_length(code.length);
        }
        self.widen(&mut bits, BITS);
        self.learn_long(long)
    }

    fn widen(&mut self, bits: &mut usize, wanted: usize) {
        while *bits < wanted {
            self.table.copy_within(..1 << *bits, 1 << *bits);
            *bits += 1;
        }
    }

    /// Makes the tables for codes of more than `BITS` bits, which come in order.
    fn learn_long(&mut self, long: &[Code]) -> Option<()> {
        let first = |code: &Code| code.bits & ((1 << BITS) - 1);
        let mut start = 1 << BITS;
        for alike in long.chunk_by(|a, b| first(a) == first(b)) {
            // The last is the longest.
            let bits = alike.last()?.length - BITS;
            *self.table.get_mut(first(alike.first()?))? = Meaning::table(start, bits, BITS);
            let table = self.table.get_mut(start..start + (1 << bits))?;
            for code in alike {
                let length = code.length - BITS;
                let slots = table.iter_mut().skip(code.bits >> BITS).step_by(1 << length);
                slots.for_each(|slot| *slot = code.meaning.of_length(length));
            }
            start += 1 << bits;
        }
        Some(())
    }

    /// What the first bits at hand stand for, which are enough for it if they are `BITS`.
    #[inline(always)]
    pub(super) fn first(&self, bits: u64) -> Meaning {
        self.table[bits as usize & ((1 << BITS) - 1)]
    }

    /// What the bits stand for that follow those of `table`.
    #[inline(always)]
    pub(super) fn second(&self, table: Meaning, bits: u64) -> Meaning {
        let start = (table.0 >> 16) as usize;
        self.table[(start + (bits as usize & ((1 << table.code()) - 1))) & (SIZE - 1)]
    }
}

/// A code, first bit lowest.
#[derive(Clone, Copy, Debug)]
struct Code {
    bits: usize,
    length: usize,
    meaning: Meaning,
}

impl Code {
    /// The codes of these lengths, shorter ones first. Nothing where there are none such.
    fn all(lengths: &[u8], meanings: &[Meaning]) -> Option<Vec<Self>> {
        let mut counts = [0usize; LONGEST_CODE + 1];
        for &length in lengths {
            *counts.get_mut(usize::from(length))? += 1;
        }
        counts[0] = 0;
        // For each length where its codes begin in the list, and the first of them, first bit highest.
        let mut starts = [(0, 0u32); LONGEST_CODE + 1];
        let (mut total, mut longest, mut next) = (0, 0, 0);
        for (length, (start, count)) in starts.iter_mut().zip(counts).enumerate() {
            next <<= 1;
            *start = (total, next);
            next += count as u32;
            total += count;
            if count > 0 {
                longest = length;
            }
            if next > 1 << length {
                return None;
            }
        }
        let is_complete = next == 1 << LONGEST_CODE;
        if !is_complete && longest > 1 {
            return None;
        }
        let mut codes = vec![Self { bits: 0, length: 0, meaning: Meaning::NOTHING }; total];
        for (&length, &meaning) in lengths.iter().zip(meanings).filter(|(length, _)| **length > 0) {
            let length = usize::from(length);
            let (place, next) = starts.get_mut(length)?;
            let bits = (next.reverse_bits() >> (32 - length)) as usize;
            *codes.get_mut(*place)? = Self { bits, length, meaning };
            *place += 1;
            *next += 1;
        }
        Some(codes)
    }
}
