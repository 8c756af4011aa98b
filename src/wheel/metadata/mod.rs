//! The names and the text files of a wheel, as data: no I/O.

pub(crate) mod core_metadata;
pub(crate) mod csv;
pub(crate) mod digest;
pub(crate) mod entry_points;
pub(crate) mod filename;
pub(crate) mod headers;
pub(crate) mod info;
pub(crate) mod info_json;
pub(crate) mod parts;
pub(crate) mod path;
pub(crate) mod project_name;
pub(crate) mod record;
pub(crate) mod record_hash;
pub(crate) mod record_rule;
pub(crate) mod suffix;
pub(crate) mod tag;
pub(crate) mod version;
