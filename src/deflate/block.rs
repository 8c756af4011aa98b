//! Writing one block: RFC 1951, sections 3.2.3 to 3.2.7.

use super::bits::BitWriter;
use super::code::{LONGEST_CODE, codes_for, lengths_for};
use super::token::{
    DISTANCE_CODES, DISTANCES, END, FIRSTS, LENGTH_CODES, LITERALS, NO_DISTANCE, SHORTEST, Token, Tokens,
    distance_symbol, length_symbol,
};

/// The order in which the lengths of the code for code lengths are given (section 3.2.7).
pub(super) const LENGTH_ORDER: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The longest code for code lengths.
const LONGEST_LENGTH_CODE: usize = 7;
/// The largest stored block.
const STORED: usize = 0xffff;

/// The fixed code for literals and lengths (section 3.2.6), with its two symbols that never occur.
pub(super) fn fixed_literals() -> [u8; 288] {
    let mut lengths = [8; 288];
    lengths.iter_mut().take(256).skip(144).for_each(|length| *length = 9);
    lengths.iter_mut().take(280).skip(256).for_each(|length| *length = 7);
    lengths
}

/// Writes `tokens`, which stand for `bytes`, in the shortest of the three ways.
pub(super) fn write_block(out: &mut BitWriter, tokens: &Tokens, bytes: &[u8], last: bool) {
    let (literals, distances) = (&tokens.literals, &tokens.distances);
    let extra: u64 = (literals.iter().skip(END + 1).zip(LENGTH_CODES))
        .chain(distances.iter().zip(DISTANCE_CODES))
        .map(|(count, (_, extra))| u64::from(*count) * u64::from(extra))
        .sum();
    let literal_lengths = lengths_for(literals, LONGEST_CODE);
    let distance_lengths = lengths_for(distances, LONGEST_CODE);
    let header = Header::new(&literal_lengths, &distance_lengths);
    let fixed = fixed_literals();
    let dynamic_size = header.size() + cost(literals, &literal_lengths) + cost(distances, &distance_lengths);
    let fixed_size =
        cost(literals, &fixed) + 5 * distances.iter().map(|count| u64::from(*count)).sum::<u64>();
    let stored_size = 8 * bytes.len() as u64 + 40 * (bytes.len() / STORED + 1) as u64;
    if stored_size <= extra + dynamic_size.min(fixed_size) {
        write_stored(out, bytes, last);
        return;
    }
    out.put(u64::from(last), 1);
    if dynamic_size < fixed_size {
        out.put(2, 2);
        header.write(out);
        write_tokens(out, tokens.as_slice(), &literal_lengths, &distance_lengths);
    } else {
        out.put(1, 2);
        write_tokens(out, tokens.as_slice(), &fixed, &[5; DISTANCES]);
    }
}

/// Writes bytes as they are (section 3.2.4), in as many blocks as it takes.
pub(super) fn write_stored(out: &mut BitWriter, bytes: &[u8], last: bool) {
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(STORED));
        out.put(u64::from(last && after.is_empty()), 3);
        let length = piece.len() as u16;
        out.put_bytes(&length.to_le_bytes());
        out.put_bytes(&(!length).to_le_bytes());
        out.put_bytes(piece);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

fn cost(counts: &[u32], lengths: &[u8]) -> u64 {
    counts.iter().zip(lengths).map(|(count, length)| u64::from(*count) * u64::from(*length)).sum()
}

