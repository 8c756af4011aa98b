//! The directory tree of an installed wheel, in which run paths are followed.

use std::collections::{BTreeMap, BTreeSet};

use crate::musl::RunPath;
use crate::wheel::{Directory, InstallLocation, Scheme};

/// Where programs are installed, relative to the prefix.
const BIN: &str = "bin";

/// The members of a wheel at the paths where an installer puts them, below one prefix: `.data/scripts` in
/// `bin`, `.data/data` in the prefix itself, everything else in site-packages (PEP 427, "Installing a
/// wheel").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledLayout {
    site: String,
    /// The object at each path; `None` for a file that cannot be loaded.
    files: BTreeMap<String, Option<usize>>,
    /// The paths for each file name.
    named: BTreeMap<String, Vec<String>>,
    /// Directories that exist even if nothing is installed in them.
    directories: BTreeSet<String>,
    /// Links to directories, each with the path of the directory without links.
    links: BTreeMap<String, String>,
}

/// What a name refers to in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// An object, by its index.
    Object(usize),
    /// A file that is not an object: the loader opens it and fails (`map_library`).
    OtherFile,
    /// A directory, which the loader can open as well.
    Directory,
}

impl InstalledLayout {
    /// An empty layout. If the wheel's tags do not tell the Python version, site-packages is at a path that
    /// no run path outside it can name.
    #[must_use]
    pub fn new(python: Option<(u8, u16)>) -> Self {
        let directory = match python {
            Some((major, minor)) => format!("python{major}.{minor}"),
            None => "python?".to_owned(),
        };
        Self { site: format!("lib/{directory}/site-packages"), ..Self::default() }
    }

    /// The installed path of a member, relative to the prefix.
    #[must_use]
    pub fn installed(&self, place: &InstallLocation) -> String {
        // The exact name, not the escaped one for display.
        let path = place.path.as_str();
        match self.top(place.scheme) {
            "" => path.to_owned(),
            top => format!("{top}/{path}"),
        }
    }

    /// The directory of a scheme, relative to the prefix.
    fn top(&self, scheme: Scheme) -> &str {
        match scheme {
            Scheme::Site => &self.site,
            Scheme::Scripts => BIN,
            Scheme::Data => "",
            Scheme::Headers => "include",
        }
    }

    /// The scheme and path of an installed path below the prefix: the inverse of
    /// [`InstalledLayout::installed`].
    #[must_use]
    pub fn directory(&self, path: &str) -> Option<Directory> {
        let schemes = [(self.site.as_str(), Scheme::Site), (BIN, Scheme::Scripts)];
        let found = schemes.into_iter().find_map(|(top, scheme)| Some((scheme, below(top, path)?)));
        let (scheme, rest) = found.unwrap_or((Scheme::Data, path));
        let path = if rest.is_empty() { None } else { Some(rest.parse().ok()?) };
        Some(Directory { scheme, path })
    }

    /// Adds an object under its index. If the path is taken, the first object stays.
    pub fn insert(&mut self, place: &InstallLocation, index: usize) {
        let path = self.installed(place);
        let here = self.files.entry(path.clone()).or_default();
        if here.is_none() {
            *here = Some(index);
            self.named.entry(place.path.file_name().to_owned()).or_default().push(path);
        }
    }

    /// Adds a file that is not an object, unless there is an object at the same path.
    pub fn insert_other(&mut self, place: &InstallLocation) {
        self.files.entry(self.installed(place)).or_default();
    }

    /// Adds a directory and its parents.
    pub fn insert_directory(&mut self, directory: &Directory) {
        let path = self.installed_directory(directory);
        self.directories.insert(path);
    }

    /// Adds a link to a directory. The path of the directory must not contain links.
    pub fn insert_link(&mut self, link: &InstallLocation, target: &Directory) {
        let path = self.installed(link);
        let target = self.installed_directory(target);
        self.links.insert(path, target);
    }

    fn installed_directory(&self, directory: &Directory) -> String {
        match &directory.path {
            Some(path) => self.installed(&InstallLocation { scheme: directory.scheme, path: path.clone() }),
            None => self.top(directory.scheme).to_owned(),
        }
    }

    /// What `name` in `directory` refers to.
    #[must_use]
    pub fn file(&self, directory: &str, name: &str) -> Option<Installed> {
        let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        match self.files.get(&path) {
            Some(Some(index)) => Some(Installed::Object(*index)),
            Some(None) => Some(Installed::OtherFile),
            None => (self.holds(&path) || self.links.contains_key(&path)).then_some(Installed::Directory),
        }
    }

