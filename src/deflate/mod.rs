//! Deflate (RFC 1951): a compressor that splits one file between all cores, an inflater that notes where blocks
//! begin, and [`splice()`], which turns the compressed form of a file into that of a slightly different file without
//! compressing it again.
//!
//! Why not a crate: at the speed of zlib-rs at level 6 the compressor here gives less than zlib (zlib-rs gives more),
//! no crate splits a file into pieces that refer back over their borders, none shows block borders, and the fastest
//! library is C, for which every cross build would need a compiler.
//!
//! Output depends on the input and the level only: pieces have a fixed size, whatever the number of threads.
#![allow(
    clippy::cast_possible_truncation,
    reason = "bit buffers and code tables are cut to the bits they hold"
)]

mod bits;
mod block;
mod checked;
mod code;
mod compress;
mod inflate;
mod matcher;
mod splice;
mod token;

pub(crate) use compress::compress;
pub(crate) use inflate::{Inflated, inflate};
pub(crate) use splice::splice;

#[cfg(test)]
mod tests;
