//! Alpine's database of installed packages, read without `apk`.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::Serialize;

use crate::error::Error;

use super::sysroot::Sysroot;

/// The largest database that is read, in bytes; a full Alpine desktop has about 10 MB.
const LARGEST: u64 = 32 << 20;

/// The most packages that a database may have; all of Alpine has some 30,000.
const MOST_PACKAGES: usize = 100_000;

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

/// The packages of a root file system: which package owns a file, and which provides a library.
#[derive(Clone, Debug, Default)]
pub struct ApkDatabase {
    text: String,
    packages: Vec<Package>,
    /// Sorted by hash, and within a hash by package.
    files: Vec<FileLine>,
    /// Sorted in the same way.
    provides: Vec<Token>,
}

/// A file of a package. Its name is an offset into the text, so that a large database is in memory only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileLine {
    /// The hash of the file name.
    hash: u32,
    package: u32,
    /// Where the file name starts in the text, and where that of its directory does (without the leading
    /// slash).
    name: u32,
    directory: u32,
}

/// A token that a package provides, `p:`, as in `so:libffi.so.8=8.1.4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Token {
    /// The hash of the token without its version.
    hash: u32,
    package: u32,
    /// Where it starts in the text.
    name: u32,
}

/// The offset that stands for "no directory": past the end of any text.
const NOWHERE: u32 = u32::MAX;

fn hash(name: &str) -> u32 {
    crc32fast::hash(name.as_bytes())
}

/// The elements of a sorted list with this hash.
fn with_hash<T>(sorted: &[T], hash: u32, of: impl Fn(&T) -> u32) -> &[T] {
    let start = sorted.partition_point(|one| of(one) < hash);
    let rest = sorted.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|one| of(one) == hash)).unwrap_or_default()
}

/// The value of the first line of a record with this letter, if it is not empty.
fn value<'r>(record: &'r str, letter: &str) -> Option<&'r str> {
    record.lines().find_map(|line| line.strip_prefix(letter)).filter(|value| !value.is_empty())
}

impl ApkDatabase {
    /// Where the database is: apk-tools 2, then a root with `/lib` merged into `/usr/lib`.
    pub const PLACES: [&str; 2] = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

