//! One pass over a wheel: its ELF files, and the hash of every member.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::resolve::{Object, Origin};
use crate::wheel::{Directory, Sha256Digest, Wheel, WheelFilename, WheelPath};

use super::object::object;

/// What one pass over a wheel found. The wheel need not stay open until it is audited.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScannedWheel {
    /// The file name of the wheel.
    pub name: WheelFilename,
    /// Bytes of the archive.
    pub size: u64,
    /// The hash of every file, in archive order.
    pub hashes: Vec<(WheelPath, Sha256Digest)>,
    /// Members that `RECORD` does not list.
    pub unlisted: Vec<WheelPath>,
    /// The directories that installers make.
    pub directories: BTreeSet<Directory>,
    /// The ELF files that can be loaded, in archive order.
    pub objects: Vec<Object>,
}

/// Reads every member of a wheel once, in parallel, and checks it against `RECORD`.
///
/// # Errors
///
/// When a member cannot be read, does not match `RECORD`, or is a damaged ELF file.
pub fn scan_wheel(wheel: &Wheel) -> Result<ScannedWheel, Error> {
    let scan = wheel.scan(|member, bytes| -> Result<Option<Object>, Error> {
        let origin = || Ok(Origin::Member { path: member.path.clone(), place: wheel.place(&member.path)? });
        object(member.path.as_str(), bytes, wheel.limits(), origin)
    })?;
    let places = scan.files.iter().filter_map(|file| wheel.place(&file.path).ok());
    let directories = places.map(|place| place.directory()).collect();
    let mut hashes = Vec::with_capacity(scan.files.len());
    let mut objects = Vec::new();
    for file in scan.files {
        hashes.push((file.path, file.sha256));
        objects.extend(file.value?);
    }
    let (name, size, unlisted) = (wheel.filename().clone(), wheel.size(), scan.unlisted);
    Ok(ScannedWheel { name, size, hashes, unlisted, directories, objects })
}
