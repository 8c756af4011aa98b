//! A root file system that is examined from outside, without entering it.

use std::collections::VecDeque;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::regular_file::RegularFile;

/// The most symbolic links in one path (`MAXSYMLINKS` of Linux and musl's `realpath`).
const MAX_LINKS: usize = 40;

/// The most names looked up for one path. Links that refer to each other, each as long as a path may be, can
/// require a hundred thousand; no real system needs a tenth of this limit.
const MAX_STEPS: usize = 1000;

/// A directory used as `/`: an unpacked Alpine root, a cross toolchain's sysroot, or the host's own root. Absolute
/// symbolic links in it are followed inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sysroot {
    root: PathBuf,
}

impl Default for Sysroot {
    fn default() -> Self {
        Self { root: PathBuf::from("/") }
    }
}

impl Sysroot {
    /// The root file system in the directory `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of the root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Resolves `path` (absolute inside the root) with every symbolic link followed inside the root. Returns
    /// its path inside the root, and its path on this machine.
    ///
    /// # Errors
    ///
    /// As the operating system reports; and if the path goes through more than 40 links, as a loop does, or
    /// through more than 1000 names. As for the kernel, a file has nothing below it, not even `..`.
    pub fn resolve(&self, path: &str) -> io::Result<(String, PathBuf)> {
        let mut todo = components(path);
        let mut done: Vec<String> = Vec::new();
        let (mut links, mut steps) = (0, 0);
        while let Some(component) = todo.pop_front() {
            steps += 1;
            if steps > MAX_STEPS {
                return Err(io::Error::other("symbolic links make it too long"));
            }
            match component.as_str() {
                "." => continue,
                ".." => {
                    done.pop();
                    continue;
                }
                _ => done.push(component),
            }
            let here = self.outside(&done);
            let metadata = std::fs::symlink_metadata(&here)?;
            if metadata.file_type().is_symlink() {
                links += 1;
                if links > MAX_LINKS {
                    return Err(io::Error::other("too many levels of symbolic links"));
                }
                let target = std::fs::read_link(&here)?;
                let target = target.to_str().ok_or_else(|| io::Error::other("symbolic link is not UTF-8"))?;
                done.pop();
                if target.starts_with('/') {
                    done.clear();
                }
                for component in components(target).into_iter().rev() {
                    todo.push_front(component);
                }
            } else if !metadata.is_dir() && !todo.is_empty() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
        }
        let inside = format!("/{}", done.join("/"));
        Ok((inside, self.outside(&done)))
    }

    /// Opens a file by a path returned by [`Sysroot::resolve`]. A link that replaced it in the meantime is
    /// not followed.
    pub(crate) fn open(&self, resolved: &str) -> io::Result<RegularFile> {
        RegularFile::open_below(&self.root, resolved)
    }

    /// The bytes of the file at `path`, resolved as in [`Sysroot::resolve`]; at most `limit`.
    pub(crate) fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        self.open(&self.resolve(path)?.0)?.read_within(limit)
    }

    /// The path inside the root of a file that was named from outside; `None` if it is not inside, or if the
    /// root is the host's own. Links inside the root are left for [`Sysroot::resolve`]: seen from outside,
    /// they may point elsewhere.
    pub(crate) fn inside(&self, path: &Path) -> Option<String> {
        let root = std::fs::canonicalize(&self.root).ok()?;
        root.parent()?;
        let path = std::path::absolute(path).ok()?;
        // The kernel follows a link before it goes up from there.
        let climbs = path.components().any(|component| component == Component::ParentDir);
        let path = if climbs { std::fs::canonicalize(path).ok()? } else { path };
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        way.into_iter().find_map(|ancestor| {
            let entered = std::fs::canonicalize(ancestor).ok()?;
            let entered = entered.strip_prefix(&root).ok()?;
            let inside = Path::new("/").join(entered).join(path.strip_prefix(ancestor).ok()?);
            inside.to_str().map(str::to_owned)
        })
    }

    /// Whether it is the root of this machine, however it is spelt.
    pub(super) fn is_host(&self) -> bool {
        std::fs::canonicalize(&self.root).is_ok_and(|root| root.parent().is_none())
    }

    fn outside(&self, components: &[String]) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(components);
        path
    }
}

