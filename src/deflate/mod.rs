//! Deflate (RFC 1951): three functions. Nothing else here concerns a reader of the wheel code.
//!
//! - [`compress()`] is libdeflate. A large file is compressed in pieces of a fixed size, on all cores.
//! - [`inflate()`] is zlib-rs. A stream that does not have exactly its declared sizes is refused.
//! - [`splice()`] is ours, because no library does it: it turns the compressed form of a file into that of a slightly
//!   different file. Unchanged blocks are copied bit by bit. The runs between them are compressed by zlib-rs, because
//!   libdeflate cannot refer to earlier data. The result is inflated and compared.
//!
//! | file | what it has |
//! |---|---|
//! | `bits.rs` | reading, writing and copying bits |
//! | `codes.rs` | the prefix codes of a block, for counting the bytes that they stand for |
//! | `blocks.rs` | where the blocks of a stream begin and end |
//! | `compress.rs`, `inflate.rs`, `splice.rs` | the three functions |
//!
//! The output depends only on the input and the level, not on the number of threads.
#![allow(
    clippy::cast_possible_truncation,
    reason = "bit buffers and code tables are cut to the bits they hold"
)]

mod bits;
mod blocks;
mod codes;
mod compress;
mod inflate;
mod splice;

pub(crate) use compress::compress;
pub(crate) use inflate::{InflateError, inflate};
pub(crate) use splice::{Difference, splice};

#[cfg(test)]
mod tests;

/// A size; in tests and under fuzzing a small one, so that small streams reach every case.
const fn sized(size: usize, tested: usize) -> usize {
    if cfg!(any(test, fuzzing)) { tested } else { size }
}
