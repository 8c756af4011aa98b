//! What musl is: its loader's rules, the names it reserves, the symbols it exports.

mod loader;

pub use loader::{DEFAULT_PATH, RunPath, is_libc, is_reserved, path_file, search_path_entries, too_long};