/// The components of a path. A slash at the end becomes a `.`, as in the kernel.
fn components(path: &str) -> VecDeque<String> {
    let last = path.ends_with('/').then_some(".");
    path.split('/').filter(|component| !component.is_empty()).chain(last).map(str::to_owned).collect()
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn absolute_links_stay_inside_the_root() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("usr/lib")).unwrap();
        std::fs::write(dir.path().join("usr/lib/libx.so.1.2"), b"x").unwrap();
        symlink("/usr/lib", dir.path().join("lib")).unwrap();
        symlink("../lib/./libx.so.1.2", dir.path().join("usr/lib/libx.so.1")).unwrap();
        let (inside, outside) = Sysroot::new(dir.path()).resolve("/lib/libx.so.1").unwrap();
        assert_eq!(inside, "/usr/lib/libx.so.1.2");
        assert_eq!(outside, dir.path().join("usr/lib/libx.so.1.2"));
    }

    #[test]
    fn links_cannot_climb_out_of_the_root() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("etc")).unwrap();
        std::fs::write(dir.path().join("etc/passwd"), b"inside").unwrap();
        symlink("../../../../../../etc/passwd", dir.path().join("p")).unwrap();
        let (_, outside) = Sysroot::new(dir.path()).resolve("/p").unwrap();
        assert_eq!(std::fs::read(outside).unwrap(), b"inside");
    }

    /// As in the kernel (`ENOTDIR`).
    #[test]
    fn a_file_has_nothing_below_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("lib")).unwrap();
        for name in ["liba.so", "libb.so"] {
            std::fs::write(dir.path().join("lib").join(name), name).unwrap();
        }
        symlink("liba.so", dir.path().join("lib/link")).unwrap();
        let root = Sysroot::new(dir.path());
        for path in [
            "/lib/liba.so/../libb.so",
            "/lib/link/../libb.so",
            "/lib/liba.so/",
            "/lib/liba.so/.",
            "/lib/link//",
        ] {
            assert_eq!(root.resolve(path).unwrap_err().kind(), io::ErrorKind::NotADirectory, "{path}");
        }
        for path in ["/lib/../lib/./libb.so", "//lib//libb.so", "/lib/", "/"] {
            root.resolve(path).unwrap();
        }
    }

    #[test]
    fn a_file_inside_the_root_is_known_by_its_path_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("usr/lib")).unwrap();
        std::fs::create_dir_all(dir.path().join("rootless/lib")).unwrap();
        symlink("/usr/lib", root.join("lib")).unwrap();
        symlink("root/usr", dir.path().join("way")).unwrap();
        let inside = |path: &str| Sysroot::new(&root).inside(&dir.path().join(path));
        assert_eq!(inside("root/usr/lib/libx.so").as_deref(), Some("/usr/lib/libx.so"));
        assert_eq!(inside("root/lib").as_deref(), Some("/lib"));
        assert_eq!(inside("way/lib").as_deref(), Some("/usr/lib"));
        assert_eq!(inside("rootless/lib"), None);
        assert_eq!(inside("root/../rootless/lib"), None);
        assert_eq!(Sysroot::default().inside(&root), None);
    }

    #[test]
    fn links_that_refer_to_each_other_fail_after_a_thousand_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("d/e")).unwrap();
        for number in 0..3 {
            let long = format!("/d{}/../m{}", "/e/..".repeat(700), number + 1);
            symlink(long, dir.path().join(format!("m{number}"))).unwrap();
        }
        let error = Sysroot::new(dir.path()).resolve("/m0").unwrap_err();
        assert!(error.to_string().contains("too long"), "{error}");
        let deep = format!("/d{}", "/e/..".repeat(400));
        Sysroot::new(dir.path()).resolve(&deep).unwrap();
    }

    #[test]
    fn a_loop_of_links_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        let error = Sysroot::new(dir.path()).resolve("/a").unwrap_err();
        assert!(error.to_string().contains("too many levels"), "{error}");
    }
}
