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

/// The index into [`DISTANCE_CODES`] of distances below 256, and of the 128 that each other one is among.
const DISTANCE_SYMBOLS: [u8; 512] = distance_symbols();

/// The symbol of literals, which have no distance.
pub(super) const NO_DISTANCE: usize = DISTANCES;

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

const fn distance_symbols() -> [u8; 512] {
    let mut table = [NO_DISTANCE as u8; 512];
    let mut index = 0;
    while index < DISTANCES {
        let (first, extra) = DISTANCE_CODES[index];
        let mut distance = first as usize;
        while distance < first as usize + (1 << extra) {
            table[near_or_far(distance)] = index as u8;
            distance += 1;
        }
        index += 1;
    }
    table
}

/// The place of a distance in [`DISTANCE_SYMBOLS`].
#[inline(always)]
const fn near_or_far(distance: usize) -> usize {
    let far = 256 + (distance.wrapping_sub(1) >> 7) % 256;
    if distance < 256 { distance } else { far }
}

/// A literal, or a match. Four bytes, because there are tens of thousands in a block: above, what [`Token::first`] says,
/// and below, the distance, which is 0 for literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u32);

/// How many values [`Token::first`] has: one for each literal, and one for each length.
pub(super) const FIRSTS: usize = 512;

impl Token {
    pub(super) fn literal(byte: u8) -> Self {
        Self(u32::from(byte) << 16)
    }

    /// A match of 3 to 258 bytes, up to 32,768 bytes back.
    pub(super) fn repeat(length: usize, distance: usize) -> Self {
        Self(((length + 256 - SHORTEST) as u32) << 16 | distance as u32)
    }

    /// What comes first in the stream: the literal, or the length, less 3, behind all literals.
    #[inline(always)]
    pub(super) fn first(self) -> usize {
        (self.0 >> 16) as usize % FIRSTS
    }

    /// The bytes it stands for.
    pub(super) fn length(self) -> usize {
        if self.is_literal() { 1 } else { self.first() + SHORTEST - 256 }
    }

    /// How far back it refers: 0 for literals.
    #[inline(always)]
    pub(super) fn distance(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        self.distance() == 0
    }

    /// The byte of a literal.
    pub(super) fn byte(self) -> u8 {
        (self.0 >> 16) as u8
    }
}

/// The tokens of a block, and how often each symbol occurs in them.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    list: Vec<Token>,
    /// Of literals, the end and lengths, by their symbols.
    pub(super) literals: [u32; LITERALS],
    /// Of distances, by their symbols.
    pub(super) distances: [u32; DISTANCES],
}

impl Tokens {
    /// None yet, but for the end of the block.
    pub(super) fn new() -> Self {
        let mut literals = [0; LITERALS];
        literals[END] = 1;
        Self { list: Vec::new(), literals, distances: [0; DISTANCES] }
    }

    /// As new, with the memory it has.
    pub(super) fn clear(&mut self) {
        let mut list = std::mem::take(&mut self.list);
        list.clear();
        *self = Self { list, ..Self::new() };
    }

    #[inline(always)]
    pub(super) fn literal(&mut self, byte: u8) {
        self.literals[usize::from(byte)] += 1;
        self.list.push(Token::literal(byte));
    }

    #[inline(always)]
    pub(super) fn repeat(&mut self, length: usize, distance: usize) {
        self.literals[END + 1 + length_symbol(length)] += 1;
        self.distances[distance_symbol(distance) % DISTANCES] += 1;
        self.list.push(Token::repeat(length, distance));
    }

    pub(super) fn push(&mut self, token: Token) {
        if token.is_literal() {
            self.literal(token.byte());
        } else {
            self.repeat(token.length(), token.distance());
        }
    }

    pub(super) fn as_slice(&self) -> &[Token] {
        &self.list
    }
}

/// The index of a length in [`LENGTH_CODES`].
#[inline(always)]
pub(super) fn length_symbol(length: usize) -> usize {
    usize::from(LENGTH_SYMBOLS[(length - SHORTEST) & 255])
}

/// The index of a distance in [`DISTANCE_CODES`], and [`NO_DISTANCE`] for 0. A table and no branch: the processor could
/// not foresee which way it goes.
#[inline(always)]
pub(super) fn distance_symbol(distance: usize) -> usize {
    usize::from(DISTANCE_SYMBOLS[near_or_far(distance)])
}
