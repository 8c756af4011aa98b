//! A wheel as an installer would lay it out, as far as a loader is concerned.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use super::dso::Dso;
use super::fetch;
use crate::process::target;

/// Where packages go, below the prefix.
const PACKAGES: &str = "lib/python3/site-packages";

/// An unpacked wheel.
#[derive(Debug)]
pub struct Site {
    /// The wheel.
    pub wheel: PathBuf,
    /// The wheel's file name.
    pub file: String,
    /// The prefix it is installed to; there is one to a wheel.
    pub prefix: PathBuf,
    /// Its ELF files, by their path in the wheel.
    pub objects: BTreeMap<String, Object>,
}

/// An ELF file of a wheel.
#[derive(Debug)]
pub struct Object {
    /// Where it is installed.
    pub path: PathBuf,
    pub dso: Dso,
}

impl Site {
    /// Unpacks everything that a loader could open. A wheel that was unpacked before is not unpacked again.
    pub fn unpack(wheel: &Path) -> Result<Self> {
        Self::unpack_unnamed(wheel).with_context(|| format!("cannot unpack `{}`", wheel.display()))
    }

    fn unpack_unnamed(wheel: &Path) -> Result<Self> {
        let file = wheel.file_name().context("no file name")?.to_string_lossy().into_owned();
        let digest = fetch::digest(wheel)?;
        let stem: Vec<&str> = file.split('-').take(2).collect();
        // Short, because musl's loader has 512 bytes for a path with everything that is relative in it.
        let prefix = target().join(format!("e2e/sites/{}-{}", stem.join("-"), &digest[..12]));
        let complete = prefix.join("complete");
        let unpacked = complete.is_file();
        if !unpacked && prefix.exists() {
            fs::remove_dir_all(&prefix)?;
        }
        let mut objects = BTreeMap::new();
        let mut archive = ZipArchive::new(File::open(wheel)?)?;
        for index in 0..archive.len() {
            let mut member = archive.by_index(index)?;
            if member.is_dir() {
                continue;
            }
            let name = member.name()?.into_owned();
            let path = prefix.join(installed(&name)?);
            let bytes = if unpacked {
                if !path.is_file() {
                    continue;
                }
                fs::read(&path)?
            } else {
                let mut bytes = Vec::new();
                member.read_to_end(&mut bytes)?;
                bytes
            };
            let dso = Dso::read(&bytes).with_context(|| name.clone())?;
            // A linker script called `.so` is no ELF file, but a loader opens it and fails.
            if !unpacked && (dso.is_some() || name.contains(".so")) {
                fs::create_dir_all(path.parent().unwrap_or(&prefix))?;
                fs::write(&path, &bytes)?;
            }
            if let Some(dso) = dso {
                objects.insert(name, Object { path, dso });
            }
        }
        fs::create_dir_all(&prefix)?;
        fs::write(complete, "")?;
        Ok(Self { wheel: wheel.to_owned(), file, prefix, objects })
    }

    /// Whether a library of it needs musl 1.2.4 for its relative relocations.
    pub fn has_relr(&self) -> bool {
        self.objects.values().any(|object| object.dso.relr)
    }
}

/// Where a member goes below the prefix (binary distribution format, "Installing a wheel").
fn installed(member: &str) -> Result<PathBuf> {
    let path = Path::new(member);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        bail!("`{member}` would leave the directory");
    }
    let mut parts = member.splitn(3, '/');
    let (top, scheme, rest) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    Ok(match (top.ends_with(".data"), scheme, rest) {
        (true, Some("platlib" | "purelib"), Some(rest)) => Path::new(PACKAGES).join(rest),
        (true, Some("data"), Some(rest)) => PathBuf::from(rest),
        (true, Some("scripts"), Some(rest)) => Path::new("bin").join(rest),
        (true, Some("headers"), Some(rest)) => Path::new("include").join(rest),
        _ => Path::new(PACKAGES).join(member),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_directories_are_spread() -> Result<()> {
        let place = |member| -> Result<String> { Ok(installed(member)?.display().to_string()) };
        assert_eq!(place("a/b.so")?, format!("{PACKAGES}/a/b.so"));
        assert_eq!(place("a-1.data/platlib/a/b.so")?, format!("{PACKAGES}/a/b.so"));
        assert_eq!(place("a-1.data/data/lib/b.so")?, "lib/b.so");
        assert_eq!(place("a-1.data/scripts/b")?, "bin/b");
        assert!(place("../b").is_err());
        Ok(())
    }
}
