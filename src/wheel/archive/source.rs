//! The bytes of an archive, read at any position from any thread.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::error::WheelError;

/// A reader with its own position over shared bytes. Cloning it costs a reference count, and clones are
/// independent: files are read with `pread`.
#[derive(Debug)]
pub(super) struct Source {
    bytes: Bytes,
    length: u64,
    position: u64,
    window: Window,
}

#[derive(Clone, Debug)]
enum Bytes {
    File(Arc<File>, State),
    Memory(Arc<[u8]>),
}

/// The properties of a file that change when it is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    length: u64,
    /// `None` if the file system does not report it.
    modified: Option<SystemTime>,
}

impl State {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { length: metadata.len(), modified: metadata.modified().ok() })
    }
}

impl Clone for Source {
    fn clone(&self) -> Self {
        self.at(self.position)
    }
}

impl Source {
    pub(super) fn file(file: File) -> io::Result<Self> {
        let state = State::of(&file)?;
        let bytes = Bytes::File(Arc::new(file), state);
        Ok(Self { bytes, length: state.length, position: 0, window: Window::default() })
    }

    pub(super) fn memory(bytes: Arc<[u8]>) -> Self {
        let length = bytes.len() as u64;
        Self { bytes: Bytes::Memory(bytes), length, position: 0, window: Window::default() }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the file is unchanged since it was opened, judging by its size and time.
    pub(super) fn is_unchanged(&self) -> io::Result<bool> {
        match &self.bytes {
            Bytes::File(file, state) => Ok(State::of(file)? == *state),
            Bytes::Memory(_) => Ok(true),
        }
    }

    /// Writes all bytes to `output`. A file is opened again, with its own position, because the operating
    /// system copies between files faster than this process does. Returns whether it is still the same,
    /// unchanged file.
    pub(super) fn copy(&self, path: &Path, mut output: &File, to: &Path) -> Result<bool, WheelError> {
        match &self.bytes {
            Bytes::File(_, state) => {
                let mut file = File::open(path).map_err(WheelError::io(path, "open"))?;
                let count = io::copy(&mut file, &mut output).map_err(WheelError::io(to, "write"))?;
                let same = State::of(&file).map_err(WheelError::io(path, "read"))? == *state;
                Ok(same && count == state.length)
            }
            Bytes::Memory(bytes) => {
                output.write_all(bytes).map_err(WheelError::io(to, "write"))?;
                Ok(true)
            }
        }
    }

    /// A reader of the same bytes at another position.
    pub(super) fn at(&self, position: u64) -> Self {
        Self { bytes: self.bytes.clone(), length: self.length, position, window: Window::default() }
    }
}

/// A buffer for small reads. Headers and names are read in pieces of a few bytes, and the data of small
/// members follows immediately.
#[derive(Debug)]
struct Window {
    bytes: Vec<u8>,
    start: u64,
    /// The size of the next read.
    size: usize,
    /// The end of the last read from the file.
    end: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { bytes: Vec::new(), start: 0, size: Self::LEAST, end: u64::MAX }
    }
}

impl Window {
    /// The size of a small member with its header.
    const LEAST: usize = 8 << 10;
    /// For sequential reads: large enough to make the calls cheap, small enough for the cache.
    const MOST: usize = 128 << 10;

    fn read(&mut self, file: &File, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if self.from(position).is_empty() {
            self.size = if position == self.end { Self::MOST.min(self.size * 2) } else { Self::LEAST };
            if buffer.len() >= self.size {
                let read = read_at(file, buffer, position)?;
                self.end = position + read as u64;
                return Ok(read);
            }
            self.bytes.resize(self.size, 0);
            let read = read_at(file, &mut self.bytes, position);
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            self.start = position;
            self.end = position + read? as u64;
        }
        self.from(position).read(buffer)
    }

    /// The buffered bytes from this position on.
    fn from(&self, position: u64) -> &[u8] {
        let skip = position.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.bytes.get(skip..)).unwrap_or_default()
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &self.bytes {
            Bytes::File(file, state) => {
                let count = self.window.read(file, self.position, buffer)?;
                // The file is shorter than when it was opened: it is damaged or is being truncated, and the
                // output would be damaged too.
                if count == 0 && !buffer.is_empty() && self.position < state.length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                count
            }
            Bytes::Memory(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX);
                let mut rest = bytes.get(start..).unwrap_or_default();
                rest.read(buffer)?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_truncated_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut source = Source::file(file.try_clone().unwrap()).unwrap();
        file.set_len(6).unwrap();
        let mut bytes = Vec::new();
        let error = source.read_to_end(&mut bytes).unwrap_err();
        assert_eq!((error.kind(), bytes.as_slice()), (io::ErrorKind::UnexpectedEof, b"012345".as_slice()));
    }

    #[test]
    fn files_and_memory_read_alike_and_clones_are_independent() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        for mut source in [Source::file(file).unwrap(), Source::memory(Arc::from(*b"0123456789"))] {
            assert_eq!(source.length(), 10);
            let mut other = source.at(8);
            let mut text = [0; 4];
            source.seek(SeekFrom::End(-7)).unwrap();
            source.read_exact(&mut text).unwrap();
            assert_eq!(&text, b"3456");
            assert_eq!(other.read(&mut text).unwrap(), 2);
            assert_eq!(other.read(&mut text).unwrap(), 0);
            assert_eq!(source.stream_position().unwrap(), 7);
            assert!(source.seek(SeekFrom::Current(-8)).is_err());
            source.seek(SeekFrom::Start(u64::MAX)).unwrap();
            assert!(source.seek(SeekFrom::Current(1)).is_err());
        }
    }
}
