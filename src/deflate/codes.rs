//! The prefix codes of a block (RFC 1951, sections 3.2.2 and 3.2.5 to 3.2.7), only for counting: how many
//! bits a symbol takes and how many bytes it decodes to. zlib-rs decodes the bytes and decides whether the
//! stream is valid.

use super::bits::BitReader;

/// The longest code for literals, lengths and distances, in bits.
const LONGEST_CODE: usize = 15;
/// The symbol that ends a block.
const END: usize = 256;
/// The most symbols for literals, end and lengths; and for distances.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
/// The order in which the code lengths of the code-length code are stored (section 3.2.7).
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The result of a lookup: a number of literals, and then a match, the end, or nothing.
///
/// From the lowest bit: 5 bits for the bits consumed, 5 for how many of those are codes, before the extra
/// bits; flags; and from bit 16 a number to which the extra bits are added: the bytes decoded, or a distance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step(u32);

impl Step {
    const MATCH: u32 = 1 << 10;
    const END: u32 = 1 << 11;
    /// No code, or one that is longer than the lookup.
    const OTHER: Self = Self(1 << 12);

    const fn new(value: u32, extra: u32, flags: u32) -> Self {
        Self(value << 16 | flags | extra)
    }

    /// This step after a code of `bits` bits.
    fn after(self, bits: usize) -> Self {
        Self(self.0 + (bits as u32) * 0x21)
    }

    #[inline(always)]
    fn code(self) -> u32 {
        self.0 >> 5 & 31
    }

    /// The number of bits consumed, extra bits included.
    #[inline(always)]
    pub(super) fn taken(self) -> u32 {
        self.0 & 31
    }

    /// The value, with the extra bits that follow the codes.
    #[inline(always)]
    pub(super) fn value(self, bits: u64) -> usize {
        let taken = bits & ((1 << self.taken()) - 1);
        (self.0 >> 16) as usize + (taken >> self.code()) as usize
    }

    #[inline(always)]
    pub(super) fn is_match(self) -> bool {
        self.0 & Self::MATCH != 0
    }

    /// All ones for a match, zero otherwise.
    #[inline(always)]
    pub(super) fn match_mask(self) -> u32 {
        0_u32.wrapping_sub((self.0 / Self::MATCH) & 1)
    }

    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    #[inline(always)]
    pub(super) fn is_other(self) -> bool {
        self.0 & Self::OTHER.0 != 0
    }

    fn is_literals(self) -> bool {
        self.0 & (Self::MATCH | Self::END | Self::OTHER.0) == 0
    }
}

/// The meaning of the symbols for literals, end and lengths; the last two never occur.
const LITERAL_STEPS: [Step; 288] = {
    let mut steps = [Step::OTHER; 288];
    let mut symbol = 0;
    while symbol < END {
        steps[symbol] = Step::new(1, 0, 0);
        symbol += 1;
    }
    steps[END] = Step::new(0, 0, Step::END);
    let mut length = 3;
    while symbol < 284 {
        symbol += 1;
        let extra = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        steps[symbol] = Step::new(length, extra as u32, Step::MATCH);
        length += 1 << extra;
    }
    steps[285] = Step::new(258, 0, Step::MATCH);
    steps
};

/// The meaning of the symbols for distances; the last two never occur.
const DISTANCE_STEPS: [Step; 32] = {
    let mut steps = [Step::OTHER; 32];
    let (mut symbol, mut distance) = (0, 1);
    while symbol < DISTANCES {
        let extra = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        steps[symbol] = Step::new(distance, extra as u32, 0);
        distance += 1 << extra;
        symbol += 1;
    }
    steps
};

/// The meaning of the symbols for code lengths: their own number.
const LENGTH_STEPS: [Step; 19] = {
    let mut steps = [Step::OTHER; 19];
    let mut symbol = 0;
    while symbol < steps.len() {
        steps[symbol] = Step::new(symbol as u32, 0, 0);
        symbol += 1;
    }
    steps
};

/// Looks up codes: those that are short enough in a table of `SIZE` entries, a power of two.
pub(super) struct Decoder<const SIZE: usize> {
    table: [Step; SIZE],
    steps: &'static [Step],
    /// The number of codes of each length, and the symbols in the order of their codes.
    counts: [u16; LONGEST_CODE + 1],
    symbols: Vec<u16>,
}

impl<const SIZE: usize> Decoder<SIZE> {
    const BITS: usize = SIZE.trailing_zeros() as usize;

    fn new(steps: &'static [Step]) -> Self {
        Self { table: [Step::OTHER; SIZE], steps, counts: [0; LONGEST_CODE + 1], symbols: Vec::new() }
    }

