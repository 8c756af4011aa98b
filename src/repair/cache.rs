//! The cache of grafts between calls (`--cache-dir`).

use std::path::{Path, PathBuf};

use crate::regular_file::{RegularFile, check_own};
use crate::wheel::{Packed, Sha256Digest, write_own};

use super::graft::Graft;
use super::options::RepairOptions;

/// The file extension of cached grafts.
const EXTENSION: &str = "graft";

/// Files in a cache directory that cannot be used, each with the reason: they are not regular files, belong
/// to another user, or are writable by others. Empty for a directory that cannot be read.
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

/// A directory of patched and compressed grafts. The name of each file is a hash of everything that the graft
/// depends on, so no entry is ever out of date, and all of them may be deleted at any time. Files appear
/// complete or not at all, so any number of processes may use the directory.
///
/// Anyone who can write these files decides what is grafted. So a file counts only if it is a regular file of
/// the user, is not writable by others, and inflates to its stated hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct GraftCache<'a> {
    directory: &'a Path,
}

impl<'a> GraftCache<'a> {
    pub(super) fn of(options: &'a RepairOptions) -> Option<Self> {
        options.cache_dir.as_deref().map(|directory| Self { directory })
    }

    /// The cached graft. A file that is not ours, is damaged or cannot be read counts as absent.
    pub(super) fn get(&self, graft: &Graft, options: &RepairOptions) -> Option<Packed> {
        // Patching only adds tables to a library.
        let most = graft.size.saturating_mul(4).saturating_add(1 << 20);
        let file = RegularFile::open_own(&self.path(graft, options)?).ok()?;
        Packed::from_bytes(&file.read_within(most).ok()?)
            .filter(|packed| packed.size() <= most && packed.is_sound())
    }

    /// Stores a graft. Errors are ignored, because a repair works without the cache. Another process may
    /// store the same bytes at the same time.
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
