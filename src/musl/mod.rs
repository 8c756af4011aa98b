//! What musl is: its loader's rules, the names it reserves, the symbols it exports.

mod loader;
mod names;
mod release;
mod symbols;
mod table;

pub use loader::{DEFAULT_PATH, RunPath, is_libc, is_reserved, path_file, search_path_entries, too_long};
pub use release::{InvalidRelease, Release, Releases};
pub use symbols::{
    arch_floor, exported, exports, is_glibc_only, is_lfs64, is_python_api, is_zlib_export, libc_defines,
    releases_for,
};
