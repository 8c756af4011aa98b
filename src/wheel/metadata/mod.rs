//! What the names and the text files of a wheel say: no I/O.

pub(crate) mod core_metadata;
pub(crate) mod digest;
pub(crate) mod filename;
pub(crate) mod headers;
pub(crate) mod info;
pub(crate) mod info_json;
pub(crate) mod parts;
pub(crate) mod path;
pub(crate) mod record;
pub(crate) mod suffix;
pub(crate) mod tag;
