//! The tree a wheel becomes when it is installed, in which run paths are followed.

use std::collections::BTreeMap;

use crate::wheel::{Place, Scheme};

/// The members of a wheel at the places an installer puts them, below one prefix: `.data/scripts` in `bin`,
/// `.data/data` in the prefix itself, everything else in site-packages (PEP 427, "Installing a wheel").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledLayout {
    site: String,
    files: BTreeMap<String, usize>,
    /// File name to the paths of that name.
    named: BTreeMap<String, Vec<String>>,
}

impl InstalledLayout {
    /// An empty layout. Where the Python version is not known from the wheel's tags, site-packages lies at a
    /// place that no run path can name from outside it.
    #[must_use]
    pub fn new(python: Option<(u8, u16)>) -> Self {
        let directory = match python {
            Some((major, minor)) => format!("python{major}.{minor}"),
            None => "python?".to_owned(),
        };
        Self {
            site: format!("lib/{directory}/site-packages"),
            files: BTreeMap::new(),
            named: BTreeMap::new(),
        }
    }

    /// Where a member is installed, relative to the prefix.
    #[must_use]
    pub fn installed(&self, place: &Place) -> String {
        match place.scheme {
            Scheme::Site => format!("{}/{}", self.site, place.path),
            Scheme::Scripts => format!("bin/{}", place.path),
            Scheme::Data => place.path.to_string(),
            Scheme::Headers => format!("include/{}", place.path),
        }
    }

    /// Adds a member under its index.
    pub fn insert(&mut self, place: &Place, index: usize) {
        let path = self.installed(place);
        if self.files.insert(path.clone(), index).is_none() {
            self.named.entry(place.path.file_name().to_owned()).or_default().push(path);
        }
    }

    /// The member installed as `name` in `directory`.
    #[must_use]
    pub fn file(&self, directory: &str, name: &str) -> Option<usize> {
        let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        self.files.get(&path).copied()
    }

    /// The members that are installed under this file name, anywhere.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let paths = self.named.get(name).into_iter().flatten();
        paths.filter_map(|path| self.files.get(path).copied())
    }

    /// The directory below the prefix that a run path entry means for an object installed in `origin`, or `None`
    /// if it does not begin with `$ORIGIN` or climbs out of the prefix.
    #[must_use]
    pub fn expand(&self, entry: &str, origin: &str) -> Option<String> {
        let rest = entry.strip_prefix("$ORIGIN").or_else(|| entry.strip_prefix("${ORIGIN}"))?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let mut components: Vec<&str> = origin.split('/').filter(|c| !c.is_empty()).collect();
        for component in rest.split('/') {
            match component {
                "" | "." => {}
                ".." => {
                    components.pop()?;
                }
                name => components.push(name),
            }
        }
        Some(components.join("/"))
    }

    /// Whether something is installed below a directory. The paths are sorted, so the first one from there on tells.
    fn holds(&self, directory: &str) -> bool {
        let start = format!("{directory}/");
        let first = self.files.range(start.clone()..).next();
        first.is_some_and(|(file, _)| file.starts_with(&start))
    }

    /// Whether a directory of the prefix belongs to what wheels may rely on: it lies in site-packages (where other
    /// wheels are installed too), or this wheel puts something there.
    #[must_use]
    pub fn is_reliable(&self, directory: &str) -> bool {
        let within = |path: &str, directory: &str| {
            path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        within(directory, &self.site) || (!directory.is_empty() && self.holds(directory))
    }
}

/// The directory part of an installed path.
pub(crate) fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn place(scheme: Scheme, path: &str) -> Place {
        Place { scheme, path: path.parse().unwrap() }
    }

    #[test]
    fn run_paths_are_followed_between_installed_places() {
        let mut layout = InstalledLayout::new(Some((3, 12)));
        layout.insert(&place(Scheme::Site, "pkg/lib/libx.so"), 0);
        layout.insert(&place(Scheme::Scripts, "tool"), 1);
        layout.insert(&place(Scheme::Data, "share/pkg/liby.so"), 2);
        let origin = "lib/python3.12/site-packages/pkg";
        assert_eq!(layout.expand("$ORIGIN/lib", origin).and_then(|d| layout.file(&d, "libx.so")), Some(0));
        let from_bin = layout.expand("${ORIGIN}/../lib/python3.12/site-packages/pkg/lib", "bin").unwrap();
        assert_eq!(layout.file(&from_bin, "libx.so"), Some(0));
        assert_eq!(
            layout.expand("$ORIGIN/../share/pkg", "bin").and_then(|d| layout.file(&d, "liby.so")),
            Some(2)
        );
        assert_eq!(layout.expand("$ORIGIN/../..", "bin"), None);
        assert_eq!(layout.expand("/usr/lib", origin), None);
        assert_eq!(layout.expand("$ORIGINAL", origin), None);
    }

    #[test]
    fn site_packages_can_be_relied_on_and_the_prefix_only_where_the_wheel_installs() {
        let mut layout = InstalledLayout::new(None);
        layout.insert(&place(Scheme::Data, "share/pkg/liby.so"), 0);
        assert!(layout.is_reliable("lib/python?/site-packages/nvidia/lib"));
        assert!(layout.is_reliable("share"));
        assert!(!layout.is_reliable("lib"));
        assert!(!layout.is_reliable(""));
    }
}
