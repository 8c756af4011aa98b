//! Readers: from the bytes of a file to its facts and symbols, by address, as musl's loader reads them.

pub(crate) mod arm;
pub(crate) mod dlopen_notes;
pub(crate) mod dynamic;
pub(crate) mod headers;
pub(crate) mod identity;
pub(crate) mod machine;
pub(crate) mod notes;
pub(crate) mod protection;
pub(crate) mod relocations;
pub(crate) mod survey;
pub(crate) mod symbols;
pub(crate) mod versions;
