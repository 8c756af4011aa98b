#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod elf;
mod error;
mod limits;
pub mod musl;
pub mod policy;
pub mod repair;
pub mod report;
pub mod resolve;
pub mod wheel;

pub use error::Error;
pub use limits::Limits;