    /// Builds the table from the code length of each symbol; `None` if the lengths are invalid.
    fn learn(&mut self, lengths: &[u8]) -> Option<()> {
        self.counts = [0; LONGEST_CODE + 1];
        for &length in lengths {
            *self.counts.get_mut(usize::from(length))? += 1;
        }
        self.counts[0] = 0;
        // Where the symbols of each length start in the list.
        let mut starts = [0; LONGEST_CODE + 1];
        let mut total = 0;
        for (start, &count) in starts.iter_mut().zip(&self.counts) {
            *start = total;
            total += usize::from(count);
        }
        self.symbols.clear();
        self.symbols.resize(total, 0);
        for (symbol, &length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let start = starts.get_mut(usize::from(length))?;
            *self.symbols.get_mut(*start)? = symbol as u16;
            *start += 1;
        }
        self.table.fill(Step::OTHER);
        let (mut next, mut symbols) = (0_u32, self.symbols.iter());
        for (length, &count) in self.counts.iter().enumerate().skip(1) {
            next <<= 1;
            for &symbol in symbols.by_ref().take(usize::from(count)) {
                if next >> length != 0 {
                    return None;
                }
                if length <= Self::BITS {
                    let code = (next.reverse_bits() >> (32 - length)) as usize;
                    let step = self.steps.get(usize::from(symbol))?.after(length);
                    self.table.iter_mut().skip(code).step_by(1 << length).for_each(|slot| *slot = step);
                }
                next += 1;
            }
        }
        Some(())
    }

    /// Extends each literal entry with the codes that follow it, as far as the lookup bits determine them.
    fn join_literals(&mut self) {
        for index in 1..SIZE {
            let Some(&first) = self.table.get(index) else { return };
            // The index is smaller, so that entry is complete already.
            let Some(&then) = self.table.get(index >> first.code()) else { return };
            if first.is_literals()
                && (then.is_literals() || then.is_match())
                && (first.code() + then.code()) as usize <= Self::BITS
                && let Some(step) = self.table.get_mut(index)
            {
                *step = Step(first.0 + then.0);
            }
        }
    }

    /// The next step.
    #[inline(always)]
    pub(super) fn look_up(&self, bits: u64) -> Step {
        let step = self.table[bits as usize & (SIZE - 1)];
        if step.is_other() { self.search(bits) } else { step }
    }

    /// Decodes bit by bit: the codes of one length are consecutive numbers.
    #[cold]
    #[inline(never)]
    fn search(&self, bits: u64) -> Step {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for (length, count) in self.counts.iter().map(|&count| usize::from(count)).enumerate().skip(1) {
            code = code << 1 | (bits >> (length - 1) & 1) as usize;
            first <<= 1;
            if code < first + count {
                let symbol = self.symbols.get(index + code - first);
                let step = symbol.and_then(|&symbol| self.steps.get(usize::from(symbol)));
                return step.map_or(Step::OTHER, |step| step.after(length));
            }
            first += count;
            index += count;
        }
        Step::OTHER
    }
}

/// The code tables of a compressed block.
pub(super) struct Codes {
    pub(super) literals: Decoder<2048>,
    pub(super) distances: Decoder<1024>,
    lengths: Decoder<128>,
}

impl Codes {
    pub(super) fn new() -> Self {
        Self {
            literals: Decoder::new(&LITERAL_STEPS),
            distances: Decoder::new(&DISTANCE_STEPS),
            lengths: Decoder::new(&LENGTH_STEPS),
        }
    }

    /// Uses the fixed codes (section 3.2.6).
    pub(super) fn fix(&mut self) -> Option<()> {
        let mut lengths = [8; 288];
        lengths.iter_mut().take(256).skip(144).for_each(|length| *length = 9);
        lengths.iter_mut().take(280).skip(256).for_each(|length| *length = 7);
        self.learn(&lengths, &[5; 32])
    }

    /// Reads the codes of a dynamic block (section 3.2.7).
    pub(super) fn read(&mut self, reader: &mut BitReader<'_>) -> Option<()> {
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
        self.lengths.learn(&lengths)?;
        let mut lengths: Vec<u8> = Vec::with_capacity(LITERALS + DISTANCES);
        while lengths.len() < literals + distances {
            reader.refill();
            let step = self.lengths.look_up(reader.peek());
            let symbol = step.value(reader.peek());
            reader.consume(step.taken());
            let (length, count) = match symbol {
                _ if step.is_other() => return None,
                16 => (*lengths.last()?, 3 + reader.take(2)),
                17 => (0, 3 + reader.take(3)),
                18 => (0, 11 + reader.take(7)),
                length => (length as u8, 1),
            };
            lengths.extend(std::iter::repeat_n(length, count as usize));
        }
        let (literals, distances) = lengths.split_at(literals);
        self.learn(literals, distances)
    }

    fn learn(&mut self, literals: &[u8], distances: &[u8]) -> Option<()> {
        self.literals.learn(literals)?;
        self.literals.join_literals();
        self.distances.learn(distances)
    }
}