    /// The objects installed under this file name, in any directory.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let paths = self.named.get(name).into_iter().flatten();
        paths.filter_map(|path| self.files.get(path).copied().flatten())
    }

    /// The directory below the prefix that a run path entry refers to for an object installed in `origin`.
    /// `None` if the entry does not begin with `$ORIGIN`, leaves the prefix, or uses `..` after something
    /// that is not a directory. musl passes the path to the kernel unchanged, with every link and `..` in it
    /// (`fixup_rpath`, `path_open`).
    #[must_use]
    pub fn expand(&self, entry: &str, origin: &str) -> Option<String> {
        /// Stands for the path of the prefix: a character that no name can contain.
        const PREFIX: char = '\0';
        let text = RunPath::expand(entry, &format!("{PREFIX}/{origin}"));
        let rest = text.trim_start_matches('/').strip_prefix(PREFIX)?;
        if rest.contains(PREFIX) {
            return None;
        }
        let mut directory = String::new();
        for component in rest.split('/') {
            match component {
                "" | "." => {}
                ".." if directory.is_empty() || !self.is_directory(&directory) => return None,
                ".." => directory.truncate(directory.rfind('/').unwrap_or(0)),
                name => {
                    if !directory.is_empty() {
                        directory.push('/');
                    }
                    directory.push_str(name);
                    if let Some(target) = self.links.get(&directory) {
                        directory.clone_from(target);
                    }
                }
            }
        }
        Some(directory)
    }

    /// Whether a directory exists: because something is installed in it, or because every Python has it.
    fn is_directory(&self, path: &str) -> bool {
        self.holds(path) || path == BIN || below(path, &self.site).is_some()
    }

    /// Whether something is installed below a directory. The paths are sorted, so the next ones show it.
    fn holds(&self, directory: &str) -> bool {
        let start = format!("{directory}/");
        let file = self.files.range(start.clone()..).next().map(|(path, _)| path);
        let link = self.links.range(start.clone()..).next().map(|(path, _)| path);
        let below = self.directories.range(start.clone()..).next();
        self.directories.contains(directory)
            || [file, link, below].into_iter().flatten().any(|path| path.starts_with(&start))
    }

    /// Whether a wheel may rely on a directory of the prefix: it is inside site-packages (where other wheels
    /// are installed too), or this wheel installs something there.
    #[must_use]
    pub fn is_reliable(&self, directory: &str) -> bool {
        below(&self.site, directory).is_some() || (!directory.is_empty() && self.holds(directory))
    }
}

