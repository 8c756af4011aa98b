//! Grafts kept between calls (`--cache-dir`).

use std::path::{Path, PathBuf};

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

    /// What was kept for this graft. A file that is damaged, was cut short, or cannot be read counts as absent.
    pub(super) fn get(&self, graft: &Graft, options: &RepairOptions) -> Option<Packed> {
        Packed::from_bytes(&std::fs::read(self.path(graft, options)?).ok()?)
    }

    /// Keeps a graft, if it can be kept: a repair does not fail for want of it. Another process may do the same
    /// meanwhile, with the same bytes.
    pub(super) fn put(&self, graft: &Graft, options: &RepairOptions, packed: &Packed) {
        if let Some(path) = self.path(graft, options) {
            let _ = write_whole(&path, &packed.to_bytes());
        }
    }

    fn path(&self, graft: &Graft, options: &RepairOptions) -> Option<PathBuf> {
        let edit = serde_json::to_string(&graft.edit).ok()?;
        let depends = format!(
            "muslrepair {}\n{}\n{:?}\n{}\n{edit}",
            env!("CARGO_PKG_VERSION"),
            graft.sha256.hex(),
            options.patcher,
            options.compression,
        );
        Some(self.directory.join(format!("{}.graft", Sha256Digest::of(depends.as_bytes()).hex())))
    }
}
