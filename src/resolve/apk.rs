//! Alpine's database of installed packages, read without `apk`.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::error::Error;

use super::sysroot::Sysroot;

/// Where the database lies: apk-tools 2, then a root with `/lib` merged into `/usr/lib`.
const PLACES: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

/// The largest database that is read, in bytes; a full Alpine desktop has about 10 MB.
const LARGEST: u64 = 256 << 20;

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Package {
    /// `P:`, as in `apk add`.
    pub name: String,
    /// `V:`, with the release: `5.6.2-r1`.
    pub version: String,
    /// `A:`, Alpine's name of the architecture.
    pub arch: String,
    /// `L:`, an SPDX expression in most packages.
    pub license: Option<String>,
    /// `o:`, the package whose build made this one.
    pub origin: Option<String>,
    /// The distribution's `ID` and `VERSION_ID` of `etc/os-release`, as in `alpine-3.22.1`.
    pub distro: Option<String>,
}

/// The packages of a root file system: who owns a file, who provides a library.
#[derive(Clone, Debug, Default)]
pub struct ApkDatabase {
    packages: Vec<Package>,
    /// File name to the directories it lies in (without the leading slash) and the owner there.
    files: BTreeMap<String, Vec<(Arc<str>, usize)>>,
    /// `p:` without versions, as in `so:libffi.so.8`.
    provides: BTreeMap<String, usize>,
}

impl ApkDatabase {
    /// Reads the database of a root; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When there is one that cannot be read.
    pub fn read(root: &Sysroot) -> Result<Option<Self>, Error> {
        for place in PLACES {
            let failed = |path: &Path, error: io::Error| Error::io("read", path, error);
            match root.resolve(place) {
                Ok((resolved, location)) => {
                    let text = root.open(&resolved).and_then(|file| file.read_within(LARGEST));
                    let text = text.map_err(|error| failed(&location, error))?;
                    return Self::of(root, &String::from_utf8_lossy(&text)).map(Some);
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(failed(&root.root().join(place.trim_start_matches('/')), error)),
            }
        }
        Ok(None)
    }

    fn of(root: &Sysroot, text: &str) -> Result<Self, Error> {
        let mut database = Self::parse(text);
        let distro = distro(root)?;
        for package in &mut database.packages {
            package.distro.clone_from(&distro);
        }
        Ok(database)
    }

    /// Reads the text of `installed`: records of `letter:value` lines with a blank line between them. `F:` names a
    /// directory, `R:` a file in the last one named. Lines of other kinds are skipped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut database = Self::default();
        for record in text.split("\n\n") {
            let field = |letter: &str| {
                record
                    .lines()
                    .find_map(|line| line.strip_prefix(letter))
                    .filter(|v| !v.is_empty())
                    .map(str::to_owned)
            };
            let (Some(name), Some(version)) = (field("P:"), field("V:")) else { continue };
            let index = database.packages.len();
            let mut directory: Arc<str> = Arc::from("");
            for line in record.lines() {
                if let Some(path) = line.strip_prefix("F:") {
                    directory = Arc::from(path);
                } else if let Some(file) = line.strip_prefix("R:") {
                    database.files.entry(file.to_owned()).or_default().push((Arc::clone(&directory), index));
                } else if let Some(provided) = line.strip_prefix("p:") {
                    for token in provided.split_ascii_whitespace() {
                        let token = token.split('=').next().unwrap_or(token);
                        database.provides.entry(token.to_owned()).or_insert(index);
                    }
                }
            }
            database.packages.push(Package {
                name,
                version,
                arch: field("A:").unwrap_or_default(),
                license: field("L:"),
                origin: field("o:"),
                distro: None,
            });
        }
        database
    }

    /// The owner of a file, by its path with all symbolic links followed. Directories of the database are followed
    /// too, for roots where `/lib` is a link to `/usr/lib`.
    #[must_use]
    pub fn owner(&self, root: &Sysroot, path: &str) -> Option<&Package> {
        let (directory, file) = path.trim_start_matches('/').rsplit_once('/').unwrap_or(("", path));
        let places = self.files.get(file)?;
        let (_, index) = places.iter().find(|(place, _)| **place == *directory).or_else(|| {
            places.iter().find(|(place, _)| {
                root.resolve(&format!("/{place}/{file}")).is_ok_and(|(resolved, _)| resolved == path)
            })
        })?;
        self.packages.get(*index)
    }

    /// The package that provides a token: `so:libffi.so.8`, `cmd:xz`, `pc:zlib`.
    #[must_use]
    pub fn provider(&self, token: &str) -> Option<&Package> {
        self.provides.get(token).and_then(|index| self.packages.get(*index))
    }

