//! musl: the rules of its loader, the names it reserves, the symbols it exports.

mod alpine;
mod glibc;
mod loader;
mod loader_release;
mod name_set;
mod names;
mod object_symbols;
mod release;
mod symbols;
mod table;

pub use alpine::{AlpineRelease, InvalidAlpineRelease};
pub(crate) use glibc::is_musl_loader;
pub use glibc::{glibc_evidence, glibc_interpreter, is_usual_libc_name};
pub use loader::{
    DEFAULT_PATH, RunPath, is_libc, is_reserved, loader_path, path_file, search_path_entries, too_long,
};
pub use loader_release::release_of_loader;
pub use name_set::NameSet;
pub use object_symbols::{LookupKind, ObjectSymbols};
pub use release::{InvalidMuslRelease, MuslRelease, Releases};
pub use symbols::{
    arch_floor, exported, exports, is_glibc_only, is_lfs64, is_python_api, is_zlib_export, libc_defines,
    releases_for,
};
