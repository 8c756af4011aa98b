//! Progress without printing: an observer receives events, and decides what to show.

use std::fmt;

/// Receives the events of wheels as they happen. It is called often and from many threads, so it must return
/// quickly.
pub trait Observer: fmt::Debug + Send + Sync {
    /// An event of the wheel with this file name.
    fn event(&self, wheel: &str, event: Event);
}

/// A step of work on a wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// All members are about to be read and checked.
    Reading {
        /// The number of files.
        files: usize,
        /// Their total size, inflated.
        bytes: u64,
    },
    /// One file was read and checked.
    Read {
        /// The size of the file.
        bytes: u64,
    },
    /// A wheel is about to be written.
    Writing {
        /// The number of members it will have.
        files: usize,
        /// The work to make them: bytes to read, patch and compress.
        bytes: u64,
    },
    /// One member is ready to be written.
    Wrote {
        /// Its share of the work.
        bytes: u64,
    },
}
