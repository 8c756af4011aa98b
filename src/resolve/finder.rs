//! Finds and reads the files of libraries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::Limits;
use crate::musl;
use crate::platform::Arch;

use super::library::{LibraryFile, Rejected, read_library};
use super::object::{Object, Origin};
use super::pattern::Pattern;
use super::search::{Directory, SearchPaths};

/// Everything that decides how names are resolved, except the files themselves.
#[derive(Clone, Debug, Default)]
pub struct ResolverOptions {
    /// Where to look for libraries.
    pub search_paths: SearchPaths,
    /// Patterns of libraries that the user provides.
    pub exclude: Vec<Pattern>,
    /// Names of libraries on every system, by policy.
    pub allowed: Vec<String>,
    /// Limits on files, names and directories.
    pub limits: Limits,
}

/// The target of a path in the sysroot, or the kind and text of the error.
type Resolved = Result<String, (io::ErrorKind, String)>;

/// Finds the files of libraries, and remembers every file it has read: a batch of wheels reads each file
/// once, or twice if two threads need it at the same moment. It keeps the facts and the hash of a file, not
/// its bytes.
#[derive(Debug)]
pub(super) struct Finder {
    options: ResolverOptions,
    seen: Mutex<HashMap<PathBuf, Result<Arc<LibraryFile>, String>>>,
    /// The system path for each architecture.
    system: Mutex<HashMap<Option<Arch>, Arc<[Directory]>>>,
    /// Directories of the host, with their path in the sysroot if they are inside it.
    inside: Mutex<HashMap<PathBuf, Option<String>>>,
    /// Directories of the sysroot with all links followed, or the error.
    resolved: Mutex<HashMap<String, Resolved>>,
}

impl Finder {
    /// A finder with an empty cache.
    pub(super) fn new(options: ResolverOptions) -> Self {
        Self {
            options,
            seen: Mutex::default(),
            system: Mutex::default(),
            inside: Mutex::default(),
            resolved: Mutex::default(),
        }
    }

    /// The options it was created with.
    pub(super) fn options(&self) -> &ResolverOptions {
        &self.options
    }

    /// Reads a file of the host as the root of a graph.
    ///
    /// # Errors
    ///
    /// The reason, if it cannot be one: unreadable, not an ELF file, damaged.
    pub(super) fn root(&self, path: &Path) -> Result<Object, String> {
        let text = |error: io::Error| error.to_string();
        let sysroot = &self.options.search_paths.sysroot;
        let (found, shown, in_sysroot, location) = match sysroot.inside(path) {
            Some(inside) => {
                let (shown, location) = sysroot.resolve(&inside).map_err(text)?;
                (inside, shown, true, location)
            }
            None => {
                let found = std::path::absolute(path).map_err(text)?.to_string_lossy().into_owned();
                let location = std::fs::canonicalize(path).map_err(text)?;
                (found, location.to_string_lossy().into_owned(), false, location)
            }
        };
        let read_in = in_sysroot.then_some(sysroot);
        let file = Arc::new(read_library(shown.clone(), read_in, &location, &self.options.limits)?);
        let (facts, symbols, size) = (file.facts.clone(), file.symbols.clone(), file.size);
        let origin = Origin::File { found, file };
        let mut object = Object { facts, symbols, size, dependencies: Vec::new(), origin };
        // `$ORIGIN` of an object that is opened is the directory in the path used for opening it; that of a
        // program that was started is the target of `/proc/self/exe` (`fixup_rpath`).
        let is_started = object.facts.is_program() && !object.is_named_as_library();
        if let (true, Origin::File { found, .. }) = (is_started, &mut object.origin) {
            *found = shown;
        }
        Ok(object)
    }

