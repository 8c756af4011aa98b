//! Taking a stretch of a stream apart before the bytes that it refers to are there.
//!
//! What a code says does not depend on the bytes before it; only matches do. So while one thread inflates, another looks
//! for a block further on, and takes it and those behind it apart into literals and matches. When the first thread gets
//! there, it has only to copy. That a block begins there is a guess, until the first thread finds that one does.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bits::BitReader;
use super::block_codes::Codes;
use super::decoder::Meaning;
use super::inflate::{Block, Damage, Within};
use super::sized;

/// How far ahead the search begins, in bytes of the stream: so far that two threads, of which the second also hashes what
/// is inflated, are done with theirs at the same time.
pub(super) const LEAD: u64 = sized(1 << 20, 64 << 10, 16) as u64;
/// How far it goes. Blocks are rarely larger.
const SEARCH: u64 = sized(256 << 10, 16 << 10, 2 << 10) as u64;
/// How much of the stream is taken apart, besides: what there is of it in memory is small beside a file for which this
/// pays.
pub(super) const STRETCH: u64 = sized(512 << 10, 32 << 10, 1 << 10) as u64;
/// The most that a stretch may inflate to, in bytes, which bounds its memory to three times that.
pub(super) const MOST: usize = sized(8 << 20, 512 << 10, 4 << 10);

/// Where the thread that inflates is, and where the other found a block.
#[derive(Debug)]
pub(super) struct Meeting {
    reached: AtomicU64,
    found: AtomicU64,
}

impl Meeting {
    /// Nothing is found before this bit is reached.
    pub(super) fn at(position: u64) -> Self {
        Self { reached: AtomicU64::new(position), found: AtomicU64::new(u64::MAX) }
    }

    /// Says where the first thread is. Whether it has met the other.
    pub(super) fn is_at(&self, position: u64) -> bool {
        self.reached.store(position, Ordering::Relaxed);
        position == self.found.load(Ordering::Relaxed)
    }
}

/// Blocks that were taken apart.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    /// The bits they take.
    pub(super) bits: Range<u64>,
    /// Where they lie; the bytes are counted from the beginning of the stretch.
    pub(super) blocks: Vec<Block>,
    /// Whether the last of them is the last of the stream.
    pub(super) last: bool,
    pub(super) literals: Vec<u8>,
    pub(super) steps: Vec<Step>,
    /// How many bytes they inflate to.
    size: usize,
}

/// So many literals, and then a match, if its length is not 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) literals: u32,
    pub(super) length: u16,
    pub(super) distance: u16,
}

/// The second thread's memory.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    buffer: Vec<u8>,
    spare: Stretch,
}

impl Ahead {
    /// Looks for a block in a stream, from `start` bytes on, and takes it apart with those behind it. Nothing where none is
    /// found, or where the other thread was there first. `open` reads the stream from any byte on.
    pub(super) fn look<R: Read>(
        &mut self,
        meeting: &Meeting,
        start: u64,
        open: impl Fn(u64) -> std::io::Result<R>,
    ) -> Option<Stretch> {
        if meeting.reached.load(Ordering::Relaxed) >= start * 8 {
            return None;
        }
        self.buffer.clear();
        open(start).ok()?.take(SEARCH + STRETCH).read_to_end(&mut self.buffer).ok()?;
        let mut stretch = std::mem::take(&mut self.spare);
        let mut codes = Box::new(Codes::none());
        for bit in candidates(&self.buffer) {
            stretch.begin(start * 8 + bit);
            let mut reader = BitReader::at(&self.buffer, bit);
            if stretch.take_block(&mut reader, start * 8, &mut codes).is_none() {
                continue;
            }
            meeting.found.store(stretch.bits.start, Ordering::Relaxed);
            while !stretch.last && stretch.take_block(&mut reader, start * 8, &mut codes).is_some() {}
            return Some(stretch);
        }
        self.spare = stretch;
        None
    }

