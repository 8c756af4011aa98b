#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod audit;
mod deflate;
pub mod elf;
mod error;
mod escaped;
mod limits;
pub mod musl;
mod observer;
pub mod platform;
pub mod policy;
mod regular_file;
pub mod repair;
pub mod report;
pub mod resolve;
pub mod unbundle;
pub mod wheel;

pub use error::Error;
pub use escaped::{Escaped, Line};
pub use limits::Limits;
pub use observer::{Event, Observer};

/// Tests the examples of documentation pages that are not part of rustdoc.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryTour;
