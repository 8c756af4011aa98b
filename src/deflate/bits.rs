//! Bits in the order of RFC 1951, section 3.1.1: from the least significant bit of each byte.

/// Reads bits. After the end it returns zeros, so that decoders need no checks inside a symbol; the caller
/// checks [`BitReader::overrun`] now and then.
#[derive(Clone, Copy, Debug)]
pub(super) struct BitReader<'a> {
    /// The bytes that are not in `hold` yet.
    rest: &'a [u8],
    hold: u64,
    count: u32,
    /// The number of bytes consumed so far: the data, and zeros after it.
    size: usize,
    zeros: usize,
}

impl<'a> BitReader<'a> {
    /// The number of bits available after [`BitReader::refill`], at least.
    pub(super) const AT_HAND: u32 = 56;

    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { rest: data, hold: 0, count: 0, size: data.len(), zeros: 0 }
    }

    /// A reader that starts at this bit.
    pub(super) fn at(data: &'a [u8], bit: u64) -> Self {
        let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let rest = data.get(byte..).unwrap_or_default();
        let mut reader = Self { rest, zeros: byte.saturating_sub(data.len()), ..Self::new(data) };
        reader.refill();
        reader.consume((bit % 8) as u32);
        reader
    }

    /// Makes at least [`BitReader::AT_HAND`] bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        match self.rest.first_chunk::<8>() {
            Some(bytes) => {
                self.hold |= u64::from_le_bytes(*bytes) << (self.count & 63);
                // The number of bytes that fit and the bytes present, computed without a branch.
                let fit = ((63 - self.count) >> 3 & 7) as usize;
                self.rest = self.rest.get(fit..).unwrap_or_default();
                self.count |= Self::AT_HAND;
            }
            None => *self = self.refilled_at_end(),
        }
    }

    /// Takes the reader by value, so that it can stay in registers.
    #[cold]
    #[inline(never)]
    fn refilled_at_end(mut self) -> Self {
        while self.count < Self::AT_HAND {
            let byte = match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.rest = rest;
                    *byte
                }
                None => {
                    self.zeros = self.zeros.saturating_add(1);
                    0
                }
            };
            self.hold |= u64::from(byte) << self.count;
            self.count += 8;
        }
        self
    }

    /// The available bits, the next one lowest.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.hold
    }

    /// Drops available bits.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: u32) {
        debug_assert!(count <= self.count, "{count} bits of {}", self.count);
        self.hold >>= count & 63;
        self.count = self.count.wrapping_sub(count);
    }

    /// Takes up to 32 bits.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if self.count < count {
            self.refill();
        }
        let bits = self.hold & ((1 << count) - 1);
        self.consume(count);
        bits as u32
    }

    /// The number of bits read.
    pub(super) fn position(&self) -> u64 {
        let taken = (self.size - self.rest.len()) as u64 + self.zeros as u64;
        (taken * 8).saturating_sub(u64::from(self.count))
    }

    /// Whether more bits were read than there are.
    pub(super) fn overrun(&self) -> bool {
        self.position() > self.size as u64 * 8
    }
}

/// Collects bits.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Fewer than 8 bits.
    hold: u64,
    count: u32,
}

impl BitWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Appends the lowest `count` bits of `bits`, up to 56; the others must be zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.hold |= bits << self.count;
        self.count += count;
        // Writes all eight bytes and cuts off the incomplete ones: no branch and no loop.
        let whole = self.count / 8;
        let length = self.bytes.len() + whole as usize;
        self.bytes.extend_from_slice(&self.hold.to_le_bytes());
        self.bytes.truncate(length);
        self.hold = self.hold.checked_shr(8 * whole).unwrap_or_default();
        self.count %= 8;
    }

    /// Fills the last byte with zero bits.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
    }

    /// Appends whole bytes, after [`BitWriter::align`].
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.bytes.extend_from_slice(bytes);
    }

    /// The number of bits written.
    pub(super) fn position(&self) -> u64 {
        self.bytes.len() as u64 * 8 + u64::from(self.count)
    }

    /// Appends the bits of `data` from `from` up to `to`.
    pub(super) fn copy(&mut self, data: &[u8], from: u64, to: u64) {
        let byte = |bit: u64| usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let (first, end) = (from.next_multiple_of(8), to - to % 8);
        if u64::from(self.count) == from % 8
            && first < end
            && let Some(bytes) = data.get(byte(first)..byte(end))
        {
            // Source and target have the same bit position, so whole bytes are copied.
            self.copy_bits(data, from, first);
            self.bytes.extend_from_slice(bytes);
            self.copy_bits(data, end, to);
        } else {
            self.copy_bits(data, from, to);
        }
    }

    /// Copies whole words whose bit position differs: each is shifted and completed with the next byte.
    /// Returns where it stopped, before `to`.
    fn copy_shifted(&mut self, data: &[u8], from: u64, to: u64) -> u64 {
        const WORD: usize = 8;
        // First up to the start of a byte.
        let lead = u64::from((8 - self.count) % 8);
        if to.saturating_sub(from) < lead + 2 * 8 * WORD as u64 {
            return from;
        }
        self.put(u64::from(BitReader::at(data, from).take(lead as u32)), lead as u32);
        let start = from + lead;
        let shift = (start % 8) as u32;
        let source = usize::try_from(start / 8).ok().and_then(|byte| data.get(byte..)).unwrap_or_default();
        // Each word reads nine bytes: the ninth must exist.
        let words = ((to - start) / 64) as usize;
        let words = words.min(source.len().saturating_sub(1) / WORD);
        let ninths = source.iter().skip(WORD).step_by(WORD);
        let end = self.bytes.len();
        self.bytes.resize(end + words * WORD, 0);
        let room = self.bytes.get_mut(end..).unwrap_or_default().chunks_exact_mut(WORD);
        for ((to, word), ninth) in room.zip(source.chunks_exact(WORD)).zip(ninths) {
            let low = word.first_chunk().map_or(0, |word| u64::from_le_bytes(*word)) >> shift;
            let high = u64::from(*ninth).checked_shl(64 - shift).unwrap_or_default();
            to.copy_from_slice(&(low | high).to_le_bytes());
        }
        start + words as u64 * 64
    }

    fn copy_bits(&mut self, data: &[u8], from: u64, to: u64) {
        let from = self.copy_shifted(data, from, to);
        let mut reader = BitReader::at(data, from);
        let mut left = to.saturating_sub(from);
        while left > 0 {
            let count = left.min(32) as u32;
            self.put(u64::from(reader.take(count)), count);
            left -= u64::from(count);
        }
    }

    /// All the data, the last byte filled with zero bits.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}
