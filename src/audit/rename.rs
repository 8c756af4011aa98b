//! Extension modules that the Pythons of the tags find under another name.

use crate::resolve::Origin;
use crate::wheel::WheelPath;

use super::importable::stable_groups;
use super::module_rename::ModuleRename;
use super::subject::Subject;

/// The modules that every Python of the tags finds once the platform is gone from their names: what is behind `.abi3` or
/// `.abi3t` says nothing about the code, and CPython before 3.15 looks for no such name (python/cpython#122931). Renaming is safe where
/// nothing is at the new place, and where no object needs the module by its old name.
pub(super) fn renames(audit: &Subject<'_>) -> Vec<ModuleRename> {
    let Some(package) = audit.package else { return Vec::new() };
    let (groups, every) = stable_groups(audit);
    let needed: Vec<&str> = audit
        .members()
        .flat_map(|object| &object.facts.needed)
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .collect();
    let mut renames = Vec::new();
    for files in groups {
        let found = |suffixes: &[&crate::wheel::Suffix]| {
            every.iter().all(|python| suffixes.iter().any(|suffix| python.looks_for(suffix)))
        };
        let own: Vec<_> =
            files.iter().filter(|file| !file.suffix.is_for_glibc()).map(|file| &file.suffix).collect();
        if found(&own) {
            continue;
        }
        let short: Vec<_> =
            files.iter().filter_map(|file| Some((file, file.suffix.without_platform()?))).collect();
        let all: Vec<_> = own.iter().copied().chain(short.iter().map(|(_, suffix)| suffix)).collect();
        if !found(&all) {
            continue;
        }
        for (file, suffix) in &short {
            let free = |to: &WheelPath| {
                let place = package.wheel.place(to);
                place.is_ok_and(|place| package.wheel.member_at(&place).is_none())
                    && !renames.iter().any(|rename: &ModuleRename| rename.to == *to)
            };
            let name = format!("{}{suffix}", file.name.1);
            let to = match file.path.parent() {
                Some(directory) => directory.join(&name).ok(),
                None => name.parse().ok(),
            };
            if let Some(to) = to.filter(|to| free(to) && !needed.contains(&file.path.file_name())) {
                renames.push(ModuleRename { from: file.path.clone(), to });
            }
        }
    }
    renames
}

/// Whether an object of the wheel is renamed by a repair.
pub(super) fn is_renamed(renames: &[ModuleRename], origin: &Origin) -> bool {
    matches!(origin, Origin::Member { path, .. } if renames.iter().any(|rename| rename.from == *path))
}
