//! Prefix codes: RFC 1951, section 3.2.2.

use super::bits::BitReader;

/// The longest code of literals, lengths and distances.
pub(super) const LONGEST_CODE: usize = 15;

/// What the bits at hand stand for, packed: value, kind, extra bits, length of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning(u32);

impl Meaning {
    const LITERAL: u32 = 1 << 8;
    const BASE: u32 = 2 << 8;
    const END: u32 = 4 << 8;
    const TABLE: u32 = 8 << 8;

    /// A symbol that stands for itself.
    pub(super) const fn literal(value: u16) -> Self {
        Self((value as u32) << 16 | Self::LITERAL)
    }

    /// The first of a range of lengths or distances, to which extra bits are added.
    pub(super) const fn base(value: u16, extra: u8) -> Self {
        Self((value as u32) << 16 | Self::BASE | (extra as u32) << 4)
    }

    /// The end of the block.
    pub(super) const fn end() -> Self {
        Self(Self::END)
    }

    fn table(start: usize, bits: usize) -> Self {
        Self((start as u32) << 16 | Self::TABLE | (bits as u32) << 4)
    }

    fn of_length(self, length: usize) -> Self {
        Self(self.0 | length as u32)
    }

    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        self.0 & Self::LITERAL != 0
    }

    #[inline(always)]
    pub(super) fn is_base(self) -> bool {
        self.0 & Self::BASE != 0
    }

    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    #[inline(always)]
    fn is_table(self) -> bool {
        self.0 & Self::TABLE != 0
    }

    #[inline(always)]
    pub(super) fn value(self) -> usize {
        (self.0 >> 16) as usize
    }

    #[inline(always)]
    pub(super) fn extra(self) -> u32 {
        self.0 >> 4 & 15
    }

    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 15
    }
}

/// Looks codes up: the first `BITS` bits in one step, longer ones in a second.
#[derive(Clone, Debug)]
pub(super) struct Decoder<const BITS: usize> {
    table: Vec<Meaning>,
}

impl<const BITS: usize> Decoder<BITS> {
    /// Makes the table for codes of these lengths, or nothing where no such code exists. As zlib has it, a code may
    /// be incomplete only when it has one symbol, of one bit, or none.
    pub(super) fn new(lengths: &[u8], meaning: impl Fn(usize) -> Meaning) -> Option<Self> {
        let mut count = [0u32; LONGEST_CODE + 1];
        for &length in lengths {
            *count.get_mut(usize::from(length))? += 1;
        }
        count[0] = 0;
        let longest = (1..=LONGEST_CODE).rev().find(|&length| count[length] > 0).unwrap_or(0);
        let mut left = 1i64;
        let mut first = [0u32; LONGEST_CODE + 2];
        for length in 1..=LONGEST_CODE {
            left = left * 2 - i64::from(count[length]);
            if left < 0 {
                return None;
            }
            first[length + 1] = (first[length] + count[length]) << 1;
        }
        if left > 0 && longest > 1 {
            return None;
        }
        let mut table = vec![Meaning::default(); 1 << BITS];
        let mut next = first;
        let codes = lengths.iter().enumerate().filter(|(_, length)| **length > 0).map(|(symbol, &length)| {
            let length = usize::from(length);
            let code = next[length];
            next[length] += 1;
            (symbol, length, (code.reverse_bits() >> (32 - length)) as usize)
        });
        let mut long = Vec::new();
        for (symbol, length, code) in codes {
            if length > BITS {
                long.push((symbol, length, code));
                continue;
            }
            let meaning = meaning(symbol).of_length(length);
            for slot in table.iter_mut().skip(code).step_by(1 << length) {
                *slot = meaning;
            }
        }
        // The longest of the codes that begin alike decides how large their common table is.
        let low = (1 << BITS) - 1;
        let mut deepest = vec![0; if long.is_empty() { 0 } else { 1 << BITS }];
        for &(_, length, code) in &long {
            let deepest = deepest.get_mut(code & low)?;
            *deepest = length.max(*deepest);
        }
        for (symbol, length, code) in long {
            if !table.get(code & low)?.is_table() {
                let bits = deepest.get(code & low)? - BITS;
                let start = table.len();
                table.resize(start + (1 << bits), Meaning::default());
                *table.get_mut(code & low)? = Meaning::table(start, bits);
            }
            let entry = *table.get(code & low)?;
            let (start, size) = (entry.value(), 1 << entry.extra());
            let meaning = meaning(symbol).of_length(length - BITS);
            let slots = table.get_mut(start..start + size)?;
            for slot in slots.iter_mut().skip(code >> BITS).step_by(1 << (length - BITS)) {
                *slot = meaning;
            }
        }
        Some(Self { table })
    }