    /// Takes back a stretch, for its memory.
    pub(super) fn reuse(&mut self, stretch: Stretch) {
        self.spare = stretch;
    }
}

/// Bits at which a block with codes of its own, not the last one, might begin: RFC 1951, section 3.2.7, up to the code
/// for the lengths of codes, which has to be complete.
fn candidates(bytes: &[u8]) -> impl Iterator<Item = u64> {
    /// What is looked at together, of 16 bytes: behind it there is room for all that is asked.
    const STEP: usize = 6;
    let steps = (0..SEARCH as usize).step_by(STEP);
    let words = steps.map_while(|at| Some((at, bytes.get(at..)?.first_chunk()?)));
    words.flat_map(|(at, word)| {
        let word = u128::from_le_bytes(*word);
        // A bit that is 0, as this is not the last block; then the second kind of the three: 0 and 1.
        let mut places = (!word & !(word >> 1) & word >> 2) as u64 & ((1 << (8 * STEP)) - 1);
        std::iter::from_fn(move || {
            let place = (places != 0).then(|| places.trailing_zeros())?;
            places &= places - 1;
            Some(place)
        })
        .filter(move |place| may_begin(word >> place >> 3))
        .map(move |place| at as u64 * 8 + u64::from(place))
    })
}

/// Whether these bits may follow the three that say which kind of block it is.
fn may_begin(bits: u128) -> bool {
    // More than 286 literals and lengths there are not, nor more than 30 distances.
    if bits & 31 > 29 || bits >> 5 & 31 > 29 {
        return false;
    }
    let count = (bits >> 10 & 15) as u32 + 4;
    let lengths = bits >> 14 & ((1 << (3 * count)) - 1);
    let shares = (0..19).map(|index| match (lengths >> (3 * index)) as u32 & 7 {
        0 => 0,
        length => 128 >> length,
    });
    shares.sum::<u32>() == 128
}

impl Stretch {
    fn begin(&mut self, bit: u64) {
        self.bits = bit..bit;
        self.last = false;
        self.size = 0;
        self.blocks.clear();
        self.literals.clear();
        self.steps.clear();
    }

    /// Takes the next block apart. Nothing where it is damaged or does not lie in the reader's bytes as a whole, of which
    /// the first is at the bit `start` of the stream.
    fn take_block(&mut self, reader: &mut BitReader<'_>, start: u64, codes: &mut Codes) -> Option<()> {
        let (literals, steps, size) = (self.literals.len(), self.steps.len(), self.size);
        let bit = start + reader.position();
        let last = reader.take(1) == 1;
        let within = Within::read(reader, codes).ok();
        let taken = match within {
            Some(Within::Stored(count)) => self.take_stored(reader, count),
            Some(Within::Fixed) => Codes::fixed().ok().and_then(|codes| self.take_codes(reader, codes)),
            Some(Within::Dynamic) => self.take_codes(reader, codes),
            _ => None,
        };
        if taken.is_none() || reader.is_near_end() {
            self.literals.truncate(literals);
            self.steps.truncate(steps);
            self.size = size;
            return None;
        }
        let end = start + reader.position();
        let stored = matches!(within, Some(Within::Stored(_)));
        self.blocks.push(Block { bits: (bit, end), bytes: (size, self.size), stored });
        self.bits.end = end;
        self.last = last;
        Some(())
    }

    fn take_stored(&mut self, reader: &mut BitReader<'_>, count: usize) -> Option<()> {
        for _ in 0..count {
            self.literals.push(reader.take(8) as u8);
        }
        self.steps.push(Step { literals: count as u32, length: 0, distance: 0 });
        self.size += count;
        Some(())
    }

