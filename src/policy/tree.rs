//! The audit of installed files: a `site-packages`, or any tree of ELF files.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::error::Error;
use crate::limits::Limits;
use crate::resolve::{InstalledLayout, Object, Origin, Resolver, read_regular};
use crate::wheel::{Place, Scheme, WheelPath};

use super::audit::{AuditOptions, Examination, object};
use super::examine::examine;

/// What there is to say of the ELF files below a directory, as if it were `site-packages`.
///
/// Symbolic links are not followed. Files whose names no wheel could have are passed over: no installer put them there.
///
/// # Errors
///
/// When a directory or file cannot be read, or an ELF file is damaged.
pub fn audit_tree(
    root: &Path,
    resolver: &Resolver,
    options: &AuditOptions,
    limits: &Limits,
) -> Result<Examination, Error> {
    let mut files: Vec<(WheelPath, PathBuf)> = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            Error::io("read", &path, error.into())
        })?;
        let inside = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
        if let (true, Some(path)) = (entry.file_type().is_file(), inside.and_then(|path| path.parse().ok())) {
            files.push((path, entry.into_path()));
        }
    }
    let objects: Vec<Result<Option<Object>, Error>> =
        files.par_iter().map(|(path, location)| read_object(path, location, limits)).collect();
    let objects: Result<Vec<Option<Object>>, Error> = objects.into_iter().collect();
    let own: Vec<Object> = objects?.into_iter().flatten().collect();
    Ok(examine(own, Vec::new(), InstalledLayout::new(None), &[], resolver, options))
}

fn read_object(path: &WheelPath, location: &Path, limits: &Limits) -> Result<Option<Object>, Error> {
    let failed = |reason: String| Error::io("read", location, std::io::Error::other(reason));
    // Most files of a site-packages are text; only ELF files are read whole.
    if !starts_as_elf(location).map_err(|error| Error::io("read", location, error))? {
        return Ok(None);
    }
    let bytes = read_regular(location, limits.member_size).map_err(failed)?;
    let place = Place { scheme: Scheme::Site, path: path.clone() };
    object(path.as_str(), &bytes, limits, || Ok(Origin::Member { path: path.clone(), place }))
}

fn starts_as_elf(location: &Path) -> std::io::Result<bool> {
    use std::io::Read as _;
    let mut first = Vec::with_capacity(4);
    std::fs::File::open(location)?.take(4).read_to_end(&mut first)?;
    Ok(crate::elf::is_elf(&first))
}
