//! A root file system with its packages.

use crate::error::Error;
use crate::musl::{MuslRelease, loader_path, release_of_loader};
use crate::platform::Arch;

use super::apk::{ApkDatabase, Package};
use super::library::LibraryFile;
use super::sysroot::Sysroot;

/// A root file system and its package database.
#[derive(Clone, Debug, Default)]
pub struct SystemPackages {
    /// The root file system.
    pub root: Sysroot,
    /// Its packages; `None` if it has no database of a supported kind.
    pub database: Option<ApkDatabase>,
}

impl SystemPackages {
    /// Reads the database of a root file system.
    ///
    /// # Errors
    ///
    /// If there is a database that cannot be read.
    pub fn read(root: Sysroot) -> Result<Self, Error> {
        let database = ApkDatabase::read(&root)?;
        Ok(Self { root, database })
    }

    /// The package that installed a library, whichever way it was found; `None` for libraries outside the root file system.
    #[must_use]
    pub fn owner(&self, library: &LibraryFile) -> Option<&Package> {
        self.owner_of(&library.path, library.in_sysroot)
    }

    /// Like [`SystemPackages::owner`], for the path of a library with all symbolic links followed.
    #[must_use]
    pub fn owner_of(&self, path: &str, in_sysroot: bool) -> Option<&Package> {
        // If the root is that of this machine, no library is outside.
        self.database.as_ref().filter(|_| in_sysroot || self.root.is_host())?.owner(&self.root, path)
    }

    /// The package that provides a token: `so:libffi.so.8`.
    #[must_use]
    pub fn provider(&self, token: &str) -> Option<&Package> {
        self.database.as_ref()?.provider(token)
    }

    /// The installed package of this name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.database.as_ref()?.package(name)
    }

    /// The musl of the root file system: the version of its package, or else that of a loader in `/lib`. `None` where neither
    /// is there, or says what is known.
    #[must_use]
    pub fn musl(&self) -> Option<MuslRelease> {
        /// Many times what musl takes.
        const LARGEST: u64 = 1 << 24;
        let package = self.package("musl").and_then(|package| package.version.split(['-', '_']).next());
        if let Some(version) = package {
            return version.parse().ok();
        }
        let loaders = Arch::ALL.into_iter().map(loader_path);
        loaders
            .filter_map(|path| self.root.read(&path, LARGEST).ok())
            .find_map(|bytes| release_of_loader(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn everything_lies_in_the_root_of_this_machine() {
        let database = "P:greet-libs\nV:3.1-r2\nA:x86_64\nF:opt/greet\nR:libgreet.so.3\n";
        let of = |root: &Path| SystemPackages {
            root: Sysroot::new(root),
            database: Some(ApkDatabase::parse(database)),
        };
        let path = "/opt/greet/libgreet.so.3";
        for root in ["/", "//", "/./"] {
            let owner = of(Path::new(root)).owner_of(path, false).map(|package| package.name.clone());
            assert_eq!(owner.as_deref(), Some("greet-libs"), "{root}");
        }
        let elsewhere = of(&std::env::temp_dir());
        assert!(elsewhere.owner_of(path, false).is_none() && elsewhere.owner_of(path, true).is_some());
    }
}