    /// Reads the database of a root; `None` if it has none.
    ///
    /// # Errors
    ///
    /// If there is a database that cannot be read.
    pub fn read(root: &Sysroot) -> Result<Option<Self>, Error> {
        for place in Self::PLACES {
            let failed = |path: &Path, error: io::Error| Error::io("read", path, error);
            match root.resolve(place) {
                Ok((resolved, location)) => {
                    let text = root.open(&resolved).and_then(|file| file.read_within(LARGEST));
                    let text = text.map_err(|error| failed(&location, error))?;
                    let text = String::from_utf8_lossy(&text);
                    if text.lines().filter(|line| line.starts_with("P:")).count() > MOST_PACKAGES {
                        let error = io::Error::other(format!("it has more than {MOST_PACKAGES} packages"));
                        return Err(failed(&location, error));
                    }
                    return Self::of(root, &text).map(Some);
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

    /// Parses the text of `installed`: records of `letter:value` lines, separated by blank lines. `F:` names
    /// a directory, and `R:` a file in the directory named last. Other lines are skipped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut database = Self { text: text.to_owned(), ..Self::default() };
        // Lines are counted first and the lists are allocated at their exact size: a database of 32 MiB could
        // have eight million lines.
        let starting = |start: &'static str| text.lines().filter_map(move |line| line.strip_prefix(start));
        database.files.reserve_exact(starting("R:").count());
        let tokens = starting("p:").map(|provided| provided.split_ascii_whitespace().count());
        database.provides.reserve_exact(tokens.sum());
        let is_package = |record: &&str| value(record, "P:").is_some() && value(record, "V:").is_some();
        database.packages.reserve_exact(text.split("\n\n").filter(is_package).count());
        let place =
            |part: &str| u32::try_from(part.as_ptr().addr() - text.as_ptr().addr()).unwrap_or(u32::MAX);
        for record in text.split("\n\n") {
            let field = |letter: &str| value(record, letter).map(str::to_owned);
            let (Some(name), Some(version)) = (field("P:"), field("V:")) else { continue };
            let package = u32::try_from(database.packages.len()).unwrap_or(u32::MAX);
            let mut directory = "";
            for line in record.lines() {
                if let Some(path) = line.strip_prefix("F:") {
                    directory = path;
                } else if let Some(file) = line.strip_prefix("R:").filter(|file| !file.is_empty()) {
                    let directory = if directory.is_empty() { NOWHERE } else { place(directory) };
                    database.files.push(FileLine { hash: hash(file), package, name: place(file), directory });
                } else if let Some(provided) = line.strip_prefix("p:") {
                    for token in provided.split_ascii_whitespace() {
                        let bare = token.split('=').next().unwrap_or(token);
                        database.provides.push(Token { hash: hash(bare), package, name: place(token) });
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
        database.files.sort_unstable();
        database.provides.sort_unstable();
        database
    }

    /// The owner of a file, by its path with all symbolic links followed. Links in the paths of the database
    /// are followed too, for roots where `/lib` is a link to `/usr/lib`.
    #[must_use]
    pub fn owner(&self, root: &Sysroot, path: &str) -> Option<&Package> {
        let relative = path.trim_start_matches('/');
        let (directory, file) = relative.rsplit_once('/').unwrap_or(("", relative));
        let same = with_hash(&self.files, hash(file), |line| line.hash);
        let places = || same.iter().filter(|line| self.line(line.name) == file);
        let line = places().find(|line| self.line(line.directory) == directory).or_else(|| {
            // The same directory may occur any number of times.
            let mut tried = HashSet::new();
            places().find(|line| {
                let place = self.line(line.directory);
                let resolved = || root.resolve(&format!("/{place}/{file}"));
                tried.insert(place) && resolved().is_ok_and(|(resolved, _)| resolved == path)
            })
        })?;
        self.packages.get(usize::try_from(line.package).ok()?)
    }

    /// The package that provides a token: `so:libffi.so.8`, `cmd:xz`, `pc:zlib`.
    #[must_use]
    pub fn provider(&self, token: &str) -> Option<&Package> {
        let ends = |c: char| c.is_ascii_whitespace() || c == '=';
        let same = with_hash(&self.provides, hash(token), |token| token.hash);
        let found = same.iter().find(|found| self.line(found.name).split(ends).next() == Some(token))?;
        self.packages.get(usize::try_from(found.package).ok()?)
    }

    /// The rest of the line from this offset.
    fn line(&self, place: u32) -> &str {
        let rest = usize::try_from(place).ok().and_then(|place| self.text.get(place..));
        rest.and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    /// The installed package of this name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The number of installed packages.
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

/// Whether apk accepts this as the name of a package, or after `so:` as that of a library: letters, digits
/// and `._+-`, not starting with a dot (a hidden package) or a hyphen (an option). Anything else would end
/// the name (a version, a repository) or the argument.
#[must_use]
pub fn is_apk_name(name: &str) -> bool {
    let first = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.as_bytes().first().is_some_and(first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
}

/// The distribution according to `etc/os-release`; `None` if the file is missing or has no `ID`. A file that
/// cannot be read is an error, because the bill of materials names the distribution.
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
    fn names_that_apk_would_misread_are_refused() {
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
    fn the_first_of_several_that_own_or_provide_the_same_counts() {
        let text =
            "P:a\nV:1\np:so:x=1\nF:lib\nR:x\nF:\nR:top\n\nP:b\nV:2\np:so:x\nF:usr/lib\nR:x\nF:lib\nR:x\n\n";
        let (database, root) = (ApkDatabase::parse(text), Sysroot::new("/nonexistent"));
        let owner = |path: &str| database.owner(&root, path).map(|package| package.name.as_str());
        assert_eq!([owner("/lib/x"), owner("/usr/lib/x")], [Some("a"), Some("b")]);
        assert_eq!([owner("/top"), owner("/opt/x"), owner("/lib/y")], [Some("a"), None, None]);
        assert_eq!(database.provider("so:x").unwrap().name, "a");
        assert!(database.provider("so:x=1").is_none() && database.provider("so:").is_none());
    }

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
    fn an_unreadable_os_release_is_an_error() {
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
    fn an_unreadable_database_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let root = Sysroot::new(dir.path());
        assert!(ApkDatabase::read(&root).unwrap().is_none());
        let installed = dir.path().join("usr/lib/apk/db/installed");
        std::fs::create_dir_all(&installed).unwrap();
        let error = ApkDatabase::read(&root).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read `{}`: a directory", installed.display()));
    }
}
