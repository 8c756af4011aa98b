//! Grafts kept between calls (`--cache-dir`).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::wheel::{Packed, Sha256Digest, write_whole};

use super::graft::Graft;
use super::options::RepairOptions;

/// A directory of grafts, patched and compressed. Each lies in a file that is named after everything it depends on, so
/// nothing in it is ever out of date, and all of it may be deleted at any time. Files appear whole or not at all, so any
/// number of processes may use one directory.
///
/// Whoever can write there decides what is grafted: it is to be kept like the libraries themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct GraftCache<'a> {
    directory: &'a Path,
}

impl<'a> GraftCache<'a> {
    pub(super) fn of(options: &'a RepairOptions) -> Option<Self> {
        options.cache_dir.as_deref().map(|directory| Self { directory })
    }

    /// What was kept for this graft. A file that is damaged, or was cut short, counts as absent.
    ///
    /// # Errors
    ///
    /// When there is a file that cannot be read.
    pub(super) fn get(&self, graft: &Graft, options: &RepairOptions) -> Result<Option<Packed>, Error> {
        let path = self.path(graft, options)?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Packed::from_bytes(&bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path, error)),
        }
    }

    /// Keeps a graft. Another process may do the same meanwhile, with the same bytes.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made or written to.
    pub(super) fn put(&self, graft: &Graft, options: &RepairOptions, packed: &Packed) -> Result<(), Error> {
        Ok(write_whole(&self.path(graft, options)?, &packed.to_bytes())?)
    }

    fn path(&self, graft: &Graft, options: &RepairOptions) -> Result<PathBuf, Error> {
        let edit = serde_json::to_string(&graft.edit)
            .map_err(|error| Error::io("name a file in", self.directory, error.into()))?;
        let depends = format!(
            "muslrepair {}\n{}\n{:?}\n{}\n{edit}",
            env!("CARGO_PKG_VERSION"),
            graft.sha256.hex(),
            options.patcher,
            options.compression,
        );
        Ok(self.directory.join(format!("{}.graft", Sha256Digest::of(depends.as_bytes()).hex())))
    }
}
