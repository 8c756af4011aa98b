//! The alphabet of RFC 1951, section 3.2.5: literals, and matches of a length and a distance.

/// The symbol that ends a block.
pub(super) const END: usize = 256;
/// Symbols for literals, the end and lengths.
pub(super) const LITERALS: usize = 286;
/// Symbols for distances.
pub(super) const DISTANCES: usize = 30;
/// The shortest match.
pub(super) const SHORTEST: usize = 3;
/// The longest match.
pub(super) const LONGEST: usize = 258;
/// How far back a match may refer.
pub(super) const WINDOW: usize = 32 * 1024;

/// First length of each length symbol from 257 on, and the number of extra bits.
pub(super) const LENGTH_CODES: [(u16, u8); 29] = lengths();
/// First distance of each distance symbol, and the number of extra bits.
pub(super) const DISTANCE_CODES: [(u16, u8); DISTANCES] = distances();

/// The index into [`LENGTH_CODES`] for each length less 3.
const LENGTH_SYMBOLS: [u8; 256] = length_symbols();

const fn lengths() -> [(u16, u8); 29] {
    let mut table = [(0, 0); 29];
    let (mut length, mut index) = (3, 0);
    while index < 28 {
        let extra = if index < 8 { 0 } else { index / 4 - 1 };
        table[index] = (length, extra as u8);
        length += 1 << extra;
        index += 1;
    }
    table[28] = (258, 0);
    table
}

const fn distances() -> [(u16, u8); DISTANCES] {
    let mut table = [(0, 0); DISTANCES];
    let (mut distance, mut index) = (1, 0);
    while index < DISTANCES {
        let extra = if index < 4 { 0 } else { index / 2 - 1 };
        table[index] = (distance as u16, extra as u8);
        distance += 1u32 << extra;
        index += 1;
    }
    table
}

const fn length_symbols() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 29 {
        let mut length = LENGTH_CODES[index].0 as usize - SHORTEST;
        while length < 256 {
            table[length] = index as u8;
            length += 1;
        }
        index += 1;
    }
    table
}

/// A literal, or a match. Four bytes, because there are tens of thousands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u32);

impl Token {
    pub(super) fn literal(byte: u8) -> Self {
        Self(u32::from(byte))
    }

    /// A match of 3 to 258 bytes, up to 32,768 bytes back.
    pub(super) fn repeat(length: usize, distance: usize) -> Self {
        Self((length as u32) << 16 | distance as u32)
    }

    /// The bytes it stands for.
    pub(super) fn length(self) -> usize {
        ((self.0 >> 16) as usize).max(1)
    }

    /// How far back it refers: 0 for literals.
    pub(super) fn distance(self) -> usize {
        if self.is_literal() { 0 } else { (self.0 & 0xffff) as usize }
    }

    pub(super) fn is_literal(self) -> bool {
        self.0 < 1 << 16
    }

    /// The byte of a literal.
    pub(super) fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// The index of a length in [`LENGTH_CODES`].
#[inline(always)]
pub(super) fn length_symbol(length: usize) -> usize {
    usize::from(LENGTH_SYMBOLS[(length - SHORTEST) & 255])
}

/// The index of a distance in [`DISTANCE_CODES`]: two for each power of two.
#[inline(always)]
pub(super) fn distance_symbol(distance: usize) -> usize {
    let less = (distance - 1) as u32;
    if less < 4 {
        return less as usize;
    }
    let power = 31 - less.leading_zeros();
    (2 * power + ((less >> (power - 1)) & 1)) as usize
}