    /// The installed package of this name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// How many packages are installed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether no package is installed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

/// Whether apk takes this for the name of a package, or behind `so:` for that of a library: letters, digits and `._+-`,
/// and no dot or hyphen first, which make a hidden package and an option. Anything else ends a name (a version, a
/// repository) or the argument.
#[must_use]
pub fn is_apk_name(name: &str) -> bool {
    let first = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.as_bytes().first().is_some_and(first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
}

/// What `etc/os-release` calls the distribution; `None` where there is none, or no `ID` in it. One that cannot be read is not
/// taken for none: the bill of materials names the distribution.
fn distro(root: &Sysroot) -> Result<Option<String>, Error> {
    const FILE: &str = "/etc/os-release";
    match root.read(FILE, 1 << 20) {
        Ok(text) => Ok(distro_of(&String::from_utf8_lossy(&text))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io("read", &root.root().join(FILE.trim_start_matches('/')), error)),
    }
}

fn distro_of(text: &str) -> Option<String> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    };
    let id = value("ID")?;
    Some(match value("VERSION_ID") {
        Some(version) => format!("{id}-{version}"),
        None => id,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_that_apk_would_read_as_something_else_are_none() {
        for name in ["libstdc++.so.6", "libffi.so.8", "xz-libs", "_core.so", "7zip", "libX11.so.6"] {
            assert!(is_apk_name(name), "{name}");
        }
        for name in
            ["", "-x", ".rundeps", "a b", "a\nb", "a=1", "a@edge", "a~1", "!a", "a/b", "so:a", "a\0", "ä"]
        {
            assert!(!is_apk_name(name), "{name}");
        }
    }

    const INSTALLED: &str = "C:Q1abc=\nP:xz-libs\nV:5.6.2-r1\nA:x86_64\nL:0BSD AND GPL-2.0-or-later\no:xz\n\
        p:so:liblzma.so.5=5.6.2\nF:usr\nF:usr/lib\nR:liblzma.so.5\na:0:0:777\nR:liblzma.so.5.6.2\n\n\
        P:musl\nV:1.2.5-r1\nA:x86_64\nL:MIT\np:so:libc.musl-x86_64.so.1=1 cmd:ldd=1.2.5-r1\nF:lib\nR:ld-musl-x86_64.so.1\n\n";

    #[test]
    fn packages_with_hyphens_keep_their_names() {
        let database = ApkDatabase::parse(INSTALLED);
        let owner = database.owner(&Sysroot::new("/nonexistent"), "/usr/lib/liblzma.so.5.6.2").unwrap();
        assert_eq!((owner.name.as_str(), owner.version.as_str()), ("xz-libs", "5.6.2-r1"));
        assert_eq!(owner.license.as_deref(), Some("0BSD AND GPL-2.0-or-later"));
        assert_eq!(database.len(), 2);
    }

    #[test]
    fn providers_are_found_by_token() {
        let database = ApkDatabase::parse(INSTALLED);
        assert_eq!(database.provider("so:liblzma.so.5").unwrap().name, "xz-libs");
        assert_eq!(database.provider("cmd:ldd").unwrap().name, "musl");
        assert!(database.provider("so:libffi.so.8").is_none());
    }

    #[cfg(unix)]
    #[test]
    fn owners_are_found_through_merged_directories() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("usr/lib")).unwrap();
        std::fs::create_dir_all(dir.path().join("usr/lib/apk/db")).unwrap();
        std::os::unix::fs::symlink("usr/lib", dir.path().join("lib")).unwrap();
        std::fs::write(dir.path().join("usr/lib/ld-musl-x86_64.so.1"), b"").unwrap();
        std::fs::write(dir.path().join("usr/lib/apk/db/installed"), INSTALLED).unwrap();
        let root = Sysroot::new(dir.path());
        let database = ApkDatabase::read(&root).unwrap().unwrap();
        assert_eq!(database.owner(&root, "/usr/lib/ld-musl-x86_64.so.1").unwrap().name, "musl");
    }

    #[test]
    fn an_os_release_that_cannot_be_read_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = Sysroot::new(dir.path());
        let installed = dir.path().join("lib/apk/db");
        std::fs::create_dir_all(&installed).unwrap();
        std::fs::write(installed.join("installed"), INSTALLED).unwrap();
        assert_eq!(ApkDatabase::read(&root).unwrap().unwrap().packages[0].distro, None);
        let release = dir.path().join("etc/os-release");
        std::fs::create_dir_all(release.parent().unwrap()).unwrap();
        std::fs::write(&release, "ID=alpine\nVERSION_ID=3.22.1\n").unwrap();
        let database = ApkDatabase::read(&root).unwrap().unwrap();
        assert_eq!(database.packages[0].distro.as_deref(), Some("alpine-3.22.1"));
        std::fs::remove_file(&release).unwrap();
        std::fs::create_dir(&release).unwrap();
        let error = ApkDatabase::read(&root).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read `{}`: a directory", release.display()));
    }

    #[test]
    fn a_database_that_cannot_be_read_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let root = Sysroot::new(dir.path());
        assert!(ApkDatabase::read(&root).unwrap().is_none());
        let installed = dir.path().join("usr/lib/apk/db/installed");
        std::fs::create_dir_all(&installed).unwrap();
        let error = ApkDatabase::read(&root).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read `{}`: a directory", installed.display()));
    }
}