    /// As `Run::decode`, but that nothing is copied.
    fn take_codes(&mut self, reader: &mut BitReader<'_>, codes: &Codes) -> Option<()> {
        let mut bits = *reader;
        let mut before = self.literals.len();
        let mut meaning = codes.begin(&mut bits);
        while self.size <= MOST && !bits.is_near_end() {
            let put = |literal: Meaning| -> Result<(), Damage> {
                self.literals.push(literal.byte());
                Ok(())
            };
            let (found, here) = codes.literals_and_next(&mut bits, meaning, put).ok()?;
            if !found.is_literal() {
                let literals = self.literals.len() - before;
                let (mut length, mut distance) = (0, 0);
                if !found.is_end() {
                    length = found.value(here);
                    distance = codes.distance(&mut bits).ok()?;
                }
                self.steps.push(Step {
                    literals: literals as u32,
                    length: length as u16,
                    distance: distance as u16,
                });
                self.size += literals + length;
                if found.is_end() {
                    *reader = bits;
                    return Some(());
                }
                before = self.literals.len();
            }
            meaning = codes.look_ahead(&mut bits);
        }
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::super::inflate;
    use super::super::inflate::Inflater;
    use super::*;

    fn program() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap().into_iter().take(1 << 20).collect()
    }

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn look(stream: &[u8], meeting: &Meeting, start: u64) -> Option<Stretch> {
        Ahead::default().look(meeting, start, |from| Ok(&stream[from as usize..]))
    }

    #[test]
    fn a_stretch_is_what_the_stream_says_there() {
        let bytes = program();
        let stream = deflated(&bytes);
        let open = |from: u64| Ok(&stream[from as usize..]);
        let blocks = inflate(open, stream.len() as u64, bytes.len(), |_| ()).unwrap().blocks;
        let mut found = 0;
        for start in (0..stream.len() as u64 - SEARCH - STRETCH).step_by(17_011) {
            let meeting = Meeting::at(0);
            let Some(stretch) = look(&stream, &meeting, start.max(1)) else { continue };
            found += 1;
            assert!(meeting.is_at(stretch.bits.start));
            let first = blocks.iter().position(|block| block.bits.0 == stretch.bits.start).unwrap();
            let byte = blocks[first].bytes.0;
            assert!(!stretch.last);
            for (block, wanted) in stretch.blocks.iter().zip(&blocks[first..]) {
                let bytes = (block.bytes.0 + byte, block.bytes.1 + byte);
                assert_eq!(Block { bytes, ..*block }, *wanted);
            }
            assert_eq!(stretch.blocks.last().unwrap().bits.1, stretch.bits.end);
            let (before, rest) = bytes.split_at(byte);
            let mut here = vec![0; rest.len()];
            let mut inflater = Inflater::new();
            let count = inflater.take_over(&stretch, before, &mut here).unwrap();
            assert!(count > 0 && here[..count] == rest[..count]);
            assert_eq!((inflater.position(), inflater.ended()), (stretch.bits.end, None));
            // Where there is no room, and where a match refers to what is not there.
            assert!(inflater.take_over(&stretch, before, &mut here[..count - 1]).is_err());
            assert!(inflater.take_over(&stretch, &[], &mut here).is_err());
        }
        assert!(found > 10, "{found}");
    }

    #[test]
    fn nothing_is_taken_apart_that_was_reached() {
        let stream = deflated(&program());
        let found = |start: &u64| look(&stream, &Meeting::at(0), *start).is_some();
        let start = (1..).map(|number| number * 5000).find(found).unwrap();
        assert!(look(&stream, &Meeting::at(start * 8), start).is_none());
    }

    #[test]
    fn only_what_is_a_header_is_a_candidate() {
        let mut bytes = vec![0; 100];
        // Not the last block, the third kind, 257 literals, 1 distance, 4 lengths of codes: 2, 2, 2, 2.
        let header: u128 = 0b100 | 0b10_010_010_010 << 17;
        bytes[50..66].copy_from_slice(&(header << 3).to_le_bytes());
        assert_eq!(candidates(&bytes).collect::<Vec<u64>>(), [403]);
        // The lengths do not make a complete code.
        let header: u128 = 0b100 | 0b11_010_010_010 << 17;
        bytes[50..66].copy_from_slice(&(header << 3).to_le_bytes());
        assert_eq!(candidates(&bytes).count(), 0);
    }
}
