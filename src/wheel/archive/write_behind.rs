//! A file writer that flushes in the background.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// Writes to a file and asks the system, every megabyte, to start flushing. Otherwise the `fsync` at the end
/// would have to write everything while nothing else is left to do. Systems without such a request flush when
/// they like.
#[derive(Debug)]
pub(super) struct WriteBehind<'a> {
    file: &'a File,
    position: u64,
    /// The start of the bytes for which flushing was not requested yet.
    asked: u64,
}

impl<'a> WriteBehind<'a> {
    /// `file` must be empty.
    pub(super) fn new(file: &'a File) -> Self {
        Self { file, position: 0, asked: 0 }
    }

    fn ask(&mut self) {
        /// The size of the pieces that [`super::buffered::Buffered`] writes.
        const STEP: u64 = 1 << 20;
        let Some(bytes) = self.position.checked_sub(self.asked).filter(|bytes| *bytes >= STEP) else {
            return;
        };
        // Errors are ignored: the `fsync` at the end does what is not done now.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            self.file,
            self.asked,
            std::num::NonZeroU64::new(bytes),
            // Starts flushing dirty pages (`generic_fadvise` in `mm/fadvise.c`); only clean pages are
            // dropped.
            rustix::fs::Advice::DontNeed,
        );
        self.asked += bytes;
    }
}

impl Write for WriteBehind<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.position += count as u64;
        self.ask();
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for WriteBehind<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn bytes_are_where_they_were_written_however_often_the_system_is_asked() {
        let mut file = tempfile::tempfile().unwrap();
        let block: Vec<u8> = (0..3u32 << 18).flat_map(u32::to_le_bytes).collect();
        let mut writer = WriteBehind::new(&file);
        for _ in 0..3 {
            writer.write_all(&block).unwrap();
        }
        assert_eq!(writer.seek(SeekFrom::Start(8)).unwrap(), 8);
        writer.write_all(b"back").unwrap();
        assert_eq!(writer.seek(SeekFrom::End(0)).unwrap(), 3 * block.len() as u64);
        writer.write_all(b"end").unwrap();
        let mut wanted = [&block[..], &block[..], &block[..], b"end"].concat();
        wanted[8..12].copy_from_slice(b"back");
        let mut found = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut found).unwrap();
        assert!(found == wanted);
    }
}
