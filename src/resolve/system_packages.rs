//! A root file system with its packages.

use crate::error::Error;

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

    /// The package that installed a library; `None` for libraries outside the root file system.
    #[must_use]
    pub fn owner(&self, library: &LibraryFile) -> Option<&Package> {
        self.owner_of(&library.path, library.in_sysroot)
    }

    /// Like [`SystemPackages::owner`], for the path of a library with all symbolic links followed.
    #[must_use]
    pub fn owner_of(&self, path: &str, in_sysroot: bool) -> Option<&Package> {
        self.database.as_ref().filter(|_| in_sysroot)?.owner(&self.root, path)
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
