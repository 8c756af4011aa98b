//! Which object needs which library, and which file the loader would use for it.

mod answer;
mod apk;
mod closure;
mod expanded_run_path;
mod finder;
mod graph;
mod layout;
mod library;
mod load;
mod object;
mod opened_paths;
mod pattern;
mod process;
mod reserved;
mod resolver;
mod search;
mod sysroot;
mod system;
mod system_packages;

pub use apk::{ApkDatabase, Package, is_apk_name};
pub use finder::ResolverOptions;
pub use graph::{Exceeded, Graph};
pub(crate) use layout::directory_of;
pub use layout::{Installed, InstalledLayout};
pub(crate) use library::Shape;
pub use library::{LibraryFile, Rejected, is_elf_file, is_libpython};
pub(crate) use object::is_library_name;
pub use object::{Dependency, Object, Origin, Resolution};
pub use opened_paths::OpenedPaths;
pub use pattern::{Pattern, PatternError};
pub use process::Process;
pub use resolver::Resolver;
pub use search::{SearchPaths, SystemPath};
pub use sysroot::Sysroot;
pub use system::{Purpose, System};
pub use system_packages::SystemPackages;
