//! A root file system with its packages.

use crate::error::Error;

use super::apk::{ApkDatabase, Package};
use super::library::LibraryFile;
use super::sysroot::Sysroot;

/// A root file system and the database of the packages that are installed in it.
#[derive(Clone, Debug, Default)]
pub struct SystemPackages {
    /// The root file system.
    pub root: Sysroot,
    /// Its packages; `None` where it has no database that we can read.
    pub database: Option<ApkDatabase>,
}

impl SystemPackages {
    /// Reads the database of a root file system.
    ///
    /// # Errors
    ///
    /// When there is one that cannot be read.
    pub fn read(root: Sysroot) -> Result<Self, Error> {
        let database = ApkDatabase::read(&root)?;
        Ok(Self { root, database })
    }

    /// The package that installed a library, whichever way it was found. Libraries outside of the root file system have none.
    #[must_use]
    pub fn owner(&self, library: &LibraryFile) -> Option<&Package> {
        self.owner_of(&library.path, library.in_sysroot)
    }

    /// As [`SystemPackages::owner`], of a library by its path with all symbolic links followed.
    #[must_use]
    pub fn owner_of(&self, path: &str, in_sysroot: bool) -> Option<&Package> {
        // Where the root is that of this machine, nothing lies outside.
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