fn write_tokens<const L: usize>(
    out: &mut BitWriter,
    tokens: &[Token],
    literal_lengths: &[u8; L],
    distance_lengths: &[u8; DISTANCES],
) {
    let literal_codes = codes_for(literal_lengths);
    let distance_codes = codes_for(distance_lengths);
    let code_of = |symbol: usize| (u64::from(literal_codes[symbol]), u32::from(literal_lengths[symbol]));
    // A literal is one lookup, and so is a length: its code and its extra bits behind it.
    let mut firsts = [(0, 0); FIRSTS];
    for (first, entry) in firsts.iter_mut().enumerate() {
        *entry = match first.checked_sub(END) {
            None => code_of(first),
            Some(less) => {
                let length = less + SHORTEST;
                let symbol = length_symbol(length);
                let (base, extra) = LENGTH_CODES[symbol];
                let (code, bits) = code_of(END + 1 + symbol);
                (code | ((length - usize::from(base)) as u64) << bits, bits + u32::from(extra))
            }
        };
    }
    // For a distance its code, the length of the code, the first distance with it, and the extra bits. That of a literal
    // takes no bits: the processor cannot foresee what comes next, so that it is faster not to ask.
    let mut seconds = [(0, 0, 0, 0); (NO_DISTANCE + 1).next_power_of_two()];
    for (symbol, (base, extra)) in DISTANCE_CODES.into_iter().enumerate() {
        seconds[symbol] =
            (u64::from(distance_codes[symbol]), u32::from(distance_lengths[symbol]), base, u32::from(extra));
    }
    for token in tokens {
        let (first, first_bits) = firsts[token.first()];
        let distance = token.distance();
        let (code, bits, base, extra) = seconds[distance_symbol(distance) % seconds.len()];
        let second = code | (distance as u64).wrapping_sub(u64::from(base)) << bits;
        // At most 20 and 28 bits.
        out.put(first | second << first_bits, first_bits + bits + extra);
    }
    let (code, bits) = code_of(END);
    out.put(code, bits);
}

/// The codes of a dynamic block, as its header gives them (section 3.2.7).
struct Header {
    literals: usize,
    distances: usize,
    /// Symbols of the code for code lengths, each with the value of its extra bits.
    symbols: Vec<(u8, u8)>,
    lengths: [u8; 19],
    given: usize,
    size: u64,
}

impl Header {
    fn new(literal_lengths: &[u8; LITERALS], distance_lengths: &[u8; DISTANCES]) -> Self {
        let used = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1);
        let literals = used(literal_lengths).max(END + 1);
        let distances = used(distance_lengths).max(1);
        let all = literal_lengths.iter().take(literals).chain(distance_lengths.iter().take(distances));
        let symbols = runs(&all.copied().collect::<Vec<u8>>());
        let mut counts = [0; 19];
        for (symbol, _) in &symbols {
            counts[usize::from(*symbol)] += 1;
        }
        let lengths = lengths_for(&counts, LONGEST_LENGTH_CODE);
        let given =
            LENGTH_ORDER.iter().rposition(|symbol| lengths[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
        let extra = |(symbol, _): &(u8, u8)| u64::from(extra_bits(*symbol));
        let size =
            3 + 14 + 3 * given as u64 + cost(&counts, &lengths) + symbols.iter().map(extra).sum::<u64>();
        Self { literals, distances, symbols, lengths, given, size }
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn write(&self, out: &mut BitWriter) {
        out.put((self.literals - END - 1) as u64, 5);
        out.put((self.distances - 1) as u64, 5);
        out.put((self.given - 4) as u64, 4);
        for symbol in LENGTH_ORDER.iter().take(self.given) {
            out.put(u64::from(self.lengths[*symbol]), 3);
        }
        let codes = codes_for(&self.lengths);
        for &(symbol, value) in &self.symbols {
            let index = usize::from(symbol);
            out.put(u64::from(codes[index]), u32::from(self.lengths[index]));
            out.put(u64::from(value), extra_bits(symbol));
        }
    }
}

/// Extra bits of the symbols that repeat (section 3.2.7).
fn extra_bits(symbol: u8) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}

/// Code lengths as symbols: 16 repeats the one before 3 to 6 times, 17 and 18 stand for 3 to 10 and 11 to 138 zeros.
fn runs(lengths: &[u8]) -> Vec<(u8, u8)> {
    let mut symbols = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|a, b| a == b) {
        let Some(&length) = run.first() else { continue };
        let mut left = run.len();
        if length == 0 {
            while left >= 11 {
                let count = left.min(138);
                symbols.push((18, (count - 11) as u8));
                left -= count;
            }
            if left >= 3 {
                symbols.push((17, (left - 3) as u8));
                left = 0;
            }
        } else {
            symbols.push((length, 0));
            left -= 1;
            while left >= 3 {
                let count = left.min(6);
                symbols.push((16, (count - 3) as u8));
                left -= count;
            }
        }
        symbols.extend(std::iter::repeat_n((length, 0), left));
    }
    symbols
}
