//! A root file system that is looked at from outside, without entering it.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

/// How many symbolic links one path may lead through (`MAXSYMLINKS` of Linux and musl's `realpath`).
const MAX_LINKS: usize = 40;

/// A directory that stands for `/`: an unpacked Alpine root, a cross toolchain's sysroot, or the host's own
/// root. Absolute symbolic links inside it are followed inside it.
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
    /// The root file system that lies at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that `path` (absolute inside the root) leads to, with every symbolic link followed inside the
    /// root: its path inside the root, and where that lies.
    ///
    /// # Errors
    ///
    /// As the operating system says, and when the path leads through more than 40 links, as a loop of them does.
    pub fn resolve(&self, path: &str) -> io::Result<(String, PathBuf)> {
        let mut todo: VecDeque<String> = components(path);
        let mut done: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(component) = todo.pop_front() {
            if component == ".." {
                done.pop();
                continue;
            }
            done.push(component);
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
            }
        }
        let inside = format!("/{}", done.join("/"));
        Ok((inside, self.outside(&done)))
    }

    fn outside(&self, components: &[String]) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(components);
        path
    }
}

fn components(path: &str) -> VecDeque<String> {
    path.split('/').filter(|c| !c.is_empty() && *c != ".").map(str::to_owned).collect()
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

    #[test]
    fn a_loop_of_links_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        let error = Sysroot::new(dir.path()).resolve("/a").unwrap_err();
        assert!(error.to_string().contains("too many levels"), "{error}");
    }
}
