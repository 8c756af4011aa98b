//! One pass over a wheel: its ELF files, and the hash of every member.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::wheel::{Directory, RowMismatch, Sha256Digest, Wheel, WheelFilename, WheelPath};

use super::object::{Candidate, content};
use super::roles::Roles;

/// The result of one pass over a wheel. The wheel need not stay open until the audit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScannedWheel {
    /// The file name of the wheel.
    pub name: WheelFilename,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The hash of every file, in archive order.
    pub hashes: Vec<(WheelPath, Sha256Digest)>,
    /// Members that `RECORD` does not list.
    pub unlisted: Vec<WheelPath>,
    /// Rows of `RECORD` that do not match the wheel.
    pub mismatches: Vec<RowMismatch>,
    /// The directories that installers create.
    pub directories: BTreeSet<Directory>,
    /// Its ELF files by their roles.
    pub roles: Roles,
}

/// Reads every member of a wheel once, in parallel, and compares it with `RECORD`.
///
/// # Errors
///
/// If a member cannot be read, or if a library or program is at a path that no installer puts anywhere.
pub fn scan_wheel(wheel: &Wheel) -> Result<ScannedWheel, Error> {
    let scan = wheel.scan(|member, bytes| {
        content(&member.path, bytes, wheel.limits()).map(|content| Candidate {
            path: member.path.clone(),
            place: wheel.place(&member.path),
            executable: member.mode.is_some_and(|mode| mode & 0o111 != 0),
            size: member.size,
            content,
        })
    })?;
    let places = scan.files.iter().filter_map(|file| wheel.place(&file.path).ok());
    let directories = places.map(|place| place.directory()).collect();
    let mut hashes = Vec::with_capacity(scan.files.len());
    let mut candidates = Vec::new();
    for file in scan.files {
        hashes.push((file.path, file.sha256));
        candidates.extend(file.value);
    }
    let (name, size) = (wheel.filename().clone(), wheel.size());
    let (unlisted, mismatches) = (scan.unlisted, scan.mismatches);
    let roles = Roles::in_wheel(name.platforms(), candidates)?;
    Ok(ScannedWheel { name, size, hashes, unlisted, mismatches, directories, roles })
}
