//! Bits in the order of RFC 1951, section 3.1.1: from the least significant bit of each byte.

/// Reads bits. Behind the end there are zeros, so that decoders need no checks inside a symbol; whoever reads asks
/// [`BitReader::overrun`] now and then.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    /// The next byte to take into `hold`; may lie behind the end.
    next: usize,
    hold: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, hold: 0, count: 0 }
    }

    /// A reader that begins at this bit.
    pub(super) fn at(data: &'a [u8], bit: u64) -> Self {
        let mut reader = Self { next: usize::try_from(bit / 8).unwrap_or(usize::MAX), ..Self::new(data) };
        reader.refill();
        reader.consume((bit % 8) as u32);
        reader
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        match self.data.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(bytes) => {
                self.hold |= u64::from_le_bytes(*bytes) << self.count;
                self.next += ((63 - self.count) >> 3) as usize;
                self.count |= 56;
            }
            None => self.refill_at_end(),
        }
    }

    #[cold]
    fn refill_at_end(&mut self) {
        while self.count < 56 {
            let byte = self.data.get(self.next).copied().unwrap_or_default();
            self.hold |= u64::from(byte) << self.count;
            self.next = self.next.saturating_add(1);
            self.count += 8;
        }
    }

    /// The bits that are available, the next one lowest.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.hold
    }

    /// Drops bits that are available.
    #[inline(always)]
    pub(super) fn consume(&mut self, count: u32) {
        self.hold >>= count;
        self.count -= count;
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
        (self.next as u64 * 8).saturating_sub(u64::from(self.count))
    }

    /// Whether more was read than there is.
    pub(super) fn overrun(&self) -> bool {
        self.position() > self.data.len() as u64 * 8
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

    /// Appends the lowest `count` bits, up to 56; the others are zero.
    #[inline(always)]
    pub(super) fn put(&mut self, bits: u64, count: u32) {
        self.hold |= bits << self.count;
        self.count += count;
        // All eight bytes, of which those that are not full yet go again: no branch, and no loop.
        let whole = self.count / 8;
        let length = self.bytes.len() + whole as usize;
        self.bytes.extend_from_slice(&self.hold.to_le_bytes());
        self.bytes.truncate(length);
        self.hold = self.hold.checked_shr(8 * whole).unwrap_or_default();
        self.count %= 8;
    }

    /// Fills the last byte with zeros.
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

    /// Appends the bits of `data` from one bit to another.
    pub(super) fn copy(&mut self, data: &[u8], from: u64, to: u64) {
        let byte = |bit: u64| usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let (first, end) = (from.next_multiple_of(8), to - to % 8);
        if u64::from(self.count) == from % 8
            && first < end
            && let Some(bytes) = data.get(byte(first)..byte(end))
        {
            // Both have the same place in a byte, so that whole bytes are the same.
            self.copy_bits(data, from, first);
            self.bytes.extend_from_slice(bytes);
            self.copy_bits(data, end, to);
        } else {
            self.copy_bits(data, from, to);
        }
    }

    fn copy_bits(&mut self, data: &[u8], from: u64, to: u64) {
        let mut reader = BitReader::at(data, from);
        let mut left = to.saturating_sub(from);
        while left > 0 {
            let count = left.min(32) as u32;
            self.put(u64::from(reader.take(count)), count);
            left -= u64::from(count);
        }
    }

    /// All of it, the last byte filled with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}
