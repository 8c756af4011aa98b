//! The audit of installed files: a `site-packages`, or any tree of ELF files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::error::Error;
use crate::limits::Limits;
use crate::resolve::{InstalledLayout, Object, Origin, Resolver, read_regular};
use crate::wheel::{Place, Scheme, WheelPath};

use super::elf_audit::{ElfAudit, ObjectSet, audit_objects};
use super::options::AuditOptions;
use super::wheel::{in_the_way, object};

/// Audits the ELF files below a directory, as if it were `site-packages`.
///
/// Symbolic links inside the tree are followed, and none that lead out of it. Files whose names no wheel could have are
/// passed over: no installer put them there.
///
/// # Errors
///
/// When a directory or file cannot be read, or an ELF file is damaged.
pub fn audit_tree(
    root: &Path,
    resolver: &Resolver,
    options: &AuditOptions,
    limits: &Limits,
) -> Result<ElfAudit, Error> {
    let mut files: Vec<(WheelPath, PathBuf)> = Vec::new();
    let mut links: Vec<(WheelPath, PathBuf)> = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            Error::io("read", &path, error.into())
        })?;
        let inside = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
        let Some(path) = inside.and_then(|path| path.parse().ok()) else { continue };
        if entry.file_type().is_file() {
            files.push((path, entry.into_path()));
        } else if entry.file_type().is_symlink() {
            links.push((path, entry.into_path()));
        }
    }
    let objects: Vec<Result<Option<Object>, Error>> =
        files.par_iter().map(|(path, location)| read_object(path, location, limits)).collect();
    let objects: Result<Vec<Option<Object>>, Error> = objects.into_iter().collect();
    let own: Vec<Object> = objects?.into_iter().flatten().collect();
    let mut layout = InstalledLayout::new(None);
    for (path, index) in linked(root, &links, &own) {
        layout.insert(&site(path), index);
    }
    for path in in_the_way(files.iter().map(|(path, _)| path), &own) {
        layout.insert_other(&site(path.clone()));
    }
    let name = root.display().to_string();
    let set = ObjectSet { name, own, layout, ..ObjectSet::default() };
    Ok(audit_objects(set, resolver, options))
}

/// The paths by which links lead to objects of the tree: links to files, and links to directories in which there are objects
/// or links to them.
fn linked(root: &Path, links: &[(WheelPath, PathBuf)], own: &[Object]) -> Vec<(WheelPath, usize)> {
    let objects = own.iter().enumerate().filter_map(|(index, object)| match &object.origin {
        Origin::Member { path, .. } => Some((path.as_str(), index)),
        _ => None,
    });
    let mut objects: BTreeMap<&str, usize> = objects.collect();
    let Ok(root) = root.canonicalize() else { return Vec::new() };
    let mut found = Vec::new();
    let mut directories: Vec<(&WheelPath, String)> = Vec::new();
    for (link, location) in links {
        let Ok(target) = location.canonicalize() else { continue };
        let Some(target) = target.strip_prefix(&root).ok().and_then(Path::to_str) else { continue };
        match objects.get(target) {
            Some(index) => found.push((link.clone(), *index)),
            None => directories.push((link, format!("{target}/"))),
        }
    }
    let files = found.clone();
    objects.extend(files.iter().map(|(link, index)| (link.as_str(), *index)));
    for (link, target) in directories {
        let inside = objects.range(target.as_str()..).take_while(|(path, _)| path.starts_with(&target));
        let inside = inside.filter_map(|(path, index)| {
            let path = format!("{}/{}", link.as_str(), path.get(target.len()..)?);
            Some((path.parse().ok()?, *index))
        });
        found.extend(inside);
    }
    found
}

fn site(path: WheelPath) -> Place {
    Place { scheme: Scheme::Site, path }
}

fn read_object(path: &WheelPath, location: &Path, limits: &Limits) -> Result<Option<Object>, Error> {
    let failed = |reason: String| Error::io("read", location, std::io::Error::other(reason));
    // Most files of a site-packages are text; only ELF files are read whole.
    if !starts_as_elf(location).map_err(|error| Error::io("read", location, error))? {
        return Ok(None);
    }
    let bytes = read_regular(location, limits.member_size).map_err(failed)?;
    object(path.as_str(), &bytes, limits, || {
        Ok(Origin::Member { path: path.clone(), place: site(path.clone()) })
    })
}

fn starts_as_elf(location: &Path) -> std::io::Result<bool> {
    use std::io::Read as _;
    let mut first = Vec::with_capacity(4);
    std::fs::File::open(location)?.take(4).read_to_end(&mut first)?;
    Ok(crate::elf::is_elf(&first))
}
