//! The audit of installed files: a `site-packages`, or any tree of ELF files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::error::Error;
use crate::limits::Limits;
use crate::regular_file::read_regular;
use crate::resolve::{InstalledLayout, Object, Origin, Resolver, Sysroot, is_elf_file, is_library_name};
use crate::wheel::{Directory, InstallLocation, Scheme, WheelPath};

use super::elf_audit::{ElfAudit, ObjectSet, audit_objects};
use super::object::{Candidate, content};
use super::options::AuditOptions;
use super::roles::Roles;

/// Audits the ELF files below a directory, as if it were `site-packages`.
///
/// Symbolic links inside the tree are followed, unless they point out of it. Files whose names no wheel could
/// have are skipped, because no installer put them there.
///
/// # Errors
///
/// If a directory or file cannot be read.
pub fn audit_tree(
    root: &Path,
    resolver: &Resolver,
    options: &AuditOptions,
    limits: &Limits,
) -> Result<ElfAudit, Error> {
    let mut files: Vec<(WheelPath, PathBuf)> = Vec::new();
    let mut links: Vec<WheelPath> = Vec::new();
    let mut layout = InstalledLayout::new(None);
    for entry in WalkDir::new(root).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            Error::io("read", &path, error.into())
        })?;
        let inside = entry.path().strip_prefix(root).ok().and_then(Path::to_str);
        let Some(path) = inside.and_then(|path| path.parse::<WheelPath>().ok()) else { continue };
        if entry.file_type().is_file() {
            files.push((path, entry.into_path()));
        } else if entry.file_type().is_symlink() {
            links.push(path);
        } else if entry.file_type().is_dir() {
            layout.insert_directory(&Directory { scheme: Scheme::Site, path: Some(path) });
        }
    }
    let candidates: Result<Vec<Option<Candidate>>, Error> =
        files.par_iter().map(|(path, location)| candidate(path, location, limits)).collect();
    let roles = Roles::in_tree(candidates?.into_iter().flatten().collect())?;
    for (path, _) in files {
        layout.insert_other(&site(path));
    }
    insert_links(&mut layout, root, links, &roles.objects, &resolver.options().search_paths.sysroot);
    let name = root.display().to_string();
    let set = ObjectSet { layout, ..ObjectSet::of(name, roles) };
    Ok(audit_objects(set, resolver, options))
}

/// Adds the links whose target is in the tree.
fn insert_links(
    layout: &mut InstalledLayout,
    root: &Path,
    links: Vec<WheelPath>,
    own: &[Object],
    sysroot: &Sysroot,
) {
    let objects = own.iter().enumerate().filter_map(|(index, object)| match &object.origin {
        Origin::Member { path, .. } => Some((path.as_str(), index)),
        _ => None,
    });
    let objects: HashMap<&str, usize> = objects.collect();
    let Ok(root) = root.canonicalize() else { return };
    // Links of a tree in the sysroot are resolved in the sysroot.
    let in_sysroot = sysroot.inside(&root);
    for link in links {
        let target = match &in_sysroot {
            Some(inside) => sysroot.resolve(&format!("{inside}/{}", link.as_str())).map(|(_, target)| target),
            None => Ok(root.join(link.as_str())),
        };
        let Ok(target) = target.and_then(std::fs::canonicalize) else { continue };
        let Some(path) = target.strip_prefix(&root).ok().and_then(Path::to_str) else { continue };
        match objects.get(path) {
            Some(index) => layout.insert(&site(link), *index),
            None if target.is_dir() => {
                let path = path.parse().ok();
                layout.insert_link(&site(link), &Directory { scheme: Scheme::Site, path });
            }
            None => layout.insert_other(&site(link)),
        }
    }
}

fn site(path: WheelPath) -> InstallLocation {
    InstallLocation { scheme: Scheme::Site, path }
}

/// Most files of a `site-packages` are text: only files whose first bytes or name suggest ELF are read whole.
fn candidate(path: &WheelPath, location: &Path, limits: &Limits) -> Result<Option<Candidate>, Error> {
    let failed = |error| Error::io("read", location, error);
    if !is_library_name(path.file_name()) && !is_elf_file(location).map_err(failed)? {
        return Ok(None);
    }
    let bytes = read_regular(location, limits.member_size).map_err(failed)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    // Whether programs are executable matters only for wheels without a machine.
    let made = |content| Candidate {
        path: path.clone(),
        place: Ok(site(path.clone())),
        executable: true,
        size,
        content,
    };
    Ok(content(path, &bytes, limits).map(made))
}
