//! What has to be installed at run time for wheels that stay as they are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::musl;
use crate::resolve::{Dependency, Object, Origin, Resolution, SystemPackages, is_apk_name};

use super::elf_audit::ElfAudit;

/// A library that a wheel leaves to the system. Where objects find different files under one name, each file is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Need {
    /// The name that is asked for.
    pub library: String,
    /// How `apk` is told of it: `so:libffi.so.8`. `None` where it cannot be told: [`Need::problem`].
    pub token: Option<String>,
    /// The package that provides it, where a database is at hand and apk accepts that name.
    pub package: Option<String>,
    /// The version of that package.
    pub version: Option<String>,
    /// The file it leads to, where one was found.
    pub path: Option<String>,
    /// The objects that ask for it.
    pub needed_by: Vec<String>,
    /// Why `apk` must not be told of it: it would read the name as something else, or has none for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What the members of a wheel or tree need from the system, sorted by name and by the file it leads to. Only what they
/// ask for themselves: `apk` knows what a package needs in turn. musl and the interpreter are left out.
#[must_use]
pub fn needs(audit: &ElfAudit, packages: &SystemPackages) -> Vec<Need> {
    let mut needs: BTreeMap<(&str, Option<&str>), Need> = BTreeMap::new();
    for (_, member, _, object) in audit.members() {
        for Dependency { name, resolution } in &object.dependencies {
            let found = match resolution {
                Resolution::Object { index } => match audit.graph.objects.get(*index) {
                    Some(Object { origin: Origin::File { file, .. }, .. }) => Some(file),
                    _ => continue,
                },
                Resolution::Allowed { file, .. } => file.as_ref(),
                Resolution::Missing { .. } | Resolution::Excluded { .. } => None,
                Resolution::Libc | Resolution::Interpreter => continue,
            };
            let need = needs.entry((name, found.map(|file| file.path.as_str()))).or_insert_with(|| {
                let token = is_apk_name(name).then(|| format!("so:{name}"));
                let owner = found
                    .and_then(|file| packages.owner(file))
                    .or_else(|| packages.provider(token.as_deref()?));
                let unfit = owner.filter(|package| !is_apk_name(&package.name));
                let problem = match unfit {
                    // It opens that file, and looks for no library of that name (`load_library`).
                    _ if name.contains('/') => {
                        Some("that is a path, and packages provide libraries by name".to_owned())
                    }
                    _ if musl::is_libc(name) => Some("musl takes that name for itself".to_owned()),
                    _ if token.is_none() => Some("apk accepts no such name of a library".to_owned()),
                    Some(package) => Some(format!(
                        "the package database says that `{}` provides it, and apk accepts no such name of a package",
                        package.name
                    )),
                    None => None,
                };
                let owner = owner.filter(|_| unfit.is_none());
                Need {
                    library: name.clone(),
                    package: owner.map(|package| package.name.clone()),
                    version: owner.map(|package| package.version.clone()),
                    path: found.map(|file| file.path.clone()),
                    needed_by: Vec::new(),
                    token,
                    problem,
                }
            });
            need.needed_by.push(member.to_string());
        }
    }
    needs.into_values().collect()
}
