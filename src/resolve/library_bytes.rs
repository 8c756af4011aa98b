//! The bytes of a library, from the search to the graft.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::wheel::Sums;

use super::library::read_regular;

/// Where the bytes of a library lie, and what they are known by when they are read again; and the bytes themselves, as
/// long as they are not let go.
#[derive(Clone)]
pub struct LibraryBytes {
    location: PathBuf,
    size: u64,
    crc32: u32,
    kept: Arc<Mutex<Option<Vec<u8>>>>,
}

impl LibraryBytes {
    /// Bytes that were read from a file.
    pub(crate) fn new(location: &Path, bytes: Vec<u8>, crc32: u32) -> Self {
        let size = bytes.len() as u64;
        Self { location: location.to_owned(), size, crc32, kept: Arc::new(Mutex::new(Some(bytes))) }
    }

    /// The file.
    #[must_use]
    pub fn location(&self) -> &Path {
        &self.location
    }

    /// Lets the bytes go: they are read again where they are needed.
    pub(super) fn let_go(&self) {
        *self.kept() = None;
    }

    /// The bytes. Whoever takes them first gets what was read before.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or has other bytes than before.
    pub(crate) fn take(&self) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = self.kept().take() {
            return Ok(bytes);
        }
        let bytes = read_regular(&self.location, u64::MAX)
            .map_err(|reason| Error::io("read", &self.location, std::io::Error::other(reason)))?;
        // Against somebody who writes to it meanwhile, not against somebody who means it: what is grafted is their choice.
        if bytes.len() as u64 != self.size || Sums::crc32(&bytes) != self.crc32 {
            return Err(Error::Changed { path: self.location.clone() });
        }
        Ok(bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same file with the same bytes.
impl PartialEq for LibraryBytes {
    fn eq(&self, other: &Self) -> bool {
        (&self.location, self.size, self.crc32) == (&other.location, other.size, other.crc32)
    }
}

impl Eq for LibraryBytes {}

impl fmt::Debug for LibraryBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LibraryBytes({}, {} bytes)", self.location.display(), self.size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_are_taken_once_and_then_read_again_if_they_are_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("libdemo.so");
        std::fs::write(&path, b"demo").unwrap();
        let library = LibraryBytes::new(&path, b"demo".to_vec(), Sums::crc32(b"demo"));
        let other = library.clone();
        assert_eq!((library.take().unwrap(), other.take().unwrap()), (b"demo".to_vec(), b"demo".to_vec()));
        for changed in [&b"Demo"[..], b"dem", b"demos"] {
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(library.take(), Err(Error::Changed { .. })));
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(library.take(), Err(Error::Io { .. })));
    }
}
