//! Finding what occurred before.

use std::ops::Range;

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

/// Bytes that one matcher can work on, besides the window before them.
pub(super) const PIECE: usize = 1 << 18;

/// Places are below this, so that cutting a number to it changes nothing and shows that it is in bounds. Hence the copy of
/// the bytes, of a fixed size: words can be read at every place, and there is no end to look out for.
const PLACES: usize = (WINDOW + PIECE).next_power_of_two();
/// Words are read behind the last place.
const MARGIN: usize = 8;

const SHORT_BITS: u32 = 15;
const LONG_BITS: u32 = 16;

/// A piece of a file and the window before it, with hash chains: for four bytes, where they occurred last, and for each
/// place the one before it; for three bytes, where they occurred last.
///
/// Places are counted from the beginning of the window. In the tables they are kept in 16 bits, twice the window, so
/// that the tables stay in the cache. An older place can look like one in the window, though [`Matcher::forget`] leaves
/// few of them: nothing depends on that, because every candidate is held against the bytes.
pub(super) struct Matcher {
    bytes: Box<[u8; PLACES + MARGIN]>,
    /// Where the window begins, where it is cut short by the beginning of the file.
    first: usize,
    /// Behind the last place.
    end: usize,
    short: Box<[u16; 1 << SHORT_BITS]>,
    long: Box<[u16; 1 << LONG_BITS]>,
    back: Box<[u16; WINDOW]>,
    next: Next,
}

/// What the tables say of the place that is next, read ahead: by the time it is needed, it is there.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    word: u32,
    short: u16,
    long: u16,
    short_hash: usize,
    long_hash: usize,
}

/// An array on the heap, which was not on the stack before: the vector has the array's length.
fn zeros<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    vec![T::default(); N].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([T::default(); N]))
}

#[inline(always)]
fn hash(word: u32, bits: u32) -> usize {
    /// Spreads neighbours (Knuth's multiplicative hashing, a prime near 2^32 divided by the golden ratio).
    const FACTOR: u32 = 2_654_435_761;
    (word.wrapping_mul(FACTOR) >> (32 - bits)) as usize
}

impl Matcher {
    /// A matcher for `bytes[piece]`, which begins at place [`WINDOW`] and has at most [`PIECE`] bytes. It knows the
    /// window before it.
    pub(super) fn new(bytes: &[u8], piece: &Range<usize>) -> Self {
        let before = piece.start.min(WINDOW);
        let known = bytes.get(piece.start - before..piece.end).unwrap_or_default();
        let first = WINDOW - before;
        let mut matcher = Self {
            bytes: zeros(),
            first,
            end: first + known.len(),
            short: zeros(),
            long: zeros(),
            back: zeros(),
            next: Next::default(),
        };
        if let Some(copy) = matcher.bytes.get_mut(matcher.first..matcher.end) {
            copy.copy_from_slice(known);
        }
        let unknown = (first as u16).wrapping_sub(WINDOW as u16);
        matcher.short.fill(unknown);
        matcher.long.fill(unknown);
        matcher.look_ahead(matcher.first);
        matcher.skip(matcher.first, before);
        matcher
    }

    /// Makes every place in the tables that is out of the window at `at` look as if it had just left it. To be called at
    /// least once in a window, so that none comes to look as if it were in it again: chains would go on from there, and
    /// looking at places that cannot match takes time.
    pub(super) fn forget(&mut self, at: usize) {
        fn sweep(places: &mut [u16], at: u16) {
            let border = at.wrapping_sub(WINDOW as u16);
            for place in places {
                // A conditional value, not a conditional store: that is done for many at once.
                let is_out = at.wrapping_sub(*place) > WINDOW as u16;
                *place = if is_out { border } else { *place };
            }
        }
        sweep(&mut *self.short, at as u16);
        sweep(&mut *self.long, at as u16);
    }

    /// The byte at a place.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes[at % PLACES]
    }

    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        let at = at % PLACES;
        u32::from_le_bytes([self.bytes[at], self.bytes[at + 1], self.bytes[at + 2], self.bytes[at + 3]])
    }

    #[inline(always)]
    fn long_word(&self, at: usize) -> u64 {
        u64::from(self.word(at)) | u64::from(self.word(at + 4)) << 32
    }

    /// How many bytes are the same from two places on, up to `most`.
    #[inline(always)]
    fn common(&self, a: usize, b: usize, from: usize, most: usize) -> usize {
        let mut length = from;
        while length < most {
            let differs = self.long_word(a + length) ^ self.long_word(b + length);
            if differs != 0 {
                return most.min(length + (differs.trailing_zeros() / 8) as usize);
            }
            length += 8;
        }
        most
    }

    #[inline(always)]
    fn look_ahead(&mut self, at: usize) {
        let word = self.word(at);
        let (short_hash, long_hash) = (hash(word << 8, SHORT_BITS), hash(word, LONG_BITS));
        let (short, long) =
            (self.short[short_hash % self.short.len()], self.long[long_hash % self.long.len()]);
        self.next = Next { word, short, long, short_hash, long_hash };
    }

    /// Takes note of the next place, and returns its word, the place where its four bytes occurred before, and how far
    /// back its three bytes did.
    #[inline(always)]
    fn note(&mut self, at: usize) -> (u32, u16, u16) {
        let place = at as u16;
        let next = self.next;
        self.long[next.long_hash % (1 << LONG_BITS)] = place;
        self.short[next.short_hash % (1 << SHORT_BITS)] = place;
        self.back[at % WINDOW] = next.long;
        self.look_ahead(at + 1);
        (next.word, next.long, place.wrapping_sub(next.short))
    }

    /// Takes note of the next places without looking for matches.
    #[inline(always)]
    pub(super) fn skip(&mut self, at: usize, count: usize) {
        for at in at..at + count {
            self.note(at);
        }
    }

    /// The longest match at the next place that is longer than `least`, and takes note of it.
    #[inline(always)]
    pub(super) fn find(&mut self, at: usize, least: usize, effort: Effort) -> Match {
        let (here, mut place, short) = self.note(at);
        let most = LONGEST.min(self.end - at);
        if most < SHORTEST + 1 {
            return Match::default();
        }
        // How far back a match may lie.
        let farthest = (at - self.first).min(WINDOW - 1);
        let mut best = Match::default();
        let mut least = least.max(SHORTEST - 1);
        if least < SHORTEST {
            let distance = usize::from(short);
            if (1..=farthest).contains(&distance) && (self.word(at - distance) ^ here) << 8 == 0 {
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
        let mut tail_here = self.word(at + tail);
        let mut depth = effort.depth;
        loop {
            let distance = usize::from((at as u16).wrapping_sub(place));
            if distance.wrapping_sub(1) >= farthest {
                break;
            }
            let there = at - distance;
            if self.word(there + tail) == tail_here && self.word(there) == here {
                let length = self.common(there, at, 4, most);
                if length > least {
                    best = Match { length, distance };
                    if length >= nice {
                        break;
                    }
                    least = length;
                    tail = length - 3;
                    tail_here = self.word(at + tail);
                }
            }
            depth -= 1;
            if depth == 0 {
                break;
            }
            place = self.back[usize::from(place) % WINDOW];
        }
        best
    }
}