    /// The system path for an architecture. Its path file is read once.
    pub(super) fn system_directories(&self, arch: Option<Arch>) -> Arc<[Directory]> {
        let known = || self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directories) = known().get(&arch) {
            return Arc::clone(directories);
        }
        let directories: Arc<[Directory]> = self.options.search_paths.system_directories(arch).into();
        Arc::clone(known().entry(arch).or_insert(directories))
    }

    /// The file `name` in a directory: `Ok(None)` if there is none.
    pub(super) fn candidate(&self, directory: &Directory, name: &str) -> Result<Option<Found>, Rejected> {
        let directory = self.in_sysroot(directory);
        let directory = directory.as_ref();
        if musl::too_long(&directory.display_name(), name) {
            return Ok(None);
        }
        let shown = || format!("{}/{name}", directory.display_name().trim_end_matches('/'));
        let rejected = |reason: String| Rejected { path: shown(), reason };
        let located = match directory {
            Directory::Inside(path) => self.resolve(path, name).map(|(path, at)| (path, true, at)),
            Directory::Host(path) => std::fs::canonicalize(path.join(name))
                .map(|location| (location.to_string_lossy().into_owned(), false, location)),
        };
        let (path, in_sysroot, location) = match located {
            Ok(located) => located,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(rejected(error.to_string())),
        };
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen().get(&location).cloned();
        let read = known.unwrap_or_else(|| {
            let sysroot = in_sysroot.then_some(&self.options.search_paths.sysroot);
            let read = read_library(path.clone(), sysroot, &location, &self.options.limits).map(Arc::new);
            seen().insert(location, read.clone());
            read
        });
        let file = read.map_err(rejected)?;
        // The same file may have been found under another name for another wheel; what is reported must match
        // this one.
        let file = match (&file.path, file.in_sysroot) == (&path, in_sysroot) {
            true => file,
            false => Arc::new(LibraryFile { path, in_sysroot, ..(*file).clone() }),
        };
        Ok(Some(Found { found: shown(), file }))
    }

    /// The target of a name in a directory of the sysroot. The directory is resolved only once.
    fn resolve(&self, directory: &str, name: &str) -> io::Result<(String, PathBuf)> {
        let sysroot = &self.options.search_paths.sysroot;
        let mut known = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        let resolved = known.entry(directory.to_owned()).or_insert_with(|| {
            let resolved = sysroot.resolve(directory).map(|(resolved, _)| resolved);
            resolved.map_err(|error| (error.kind(), error.to_string()))
        });
        let resolved = resolved.clone();
        drop(known);
        let directory = resolved.map_err(|(kind, why)| io::Error::new(kind, why))?;
        sysroot.resolve(&format!("{directory}/{name}"))
    }

    /// A directory of the host that is inside the sysroot is treated as one of the sysroot, so that its links
    /// are followed there.
    fn in_sysroot<'d>(&self, directory: &'d Directory) -> Cow<'d, Directory> {
        let Directory::Host(path) = directory else { return Cow::Borrowed(directory) };
        let mut known = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let inside =
            known.entry(path.clone()).or_insert_with(|| self.options.search_paths.sysroot.inside(path));
        inside.clone().map_or(Cow::Borrowed(directory), |inside| Cow::Owned(Directory::Inside(inside)))
    }
}

/// A library, with the path under which it was found.
pub(super) struct Found {
    pub(super) found: String,
    pub(super) file: Arc<LibraryFile>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::resolve::Sysroot;

    #[test]
    fn a_report_about_a_file_does_not_depend_on_who_found_it_first() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rootfs").canonicalize().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("libgreet.so.3");
        std::os::unix::fs::symlink(root.join("usr/lib/libgreet.so.3.1"), link).unwrap();
        let host = Directory::Host(elsewhere.path().to_owned());
        let inside = Directory::Inside("/usr/lib".to_owned());
        let found = |directories: [&Directory; 2]| {
            let search_paths = SearchPaths { sysroot: Sysroot::new(&root), ..SearchPaths::default() };
            let finder = Finder::new(ResolverOptions { search_paths, ..ResolverOptions::default() });
            directories.map(|directory| finder.candidate(directory, "libgreet.so.3").unwrap().unwrap().file)
        };
        let [first, second] = found([&host, &inside]);
        let [other_second, other_first] = found([&inside, &host]);
        assert_eq!((&first, &second), (&other_first, &other_second));
        assert_eq!((first.in_sysroot, second.in_sysroot), (false, true));
        assert_eq!(second.path, "/usr/lib/libgreet.so.3.1");
        assert_eq!(first.location, second.location);
    }
}
