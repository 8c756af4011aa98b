//! The system packages that unrepaired wheels need at run time.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::musl;
use crate::resolve::{Dependency, Object, Origin, Resolution, SystemPackages, is_apk_name};

use super::elf_audit::ElfAudit;

/// A library that a wheel takes from the system. If objects find different files under one name, each file is
/// listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Need {
    /// The requested name.
    pub library: String,
    /// The token for `apk add`: `so:libffi.so.8`. `None` if there is none: [`Need::problem`].
    pub token: Option<String>,
    /// The package that provides it, if a database is available and apk accepts that name.
    pub package: Option<String>,
    /// The version of that package.
    pub version: Option<String>,
    /// The file it resolves to, if one was found.
    pub path: Option<String>,
    /// The objects that need it.
    pub needed_by: Vec<String>,
    /// Why it must not be passed to `apk`: apk would read the name as something else, or has no token for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The libraries that the members of a wheel or tree need from the system, sorted by name and file. Only
/// direct needs: `apk` knows what a package depends on. musl and the interpreter are left out.
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
                    // musl opens that file and does not search for a library (`load_library`).
                    _ if name.contains('/') => {
                        Some("that is a path, and packages provide libraries by name".to_owned())
                    }
                    _ if musl::is_libc(name) => Some("musl answers that name itself".to_owned()),
                    _ if token.is_none() => Some("apk does not accept this as the name of a library".to_owned()),
                    Some(package) => Some(format!(
                        "the package database names `{}` as its package, and apk does not accept this as the name of a package",
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
