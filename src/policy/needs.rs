//! What has to be installed at run time for wheels that stay as they are.

use serde::Serialize;

use crate::resolve::{ApkDatabase, Object, Origin, Resolution, Sysroot};

use super::audit::Examination;

/// A library that a wheel leaves to the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// What the members of a wheel or tree need from the system, sorted by name. Only what they ask for themselves: `apk`
/// knows what a package needs in turn. musl, the interpreter and what the policies promise are left out.
#[must_use]
pub fn needs(examination: &Examination, root: &Sysroot, packages: Option<&ApkDatabase>) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (_, path, _, object) in examination.members() {
        for dependency in &object.dependencies {
            let found = match &dependency.resolution {
                Resolution::Object { index } => match examination.graph.objects.get(*index) {
                    Some(Object { origin: Origin::File { file, .. }, .. }) => Some(file),
                    _ => continue,
                },
                Resolution::Missing { .. } | Resolution::Excluded { .. } => None,
                Resolution::Libc | Resolution::Interpreter | Resolution::Allowed => continue,
            };
            if let Some(known) = needs.iter_mut().find(|need| need.library == dependency.name) {
                known.needed_by.push(path.to_string());
                continue;
            }
            let file = dependency.name.rsplit('/').next().unwrap_or(&dependency.name);
            let token = format!("so:{file}");
            let owner = packages.and_then(|packages| {
                let owner =
                    found.filter(|file| file.in_sysroot).and_then(|file| packages.owner(root, &file.path));
                owner.or_else(|| packages.provider(&token))
            });
            needs.push(Need {
                library: dependency.name.clone(),
                token,
                package: owner.map(|package| package.name.clone()),
                version: owner.map(|package| package.version.clone()),
                path: found.map(|file| file.path.clone()),
                needed_by: vec![path.to_string()],
            });
        }
    }
    needs.sort_by(|a, b| a.library.cmp(&b.library));
    needs
}
