//! Where members are installed.

use std::fmt;

use serde::Serialize;

use super::metadata::path::WheelPath;

/// A directory of the target Python into which members are installed (PEP 427, "Installing a wheel"). Before
/// installation, only paths inside one scheme are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `site-packages`: the root of the wheel, and `platlib` and `purelib` of its data directory, which are
    /// the same directory wherever wheels for musl are used.
    Site,
    /// `bin`: `scripts` of the data directory.
    Scripts,
    /// The prefix of the environment: `data` of the data directory.
    Data,
    /// The directory of C headers: `headers` of the data directory.
    Headers,
}

/// Where one member is installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InstallLocation {
    /// The directory it is installed below.
    pub scheme: Scheme,
    /// The path below that directory.
    pub path: WheelPath,
}

/// A directory of the installed wheel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Directory {
    /// The installation directory that it is in.
    pub scheme: Scheme,
    /// The path below it; `None` is the scheme's directory itself.
    pub path: Option<WheelPath>,
}

/// The member is in the data directory, but not in one of the five directories that installers know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{member}` has no place to be installed to: `{data_dir}` may hold `platlib`, `purelib`, `scripts`, \
     `data` and `headers`"
)]
pub struct NoPlace {
    /// The member.
    pub member: WheelPath,
    /// The data directory of the wheel.
    pub data_dir: String,
}

impl InstallLocation {
    /// Where `member` of the wheel with data directory `data_dir` (`demo-1.0.data`) is installed.
    ///
    /// ```
    /// use muslrepair::wheel::{InstallLocation, Scheme};
    /// let place = InstallLocation::of(&"demo-1.0.data/platlib/demo/_core.so".parse()?, "demo-1.0.data")?;
    /// assert_eq!((place.scheme, place.path.as_str()), (Scheme::Site, "demo/_core.so"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the member is in the data directory, but not below one of its five known directories.
    pub fn of(member: &WheelPath, data_dir: &str) -> Result<Self, NoPlace> {
        if member.top() != data_dir {
            return Ok(Self { scheme: Scheme::Site, path: member.clone() });
        }
        let no_place = || NoPlace { member: member.clone(), data_dir: data_dir.to_owned() };
        let mut parts = member.as_str().splitn(3, '/').skip(1);
        let scheme = match parts.next() {
            Some("platlib" | "purelib") => Scheme::Site,
            Some("scripts") => Scheme::Scripts,
            Some("data") => Scheme::Data,
            Some("headers") => Scheme::Headers,
            _ => return Err(no_place()),
        };
        let path = parts.next().and_then(|path| path.parse().ok()).ok_or_else(no_place)?;
        Ok(Self { scheme, path })
    }

    /// The directory into which the member is installed.
    #[must_use]
    pub fn directory(&self) -> Directory {
        Directory { scheme: self.scheme, path: self.path.parent() }
    }
}

impl Directory {
    /// The directory of a scheme itself.
    #[must_use]
    pub fn root(scheme: Scheme) -> Self {
        Self { scheme, path: None }
    }

    fn components(&self) -> Vec<&str> {
        self.path.as_ref().map(|path| path.components().collect()).unwrap_or_default()
    }
}

impl fmt::Display for Directory {
    /// The path below the scheme's directory; `.` for that directory itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => path.fmt(f),
            None => f.write_str("."),
        }
    }
}

