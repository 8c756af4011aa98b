//! Progress without printing: who watches is told what happens, and decides what to show.

use std::fmt;

/// Told what happens to wheels while it happens. Called from many threads, and often: it must return at once.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened to the wheel of this file name.
    fn event(&self, wheel: &str, event: Event);
}

/// What happens to a wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// All members are about to be read and checked: so many files, so many bytes when inflated.
    Reading {
        /// How many files.
        files: usize,
        /// Their sizes together.
        bytes: u64,
    },
    /// One file was read and checked.
    Read {
        /// Its size.
        bytes: u64,
    },
    /// A wheel is about to be written.
    Writing {
        /// How many members it will have.
        files: usize,
        /// What making them costs, in bytes that have to be read, patched and compressed.
        bytes: u64,
    },
    /// One member is ready to be written.
    Wrote {
        /// Its part of the cost.
        bytes: u64,
    },
}
