//! Repair Python wheels for musl.
#![forbid(unsafe_code)]

pub mod elf;
pub mod wheel;