/// The run path with which an ELF file in `from` finds libraries in `to`: `$ORIGIN/../demo.libs`, or
/// `$ORIGIN` if both are the same directory. `None` for different schemes, because only the installer knows
/// their relative position.
///
/// `$ORIGIN` is the directory of the file (gABI, "Substitution Sequences"; `fixup_rpath` in musl's
/// `ldso/dynlink.c`). Also `None` if a run path cannot contain the path: a colon always separates
/// directories, also within an expanded `$ORIGIN`, and a dollar sign cannot be escaped.
#[must_use]
pub fn relative_run_path(from: &Directory, to: &Directory) -> Option<String> {
    if from.scheme != to.scheme {
        return None;
    }
    let (from, to) = (from.components(), to.components());
    if from.iter().chain(&to).any(|component| component.contains(':'))
        || to.iter().any(|component| component.contains('$'))
    {
        return None;
    }
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut run_path = String::from("$ORIGIN");
    for _ in from.iter().skip(shared) {
        run_path.push_str("/..");
    }
    for component in to.iter().skip(shared) {
        run_path.push('/');
        run_path.push_str(component);
    }
    Some(run_path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn place(member: &str) -> Option<(Scheme, String)> {
        let place = InstallLocation::of(&member.parse().unwrap(), "demo-1.0.data").ok()?;
        Some((place.scheme, place.path.as_str().to_owned()))
    }

    #[test]
    fn pep427_members_are_installed_by_scheme() {
        for (member, scheme, path) in [
            ("demo/a.so", Scheme::Site, "demo/a.so"),
            ("demo.libs/b.so", Scheme::Site, "demo.libs/b.so"),
            ("demo-1.0.data/platlib/demo/a.so", Scheme::Site, "demo/a.so"),
            ("demo-1.0.data/purelib/a.py", Scheme::Site, "a.py"),
            ("demo-1.0.data/scripts/tool", Scheme::Scripts, "tool"),
            ("demo-1.0.data/data/share/x", Scheme::Data, "share/x"),
            ("demo-1.0.data/headers/x.h", Scheme::Headers, "x.h"),
            ("other.data/scripts/tool", Scheme::Site, "other.data/scripts/tool"),
        ] {
            assert_eq!(place(member), Some((scheme, path.to_owned())), "{member}");
        }
    }

    #[test]
    fn unknown_data_directories_have_no_place() {
        for member in ["demo-1.0.data/lib/x", "demo-1.0.data/x", "demo-1.0.data/scripts"] {
            assert_eq!(place(member), None, "{member}");
        }
        let error =
            InstallLocation::of(&"demo-1.0.data/lib/x".parse().unwrap(), "demo-1.0.data").unwrap_err();
        assert!(error.to_string().starts_with("`demo-1.0.data/lib/x` has no place"));
    }

    #[test]
    fn run_paths_point_from_one_installed_file_to_another() {
        let directory = |scheme, path: &str| Directory { scheme, path: path.parse().ok() };
        for (from, to, run_path) in [
            ("demo", "demo.libs", "$ORIGIN/../demo.libs"),
            ("demo/a/b", "demo.libs", "$ORIGIN/../../../demo.libs"),
            ("demo/a", "demo/.libs", "$ORIGIN/../.libs"),
            ("demo", "demo/.libs", "$ORIGIN/.libs"),
            ("", "demo.libs", "$ORIGIN/demo.libs"),
            ("demo.libs", "demo.libs", "$ORIGIN"),
            ("", "", "$ORIGIN"),
            ("demo", "", "$ORIGIN/.."),
        ] {
            let (from, to) = (directory(Scheme::Site, from), directory(Scheme::Site, to));
            assert_eq!(relative_run_path(&from, &to).as_deref(), Some(run_path), "{from} to {to}");
        }
        let directory = |path: &str| Directory { scheme: Scheme::Site, path: Some(path.parse().unwrap()) };
        for (from, to) in [("a", "bb:c"), ("aa:b", "c"), ("a", "$ORIGIN"), ("a", "x$y")] {
            assert_eq!(relative_run_path(&directory(from), &directory(to)), None, "{from} to {to}");
        }
        let bin = Directory::root(Scheme::Scripts);
        assert_eq!(relative_run_path(&bin, &Directory::root(Scheme::Site)), None);
    }

    #[test]
    fn platlib_of_the_data_directory_is_beside_the_root() {
        let extension =
            InstallLocation::of(&"demo-1.0.data/platlib/demo/a.so".parse().unwrap(), "demo-1.0.data")
                .unwrap();
        let library = InstallLocation::of(&"demo.libs/b.so".parse().unwrap(), "demo-1.0.data").unwrap();
        assert_eq!(
            relative_run_path(&extension.directory(), &library.directory()).as_deref(),
            Some("$ORIGIN/../demo.libs")
        );
    }
}
