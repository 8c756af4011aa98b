//! Repair Python wheels for musl.
#![forbid(unsafe_code)]

mod limits;

pub mod elf;
pub mod wheel;

pub use limits::Limits;
