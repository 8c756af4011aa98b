//! The bytes of a stream, a few at a time: what is read again and again into the same memory stays in the cache.

use std::io::{self, Read};

use super::sized;

/// Bytes of a stream that are at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtHand<'a> {
    pub(super) bytes: &'a [u8],
    /// How many came before them.
    pub(super) start: u64,
    /// Whether none come behind them.
    pub(super) to_end: bool,
}

impl<'a> AtHand<'a> {
    /// A whole stream.
    pub(super) fn all(stream: &'a [u8]) -> Self {
        Self { bytes: stream, start: 0, to_end: true }
    }
}

/// Reads a stream.
#[derive(Debug)]
pub(super) struct Input<R, O> {
    /// Reads it from any byte on.
    open: O,
    source: Option<R>,
    buffer: Vec<u8>,
    /// How much of the buffer is read.
    filled: usize,
    /// How much came before the buffer, and how much may still come.
    start: u64,
    left: u64,
}

impl<R: Read, O: Fn(u64) -> io::Result<R>> Input<R, O> {
    /// What is at hand after [`Input::forward`], at least, unless it is all that is left.
    const LEAST: usize = ROOM / 2;

    /// For a stream of at most so many bytes.
    pub(super) fn new(open: O, size: u64) -> Self {
        let room = usize::try_from(size).map_or(ROOM, |size| size.min(ROOM));
        Self { open, source: None, buffer: vec![0; room], filled: 0, start: 0, left: size }
    }

    /// Lets go what lies before this byte of the stream, and reads more where little is left.
    pub(super) fn forward(&mut self, to: u64) -> io::Result<AtHand<'_>> {
        let passed = to.saturating_sub(self.start);
        if passed > self.filled as u64 {
            let skipped = passed - self.filled as u64;
            (self.source, self.filled, self.start) = (None, 0, to);
            self.left = self.left.saturating_sub(skipped);
        }
        let done = usize::try_from(to.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.filled);
        if self.filled - done < Self::LEAST && self.left > 0 {
            self.buffer.copy_within(done..self.filled, 0);
            self.filled -= done;
            self.start += done as u64;
            self.fill()?;
        }
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        Ok(AtHand { bytes, start: self.start, to_end: self.left == 0 })
    }

    fn fill(&mut self) -> io::Result<()> {
        let source = match &mut self.source {
            Some(source) => source,
            None => self.source.insert((self.open)(self.start)?),
        };
        while let Some(room) = self.buffer.get_mut(self.filled..).filter(|room| !room.is_empty()) {
            match source.read(room) {
                Ok(0) => self.left = 0,
                Ok(count) => {
                    self.filled += count.min(room.len());
                    self.left = self.left.saturating_sub(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.left == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Fits the cache beside what is inflated.
const ROOM: usize = sized(128 << 10, 4 << 10, 4 << 10);