    /// Takes one code off the reader, which has 15 bits at hand. No code gives a meaning that is nothing.
    #[inline(always)]
    pub(super) fn take(&self, reader: &mut BitReader<'_>) -> Meaning {
        let low = (1 << BITS) - 1;
        let mut meaning = self.table.get(reader.peek() as usize & low).copied().unwrap_or_default();
        if meaning.is_table() {
            reader.consume(BITS as u32);
            let index = meaning.value() + (reader.peek() as usize & ((1 << meaning.extra()) - 1));
            meaning = self.table.get(index).copied().unwrap_or_default();
        }
        reader.consume(meaning.bits());
        meaning
    }
}

/// The best lengths, none longer than `longest`, for symbols that occur this often. At least two symbols get a code:
/// some decoders refuse less.
pub(super) fn lengths_for<const N: usize>(frequencies: &[u32; N], longest: usize) -> [u8; N] {
    let mut lengths = [0; N];
    let mut used: Vec<(u32, usize)> =
        frequencies.iter().enumerate().filter(|(_, f)| **f > 0).map(|(symbol, f)| (*f, symbol)).collect();
    for (symbol, frequency) in frequencies.iter().enumerate().take(2) {
        if used.len() < 2 && *frequency == 0 {
            used.push((1, symbol));
        }
    }
    used.sort_unstable();
    let mut counts = depth_counts(&used, longest);
    // The rarest symbols get the longest codes.
    let mut length = longest;
    for (_, symbol) in used {
        while counts[length] == 0 && length > 1 {
            length -= 1;
        }
        counts[length] = counts[length].saturating_sub(1);
        lengths[symbol] = length as u8;
    }
    lengths
}

/// How many symbols get a code of each length. `used` is sorted by frequency.
fn depth_counts(used: &[(u32, usize)], longest: usize) -> [u32; LONGEST_CODE + 1] {
    // Huffman's algorithm with two queues: leaves and inner nodes both come in order of weight.
    let mut weights: Vec<u64> = used.iter().map(|(frequency, _)| u64::from(*frequency)).collect();
    let leaves = weights.len();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..2 * leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let takes_leaf = leaf < leaves && (inner >= node || weights[leaf] <= weights[inner]);
            let child = if takes_leaf { &mut leaf } else { &mut inner };
            weight += weights[*child];
            parents[*child] = node;
            *child += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0usize; 2 * leaves - 1];
    let mut counts = [0u32; LONGEST_CODE + 1];
    for node in (0..2 * leaves - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
        if node < leaves {
            counts[depths[node].min(longest)] += 1;
        }
    }
    // Codes that were cut to the limit make the sum of 2^-length exceed 1: longer codes for others make up for it.
    let mut sum: u64 = (1..=longest).map(|length| u64::from(counts[length]) << (longest - length)).sum();
    while sum > 1 << longest {
        counts[longest] -= 1;
        if let Some(length) = (1..longest).rev().find(|&length| counts[length] > 0) {
            counts[length] -= 1;
            counts[length + 1] += 2;
        }
        sum -= 1;
    }
    counts
}

/// The codes for these lengths, first bit lowest.
pub(super) fn codes_for<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut next = [0u32; LONGEST_CODE + 2];
    for length in 1..=LONGEST_CODE {
        let count = lengths.iter().filter(|&&other| usize::from(other) == length).count();
        next[length + 1] = (next[length] + count as u32) << 1;
    }
    lengths.map(|length| {
        if length == 0 {
            return 0;
        }
        let slot = &mut next[usize::from(length)];
        let code = *slot;
        *slot += 1;
        (code.reverse_bits() >> (32 - u32::from(length))) as u16
    })
}
