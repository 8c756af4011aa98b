//! The two codes of a block, and reading with them: RFC 1951, sections 3.2.5 to 3.2.7.

use std::sync::OnceLock;

use super::bits::BitReader;
use super::block::{LENGTH_ORDER, fixed_literals};
use super::decoder::{DISTANCE_MEANINGS, Decoder, LENGTH_MEANINGS, LITERAL_MEANINGS, Meaning};
use super::inflate::Damage;
use super::token::{DISTANCES, END, LITERALS};

/// The codes of a block that is not stored.
pub(super) struct Codes {
    literals: Decoder<11, 4096>,
    distances: Decoder<9, 1024>,
}

impl Codes {
    pub(super) fn none() -> Self {
        Self { literals: Decoder::none(), distances: Decoder::none() }
    }

    fn learn(&mut self, literals: &[u8], distances: &[u8]) -> Option<()> {
        self.literals.learn(literals, &LITERAL_MEANINGS)?;
        self.distances.learn(distances, &DISTANCE_MEANINGS)
    }

    /// What the first code says.
    #[inline(always)]
    pub(super) fn begin(&self, bits: &mut BitReader<'_>) -> Meaning {
        bits.refill();
        self.literals.first(bits.peek())
    }

    /// What the next code says. What is read ahead of the bits, and when there must be more of them, is as in libdeflate: a
    /// code is looked up before the bits behind it are taken in, so that neither waits for the other.
    #[inline(always)]
    pub(super) fn look_ahead(&self, bits: &mut BitReader<'_>) -> Meaning {
        let meaning = self.literals.first(bits.peek());
        bits.refill();
        meaning
    }

    /// Takes what was looked up and what follows it, up to a third literal, a length or the end, and says which, with the
    /// bits where it began. Every literal is `put`.
    #[inline(always)]
    pub(super) fn literals_and_next(
        &self,
        bits: &mut BitReader<'_>,
        mut meaning: Meaning,
        mut put: impl FnMut(Meaning) -> Result<(), Damage>,
    ) -> Result<(Meaning, u64), Damage> {
        // Three codes of the first table, of which the last may be one of 15 bits and a length with 5 extra bits: no more
        // than 42 of 56 bits.
        let mut here = bits.peek();
        bits.consume(meaning.taken());
        if meaning.is_literal() {
            put(meaning)?;
            here = bits.peek();
            meaning = self.literals.first(here);
            bits.consume(meaning.taken());
            if meaning.is_literal() {
                put(meaning)?;
                here = bits.peek();
                meaning = self.literals.first(here);
                bits.consume(meaning.taken());
            }
        }
        if meaning.is_unusual() && meaning.is_table() {
            here = bits.peek();
            meaning = self.literals.second(meaning, here);
            bits.consume(meaning.taken());
        }
        if meaning.is_literal() {
            put(meaning)?;
        } else if meaning.is_unusual() && !meaning.is_end() {
            return Err(Damage::Invalid);
        }
        Ok((meaning, here))
    }

    /// Takes a distance.
    #[inline(always)]
    pub(super) fn distance(&self, bits: &mut BitReader<'_>) -> Result<usize, Damage> {
        /// A distance found in the first table, and the first look for what follows it: 9 + 13 + 11 bits.
        const NEAR: u32 = 33;
        let mut meaning = self.distances.first(bits.peek());
        if meaning.is_unusual() {
            if !meaning.is_table() {
                return Err(Damage::Invalid);
            }
            bits.refill();
            bits.consume(meaning.taken());
            meaning = self.distances.second(meaning, bits.peek());
            if meaning.is_unusual() {
                return Err(Damage::Invalid);
            }
        } else if bits.available() < NEAR {
            bits.refill();
        }
        let distance = meaning.value(bits.peek());
        bits.consume(meaning.taken());
        Ok(distance)
    }

    /// The fixed codes (section 3.2.6).
    pub(super) fn fixed() -> Result<&'static Self, Damage> {
        static FIXED: OnceLock<Option<Codes>> = OnceLock::new();
        let fixed = FIXED.get_or_init(|| {
            let mut codes = Self::none();
            codes.learn(&fixed_literals(), &[5; 32])?;
            Some(codes)
        });
        fixed.as_ref().ok_or(Damage::Invalid)
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
        // As zlib has it, this code has to be complete, which it is not with one symbol.
        if lengths.iter().filter(|length| **length > 0).count() < 2 {
            return None;
        }
        let mut decoder = Decoder::<7, 128>::none();
        decoder.learn(&lengths, &LENGTH_MEANINGS)?;
        let mut lengths: Vec<u8> = Vec::with_capacity(LITERALS + DISTANCES);
        while lengths.len() < literals + distances {
            reader.refill();
            let meaning = decoder.first(reader.peek());
            if meaning.is_unusual() {
                return None;
            }
            let symbol = meaning.value(reader.peek());
            reader.consume(meaning.taken());
            let (length, count) = match symbol {
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
        self.learn(literals, distances)
    }
}
