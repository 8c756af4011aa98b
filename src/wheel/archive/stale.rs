//! Temporary files of processes that were killed.

use std::fs::{self, File};
use std::path::Path;

/// The start and end of temporary file names. They do not end with `.whl`, so nobody takes one for a wheel.
pub(super) const PREFIX: &str = ".muslrepair-";
pub(super) const SUFFIX: &str = ".part";

/// Takes the lock that marks a temporary file as in use (flock(2)), if it is free. The lock ends with the
/// process, however that ends. On a file system without locks it fails, and [`remove_stale`] removes nothing
/// there.
#[cfg(target_os = "linux")]
pub(super) fn hold(file: &File) -> bool {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Without locks, no temporary file is ever known to be stale.
#[cfg(not(target_os = "linux"))]
pub(super) fn hold(_: &File) -> bool {
    false
}

/// Removes the temporary files in `directory` that no process uses: regular files with our kind of name whose
/// lock is free. Errors are ignored, and the file stays.
pub(super) fn remove_stale(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Never the target of a link, and never a pipe, which would block.
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_unless_held(&entry.path());
        }
    }
}

fn remove_unless_held(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if !hold(&file) {
        return;
    }
    // A file with a free lock may be so new that its process has not locked it yet: it is stale only after
    // some time without a change.
    let changed = file.metadata().and_then(|metadata| metadata.modified()).ok();
    if changed.and_then(|time| time.elapsed().ok()).is_some_and(|age| age >= SETTLED) {
        let _ = fs::remove_file(path);
    }
}

/// How long after its last change a file without a lock counts as stale. Creating a file and locking it takes
/// microseconds; one second allows for a machine that stalls in between.
const SETTLED: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::{Duration, SystemTime};

    fn left(directory: &Path, name: &str, age: u64) -> File {
        let file = File::create(directory.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        file
    }

    #[test]
    fn only_unlocked_temporary_files_of_ours_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        drop(left(path, ".muslrepair-stale.part", 60));
        drop(left(path, ".muslrepair-new.part", 0));
        drop(left(path, ".muslrepair-other", 60));
        drop(left(path, "other.part", 60));
        let held = left(path, ".muslrepair-held.part", 60);
        assert!(hold(&held));
        fs::create_dir(path.join(".muslrepair-directory.part")).unwrap();
        std::os::unix::fs::symlink("other.part", path.join(".muslrepair-link.part")).unwrap();
        remove_stale(path);
        let gone = |name: &str| path.join(name).symlink_metadata().is_err();
        assert!(gone(".muslrepair-stale.part"));
        for name in [
            ".muslrepair-new.part",
            ".muslrepair-other",
            "other.part",
            ".muslrepair-held.part",
            ".muslrepair-directory.part",
        ] {
            assert!(!gone(name), "{name}");
        }
        assert!(!gone(".muslrepair-link.part"));
    }
}
