#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod deflate;
pub mod elf;
mod error;
mod events;
mod limits;
pub mod musl;
pub mod policy;
mod regular_file;
pub mod repair;
pub mod report;
pub mod resolve;
pub mod wheel;

pub use error::Error;
pub use events::{Event, Observer};
pub use limits::Limits;

/// The examples of the documentation that rustdoc does not show are tried, too.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryTour;
