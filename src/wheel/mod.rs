//! Wheels (PEP 427): names, tags, metadata, and the archive itself.

mod tag;

pub use tag::{Arch, UnknownArch};
