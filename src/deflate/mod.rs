//! Deflate (RFC 1951): three functions, and nothing that a reader of the wheel code must know.
//!
//! - [`compress()`] is libdeflate. A large file is compressed in pieces of a fixed size, on all cores.
//! - [`inflate()`] is zlib-rs. A stream has exactly the sizes that are declared for it, or it is refused.
//! - [`splice()`] is ours, because no library does it: it turns the compressed form of a file into that of a slightly
//!   different file. Blocks in which nothing changed are copied bit by bit; the runs between them are compressed by
//!   zlib-rs, which libdeflate cannot, because they refer to what lies before them. The result is inflated and compared.
//!
//! | file | what it has |
//! |---|---|
//! | `bits.rs` | reading, writing and copying bits |
//! | `codes.rs` | the prefix codes of a block, for counting the bytes that they stand for |
//! | `blocks.rs` | where the blocks of a stream begin and end |
//! | `compress.rs`, `inflate.rs`, `splice.rs` | the three functions |
//!
//! What comes out depends on the input and the level only, whatever the number of threads.
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

/// A size; in tests and under fuzzing one so small that small streams show everything.
const fn sized(size: usize, tested: usize) -> usize {
    if cfg!(any(test, fuzzing)) { tested } else { size }
}
