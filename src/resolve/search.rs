//! Where to look for libraries.

use std::path::{Path, PathBuf};

use crate::musl;
use crate::platform::Arch;

use super::sysroot::Sysroot;

/// Where to look for libraries outside the wheel, in addition to run paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPaths {
    /// The root file system for absolute run paths, the path file and musl's default directories.
    pub sysroot: Sysroot,
    /// Directories of the host that are searched first: `-l`, then `LD_LIBRARY_PATH` (`load_library` searches
    /// `env_path` before any run path).
    pub first: Vec<PathBuf>,
    /// The directories used as musl's system path.
    pub system: SystemPath,
}

/// The directories that `load_library` searches last: `sys_path`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SystemPath {
    /// The directories in the sysroot's path file `etc/ld-musl-<arch>.path`; without one,
    /// `/lib:/usr/local/lib:/usr/lib`.
    #[default]
    Loader,
    /// These directories of the host (`--ldpaths`).
    Replaced(Vec<PathBuf>),
    /// No directories (`--no-system-paths`).
    None,
}

/// One directory to search.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Directory {
    /// A directory of the host that the caller named. If it is inside the sysroot, so are its files.
    Host(PathBuf),
    /// An absolute path inside the sysroot.
    Inside(String),
}

impl Directory {
    /// The directory for display: as the caller or the loader's path names it.
    pub(super) fn display_name(&self) -> String {
        match self {
            Self::Host(path) => path.display().to_string(),
            Self::Inside(path) => path.clone(),
        }
    }
}

impl SearchPaths {
    /// The directories of the host that the caller named.
    pub(super) fn named(&self) -> impl Iterator<Item = &Path> {
        let system = match &self.system {
            SystemPath::Replaced(paths) => paths.as_slice(),
            SystemPath::Loader | SystemPath::None => &[],
        };
        self.first.iter().chain(system).map(PathBuf::as_path)
    }

    pub(super) fn first_directories(&self) -> Vec<Directory> {
        self.first.iter().map(|path| Directory::Host(path.clone())).collect()
    }

    /// The system path for an architecture (`load_library`: a path file that exists but cannot be read means
    /// an empty path).
    pub(super) fn system_directories(&self, arch: Option<Arch>) -> Vec<Directory> {
        match &self.system {
            SystemPath::None => Vec::new(),
            SystemPath::Replaced(paths) => paths.iter().map(|path| Directory::Host(path.clone())).collect(),
            SystemPath::Loader => {
                let inside = |entries: &mut dyn Iterator<Item = &str>| {
                    entries.map(|entry| Directory::Inside(entry.to_owned())).collect()
                };
                match arch.and_then(|arch| self.path_file(arch)) {
                    Some(text) => {
                        inside(&mut musl::search_path_entries(&text).filter(|e| e.starts_with('/')))
                    }
                    None => inside(&mut musl::DEFAULT_PATH.into_iter()),
                }
            }
        }
    }

    fn path_file(&self, arch: Arch) -> Option<String> {
        /// The path file is one line in every distribution. A FIFO or device in its place is not opened.
        const LARGEST: u64 = 1 << 20;
        let (resolved, _) = self.sysroot.resolve(&format!("/{}", musl::path_file(arch))).ok()?;
        let bytes = self.sysroot.open(&resolved).and_then(|file| file.read_within(LARGEST));
        Some(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn places(root: &Path) -> SearchPaths {
        SearchPaths { sysroot: Sysroot::new(root), ..SearchPaths::default() }
    }

    #[test]
    fn without_a_path_file_musl_searches_three_directories() {
        let dir = tempfile::tempdir().unwrap();
        let shown: Vec<_> = places(dir.path())
            .system_directories(Some(Arch::X86_64))
            .iter()
            .map(Directory::display_name)
            .collect();
        assert_eq!(shown, ["/lib", "/usr/local/lib", "/usr/lib"]);
    }

    #[test]
    fn the_path_file_replaces_the_default_and_belongs_to_the_architecture() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        std::fs::write(dir.path().join("etc/ld-musl-armhf.path"), "/a\n/b:/c\n").unwrap();
        let of = |arch| -> Vec<_> {
            places(dir.path()).system_directories(Some(arch)).iter().map(Directory::display_name).collect()
        };
        assert_eq!(of(Arch::Armv7l), ["/a", "/b", "/c"]);
        assert_eq!(of(Arch::X86_64).len(), 3);
    }

    #[test]
    fn an_unreadable_path_file_means_no_system_path() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("etc/ld-musl-x86_64.path")).unwrap();
        assert!(places(dir.path()).system_directories(Some(Arch::X86_64)).is_empty());
    }
}
