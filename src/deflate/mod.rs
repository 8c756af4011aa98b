//! Deflate (RFC 1951): a compressor that splits one file between all cores; an inflater that notes where blocks begin, and
//! which two threads share where a stream is large; and [`splice()`], which turns the compressed form of a file into that
//! of a slightly different file without compressing it again.
//!
//! Why not a crate: zlib-rs at level 6 is no faster and gives more than zlib does, where the compressor here gives less;
//! none shows the borders of blocks, which splicing needs; and libdeflate, which is faster, is C and cannot refer back over
//! the border of a piece (`cargo xtask bench deflate`). Every member of a wheel is inflated here too, because most of the
//! time goes into that where nothing is grafted, and zlib-rs takes longer for it (`cargo bench`).
//!
//! What is inflated here is held against its CRC-32, and against its hash in `RECORD`. What is compressed here is inflated
//! again, by what all members went through: it refuses what zlib refuses, which tests and fuzzing hold against zlib-rs. Of
//! what is spliced, blocks that were copied are compared with those they were copied from, and the others inflated. zlib-rs
//! compresses, should a result ever be wrong.
//!
//! Output depends on the input and the level only: pieces have a fixed size, whatever the number of threads.
#![allow(
    clippy::cast_possible_truncation,
    reason = "bit buffers and code tables are cut to the bits they hold"
)]

mod ahead;
mod bits;
mod block;
mod block_codes;
mod checked;
mod code;
mod compress;
mod decoder;
mod inflate;
mod inflated;
mod input;
mod matcher;
mod repeat;
mod splice;
mod token;

/// Whether this is for tests or fuzzing.
const TINY: bool = cfg!(any(test, fuzzing));

/// A size; in tests and under fuzzing one so small that small streams show everything.
const fn sized(size: usize, tested: usize, fuzzed: usize) -> usize {
    if cfg!(fuzzing) {
        fuzzed
    } else if TINY {
        tested
    } else {
        size
    }
}

pub(crate) use compress::compress;
pub(crate) use inflated::{Failure, Inflated, inflate};
pub(crate) use splice::{Difference, splice};

#[cfg(test)]
mod tests;
