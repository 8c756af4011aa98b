//! A buffered writer that does not flush when it is asked for its position.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// [`BufWriter`] flushes its buffer for every [`Seek::stream_position`], and the zip crate asks for the
/// position twice for every member. This writer counts instead.
pub(super) struct Buffered<W: Write> {
    writer: BufWriter<W>,
    position: u64,
}

impl<W: Write> Buffered<W> {
    /// `writer` must be at position 0.
    pub(super) fn new(writer: W) -> Self {
        /// Large enough to write most wheels at once; measured to be as fast as smaller buffers.
        const BUFFER: usize = 1 << 20;
        Self { writer: BufWriter::with_capacity(BUFFER, writer), position: 0 }
    }
}

impl<W: Write> Write for Buffered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<W: Write + Seek> Seek for Buffered<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let stays = match to {
            SeekFrom::Current(offset) => offset == 0,
            SeekFrom::Start(offset) => offset == self.position,
            SeekFrom::End(_) => false,
        };
        if !stays {
            self.position = self.writer.seek(to)?;
        }
        Ok(self.position)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn positions_are_right_and_asking_for_one_does_not_flush() {
        let mut bytes = Vec::new();
        let mut buffered = Buffered::new(Cursor::new(&mut bytes));
        buffered.write_all(b"one two three").unwrap();
        assert_eq!(buffered.stream_position().unwrap(), 13);
        assert!(buffered.writer.get_ref().get_ref().is_empty());
        assert_eq!(buffered.seek(SeekFrom::Start(4)).unwrap(), 4);
        buffered.write_all(b"TWO").unwrap();
        assert_eq!(buffered.seek(SeekFrom::End(0)).unwrap(), 13);
        buffered.write_all(b"!").unwrap();
        buffered.flush().unwrap();
        drop(buffered);
        assert_eq!(bytes, b"one TWO three!");
    }
}
