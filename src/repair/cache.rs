//! Grafts kept between calls (`--cache-dir`).

use std::path::{Path, PathBuf};

use crate::regular_file::{RegularFile, check_own};
use crate::wheel::{Packed, Sha256Digest, write_own};

use super::graft::Graft;
use super::options::RepairOptions;

/// What the names of kept grafts end with.
const EXTENSION: &str = "graft";

/// Files of a directory of grafts that are not used, each with the reason: they are not regular files, belong to somebody
/// else, or others can write them. A directory that cannot be read has none.
#[must_use]
pub fn unusable_cache_files(directory: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let kept =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == EXTENSION));
    let reason =
        |path: &Path| std::fs::symlink_metadata(path).and_then(|metadata| check_own(&metadata)).err();
    let mut unusable: Vec<_> =
        kept.filter_map(|path| reason(&path).map(|why| (path, why.to_string()))).collect();
    unusable.sort();
    unusable
}

/// A directory of grafts, patched and compressed. Each lies in a file that is named after everything it depends on, so
/// nothing in it is ever out of date, and all of it may be deleted at any time. Files appear whole or not at all, so any
/// number of processes may use one directory.
///
/// Whoever can write these files decides what is grafted. So only regular files count that belong to the user and that nobody
/// else can write, and only if they inflate to what they say.
#[derive(Clone, Copy, Debug)]
pub(super) struct GraftCache<'a> {
    directory: &'a Path,
}

impl<'a> GraftCache<'a> {
    pub(super) fn of(options: &'a RepairOptions) -> Option<Self> {
        options.cache_dir.as_deref().map(|directory| Self { directory })
    }

    /// What was kept for this graft. A file that is not ours, is damaged, was cut short, or cannot be read counts as absent.
    pub(super) fn get(&self, graft: &Graft, options: &RepairOptions) -> Option<Packed> {
        // Patching adds tables to a library and no more.
        let most = graft.size.saturating_mul(4).saturating_add(1 << 20);
        let file = RegularFile::open_own(&self.path(graft, options)?).ok()?;
        Packed::from_bytes(&file.read_within(most).ok()?)
            .filter(|packed| packed.size() <= most && packed.is_sound())
    }

    /// Keeps a graft, if it can be kept: a repair does not fail for want of it. Another process may do the same
    /// meanwhile, with the same bytes.
    pub(super) fn put(&self, graft: &Graft, options: &RepairOptions, packed: &Packed) {
        if let Some(path) = self.path(graft, options) {
            let _ = write_own(&path, &packed.to_bytes());
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
        Some(self.directory.join(format!("{}.{EXTENSION}", Sha256Digest::of(depends.as_bytes()).hex())))
    }
}
