//! The zip archive of a wheel: opening and checking it, reading members, writing a new archive.

pub(crate) mod buffered;
pub(crate) mod contents;
pub(crate) mod directory;
pub(crate) mod end_record;
pub(crate) mod error;
pub(crate) mod header;
pub(crate) mod in_order;
pub(crate) mod local_header;
pub(crate) mod member;
pub(crate) mod output;
pub(crate) mod packed;
pub(crate) mod plan;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod single;
pub(crate) mod source;
pub(crate) mod stale;
pub(crate) mod sums;
pub(crate) mod time;
pub(crate) mod tree;
pub(crate) mod write_behind;
pub(crate) mod writer;
