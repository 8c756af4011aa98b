//! Finding what occurred before.

use super::token::{LONGEST, SHORTEST, WINDOW};

/// How hard the matcher looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// How many earlier places are looked at.
    pub(super) depth: usize,
    /// A match of this length is good enough.
    pub(super) nice: usize,
}

/// A match: its length and how far back it lies. No match has length 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) length: usize,
    pub(super) distance: usize,
}

const SHORT_BITS: u32 = 15;
const LONG_BITS: u32 = 16;

/// Hash chains over the window: for four bytes, where they occurred, latest first; for three bytes, where last.
///
/// Places are kept in 16 bits, twice the window, so that the tables stay in the cache. An older place looks like one in
/// the window: nothing depends on that, because every candidate is held against the bytes.
pub(super) struct Matcher<'a> {
    bytes: &'a [u8],
    base: usize,
    end: usize,
    short: Box<[u16; 1 << SHORT_BITS]>,
    long: Box<[u16; 1 << LONG_BITS]>,
    before: Box<[u16; WINDOW]>,
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map(|bytes| u32::from_le_bytes(*bytes))
}

#[inline(always)]
fn hash(word: u32, bits: u32) -> usize {
    /// Spreads neighbours (Knuth's multiplicative hashing, a prime near 2^32 divided by the golden ratio).
    const FACTOR: u32 = 2_654_435_761;
    (word.wrapping_mul(FACTOR) >> (32 - bits)) as usize
}

/// How many bytes are the same from two places on, up to `most`.
#[inline(always)]
fn common(bytes: &[u8], a: usize, b: usize, most: usize) -> usize {
    let (Some(a), Some(b)) = (bytes.get(a..a + most), bytes.get(b..b + most)) else { return 0 };
    let mut length = 0;
    while let (Some(a), Some(b)) = (
        a.get(length..).and_then(|rest| rest.first_chunk::<8>()),
        b.get(length..).and_then(|rest| rest.first_chunk::<8>()),
    ) {
        let differs = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differs != 0 {
            return length + (differs.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    while length < most && a[length] == b[length] {
        length += 1;
    }
    length
}

impl<'a> Matcher<'a> {
    /// A matcher for `bytes[start..end]` that knows the window before it.
    pub(super) fn new(bytes: &'a [u8], start: usize, end: usize) -> Self {
        let base = start.saturating_sub(WINDOW);
        let mut matcher = Self {
            bytes,
            base,
            end: end.min(bytes.len()),
            short: Box::new([0; 1 << SHORT_BITS]),
            long: Box::new([0; 1 << LONG_BITS]),
            before: Box::new([0; WINDOW]),
        };
        matcher.skip(base, start - base);
        matcher
    }

    /// Takes note of a place, and returns where its four and its three bytes occurred before.
    #[inline(always)]
    fn note(&mut self, at: usize, word: u32) -> (u16, u16) {
        let place = at as u16;
        let long = std::mem::replace(&mut self.long[hash(word, LONG_BITS)], place);
        let short = std::mem::replace(&mut self.short[hash(word << 8, SHORT_BITS)], place);
        self.before[at % WINDOW] = long;
        (long, short)
    }

    /// Takes note of places without looking for matches.
    pub(super) fn skip(&mut self, at: usize, count: usize) {
        for at in at..at + count {
            let Some(word) = word(self.bytes, at) else { return };
            self.note(at, word);
        }
    }

    /// The longest match at this place that is longer than `least`, and takes note of it.
    #[inline(always)]
    pub(super) fn find(&mut self, at: usize, least: usize, effort: Effort) -> Match {
        let Some(word_here) = word(self.bytes, at) else { return Match::default() };
        let (mut candidate, short) = self.note(at, word_here);
        let most = LONGEST.min(self.end - at);
        if most < SHORTEST + 1 {
            return Match::default();
        }
        let place = at as u16;
        // How far back a match may lie.
        let farthest = (at - self.base).min(WINDOW - 1);
        let mut best = Match::default();
        let mut least = least.max(SHORTEST - 1);
        if least < SHORTEST {
            let distance = usize::from(place.wrapping_sub(short));
            if (1..=farthest).contains(&distance)
                && word(self.bytes, at - distance).is_some_and(|there| (there ^ word_here) << 8 == 0)
            {
                best = Match { length: SHORTEST, distance };
                least = SHORTEST;
            }
        }
        let nice = effort.nice.min(most);
        if least >= most {
            return best;
        }
        // What is longer than the best so far agrees in the last four bytes it would have, too.
        let mut tail = least.max(SHORTEST) - 3;
        let mut tail_here = word(self.bytes, at + tail);
        let mut distance = 0;
        for _ in 0..effort.depth {
            // A chain goes back and back; what does not is the rest of an older one.
            let before = distance;
            distance = usize::from(place.wrapping_sub(candidate));
            if distance <= before || distance > farthest {
                break;
            }
            let there = at - distance;
            if word(self.bytes, there + tail) == tail_here && word(self.bytes, there) == Some(word_here) {
                let length = 4 + common(self.bytes, there + 4, at + 4, most - 4);
                if length > least {
                    best = Match { length, distance };
                    if length >= nice {
                        break;
                    }
                    least = length;
                    tail = length - 3;
                    tail_here = word(self.bytes, at + tail);
                }
            }
            candidate = self.before[there % WINDOW];
        }
        best
    }
}
