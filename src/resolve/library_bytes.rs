//! The bytes of a library, from the search to the graft.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::regular_file::RegularFile;
use crate::wheel::Sums;

/// Where the bytes of a library lie, and what they are known by when they are read again; and the bytes themselves, as
/// long as they are not let go.
#[derive(Clone)]
pub struct LibraryBytes {
    location: PathBuf,
    size: u64,
    crc32: u32,
    kept: Arc<Mutex<Option<Kept>>>,
}

/// Bytes, and the room they take.
struct Kept {
    bytes: Vec<u8>,
    /// Given back when the bytes go; `None` until they were found to fit.
    _share: Option<Share>,
}

/// How many bytes may yet be kept, of all libraries together.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<AtomicU64>);

impl Room {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    /// A part of the room, where there is as much.
    fn share(&self, size: u64) -> Option<Share> {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size));
        taken.ok().map(|_| Share { room: self.clone(), size })
    }
}

/// A part of a [`Room`], until it is dropped.
struct Share {
    room: Room,
    size: u64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.size, Ordering::Relaxed);
    }
}

impl LibraryBytes {
    /// Bytes that were read from a file.
    pub(crate) fn new(location: &Path, bytes: Vec<u8>, crc32: u32) -> Self {
        let size = bytes.len() as u64;
        let kept = Kept { bytes, _share: None };
        Self { location: location.to_owned(), size, crc32, kept: Arc::new(Mutex::new(Some(kept))) }
    }

    /// The file.
    #[must_use]
    pub fn location(&self) -> &Path {
        &self.location
    }

    /// Keeps the bytes until they are taken, if there is room for them.
    pub(super) fn keep_in(&self, room: &Room) {
        let mut kept = self.kept();
        let share = room.share(self.size);
        *kept = kept.take().filter(|_| share.is_some()).map(|kept| Kept { _share: share, ..kept });
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
        if let Some(kept) = self.kept().take() {
            return Ok(kept.bytes);
        }
        let failed = |error| Error::io("read", &self.location, error);
        let changed = || Error::Changed { path: self.location.clone() };
        let file = RegularFile::open(&self.location).map_err(failed)?;
        if file.size() != self.size {
            return Err(changed());
        }
        let bytes = file.read(|_| ()).map_err(failed)?;
        // Against somebody who writes to it meanwhile, not against somebody who means it: what is grafted is their choice.
        if bytes.len() as u64 != self.size || Sums::crc32(&bytes) != self.crc32 {
            return Err(changed());
        }
        Ok(bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
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
    fn room_is_given_back_when_bytes_are_taken_or_forgotten() {
        let room = Room::new(8);
        let library = |size| LibraryBytes::new(Path::new("/nowhere"), vec![0; size], 0);
        let kept = |library: &LibraryBytes| library.kept().is_some();
        let (five, four, three) = (library(5), library(4), library(3));
        [&five, &four, &three].into_iter().for_each(|library| library.keep_in(&room));
        assert_eq!((kept(&five), kept(&four), kept(&three)), (true, false, true));
        five.take().unwrap();
        drop(three);
        let eight = library(8);
        eight.keep_in(&room);
        assert!(kept(&eight));
    }

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
