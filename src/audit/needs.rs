//! What has to be installed at run time for wheels that stay as they are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::resolve::{ApkDatabase, Dependency, Object, Origin, Resolution, Sysroot};

use super::elf_audit::ElfAudit;

/// A library that a wheel leaves to the system. Where objects find different files under one name, each file is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Need {
    /// The name that is asked for.
    pub library: String,
    /// How `apk` is told of it: `so:libffi.so.8`.
    pub token: String,
    /// The package that provides it, where a database is at hand.
    pub package: Option<String>,
    /// The version of that package.
    pub version: Option<String>,
    /// The file it leads to, where one was found.
    pub path: Option<String>,
    /// The objects that ask for it.
    pub needed_by: Vec<String>,
}

/// What the members of a wheel or tree need from the system, sorted by name and by the file it leads to. Only what they
/// ask for themselves: `apk` knows what a package needs in turn. musl, the interpreter and what the policies promise are
/// left out.
#[must_use]
pub fn needs(audit: &ElfAudit, root: &Sysroot, packages: Option<&ApkDatabase>) -> Vec<Need> {
    let mut needs: BTreeMap<(&str, Option<&str>), Need> = BTreeMap::new();
    for (_, member, _, object) in audit.members() {
        for Dependency { name, resolution } in &object.dependencies {
            let found = match resolution {
                Resolution::Object { index } => match audit.graph.objects.get(*index) {
                    Some(Object { origin: Origin::File { file, .. }, .. }) => Some(file),
                    _ => continue,
                },
                Resolution::Missing { .. } | Resolution::Excluded { .. } => None,
                Resolution::Libc | Resolution::Interpreter | Resolution::Allowed => continue,
            };
            let need = needs.entry((name, found.map(|file| file.path.as_str()))).or_insert_with(|| {
                let token = format!("so:{}", name.rsplit('/').next().unwrap_or(name));
                let owner = packages.and_then(|packages| {
                    let file = found.filter(|file| file.in_sysroot);
                    file.and_then(|file| packages.owner(root, &file.path))
                        .or_else(|| packages.provider(&token))
                });
                Need {
                    library: name.clone(),
                    package: owner.map(|package| package.name.clone()),
                    version: owner.map(|package| package.version.clone()),
                    path: found.map(|file| file.path.clone()),
                    needed_by: Vec::new(),
                    token,
                }
            });
            need.needed_by.push(member.to_string());
        }
    }
    needs.into_values().collect()
}