/// The rest of a path below a directory; empty for the directory itself.
fn below<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// The directory part of an installed path.
pub(crate) fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn place(scheme: Scheme, path: &str) -> InstallLocation {
        InstallLocation { scheme, path: path.parse().unwrap() }
    }

    #[test]
    fn run_paths_are_resolved_between_installed_files() {
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&place(Scheme::Site, "pkg/lib/libx.so"), 0);
        layout.insert(&place(Scheme::Scripts, "tool"), 1);
        layout.insert(&place(Scheme::Data, "share/pkg/liby.so"), 2);
        let origin = "lib/python3.12/site-packages/pkg";
        layout.insert(&place(Scheme::Site, "pkg/lib\u{fc}x.so"), 3);
        let find = |entry: &str, origin: &str, name: &str| {
            layout.expand(entry, origin).and_then(|directory| layout.file(&directory, name))
        };
        assert_eq!(find("$ORIGIN/lib", origin, "libx.so"), Some(Installed::Object(0)));
        let from_bin = "${ORIGIN}/../lib/python3.12/site-packages/pkg/lib";
        assert_eq!(find(from_bin, "bin", "libx.so"), Some(Installed::Object(0)));
        assert_eq!(find("$ORIGIN/../share/pkg", "bin", "liby.so"), Some(Installed::Object(2)));
        assert_eq!(find("$ORIGIN/../share", "bin", "pkg"), Some(Installed::Directory));
        assert_eq!(find("$ORIGIN", origin, "lib\u{fc}x.so"), Some(Installed::Object(3)));
        assert_eq!(layout.expand("$ORIGIN/../..", "bin"), None);
        assert_eq!(layout.expand("/usr/lib", origin), None);
    }

    /// `fixup_rpath` expands `$ORIGIN` at every position.
    #[test]
    fn origin_is_replaced_at_every_position() {
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&place(Scheme::Site, "pkg/lib/libx.so"), 0);
        let origin = "lib/python3.12/site-packages/pkg";
        let expanded = |entry: &str| layout.expand(entry, origin);
        assert_eq!(expanded("$ORIGIN.libs").as_deref(), Some("lib/python3.12/site-packages/pkg.libs"));
        assert_eq!(expanded("/$ORIGIN/lib").as_deref(), Some("lib/python3.12/site-packages/pkg/lib"));
        assert_eq!(expanded("$ORIGIN/x$ORIGIN"), None);
    }

    /// The kernel looks up every directory of the path.
    #[test]
    fn a_path_through_a_missing_directory_resolves_to_nothing() {
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&place(Scheme::Site, "pkg/lib/libx.so"), 0);
        let origin = "lib/python3.12/site-packages/pkg";
        assert_eq!(layout.expand("$ORIGIN/build/../lib", origin), None);
        assert_eq!(layout.expand("$ORIGIN/lib/../../pkg/lib", origin).unwrap(), format!("{origin}/lib"));
    }

    /// The files in a directory of the path do not matter, only that it is a directory.
    #[test]
    fn a_path_goes_through_directories_and_not_through_files() {
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&place(Scheme::Site, "pkg/priv/libx.so"), 0);
        layout.insert_other(&place(Scheme::Site, "pkg/sub/deep/data.txt"));
        layout.insert_other(&place(Scheme::Data, "share/pkg/data.txt"));
        let empty = Directory { scheme: Scheme::Site, path: "pkg/empty".parse().ok() };
        layout.insert_directory(&empty);
        let origin = "lib/python3.12/site-packages/pkg";
        for entry in [
            "$ORIGIN/sub/../priv",
            "$ORIGIN/sub/deep/../../priv",
            "$ORIGIN/./sub//deep/.././../priv/",
            "$ORIGIN/empty/../priv",
            "$ORIGIN/../../../../share/pkg/../../lib/python3.12/site-packages/pkg/priv",
            "$ORIGIN/../../../../bin/../lib/python3.12/site-packages/pkg/priv",
        ] {
            assert_eq!(layout.expand(entry, origin), Some(format!("{origin}/priv")), "{entry}");
        }
        for entry in [
            "$ORIGIN/sub/deep/data.txt/../../../priv",
            "$ORIGIN/sub/none/../../priv",
            "$ORIGIN/priv/libx.so/../../priv",
            "$ORIGIN/su/../priv",
            "$ORIGIN/../../../../include/../lib/python3.12/site-packages/pkg/priv",
        ] {
            assert_eq!(layout.expand(entry, origin), None, "{entry}");
        }
    }

    /// `..` after a link leaves the directory that the link points to.
    #[test]
    fn links_are_followed_before_dot_dot() {
        let mut layout = InstalledLayout::new(None);
        layout.insert(&place(Scheme::Site, "pkg/priv/libx.so"), 0);
        layout.insert(&place(Scheme::Site, "other/real/liby.so"), 1);
        let target = Directory { scheme: Scheme::Site, path: "other/real".parse().ok() };
        layout.insert_link(&place(Scheme::Site, "pkg/link"), &target);
        layout.insert_link(&place(Scheme::Site, "pkg/site"), &Directory::root(Scheme::Site));
        let site = "lib/python?/site-packages";
        let expand = |entry: &str| layout.expand(entry, &format!("{site}/pkg"));
        assert_eq!(expand("$ORIGIN/link"), Some(format!("{site}/other/real")));
        assert_eq!(expand("$ORIGIN/link/../priv"), Some(format!("{site}/other/priv")));
        assert_eq!(expand("$ORIGIN/site/pkg/priv"), Some(format!("{site}/pkg/priv")));
        assert_eq!(layout.file(&format!("{site}/pkg"), "link"), Some(Installed::Directory));
    }

    #[test]
    fn a_file_that_is_not_an_object_hides_later_objects() {
        let mut layout = InstalledLayout::new(None);
        let place = place(Scheme::Data, "lib/libx.so");
        layout.insert_other(&place);
        assert_eq!(layout.file("lib", "libx.so"), Some(Installed::OtherFile));
        assert_eq!(layout.named("libx.so").next(), None);
        layout.insert(&place, 7);
        layout.insert(&place, 8);
        assert_eq!(layout.file("lib", "libx.so"), Some(Installed::Object(7)));
        assert_eq!(layout.named("libx.so").collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn directories_of_different_schemes_are_different() {
        let layout = InstalledLayout::new(Some((3, 12)));
        for place in
            [place(Scheme::Site, "pkg/lib/x"), place(Scheme::Scripts, "x"), place(Scheme::Data, "share/x")]
        {
            let installed = layout.installed(&place);
            assert_eq!(layout.directory(directory_of(&installed)), Some(place.directory()));
        }
    }

    #[test]
    fn wheels_may_rely_on_site_packages_and_on_their_own_directories() {
        let mut layout = InstalledLayout::new(None);
        layout.insert(&place(Scheme::Data, "share/pkg/liby.so"), 0);
        assert!(layout.is_reliable("lib/python?/site-packages/nvidia/lib"));
        assert!(layout.is_reliable("share"));
        assert!(!layout.is_reliable("lib"));
        assert!(!layout.is_reliable(""));
    }
}
