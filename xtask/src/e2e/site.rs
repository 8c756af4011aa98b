//! A wheel, installed as far as a loader is concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use object::{Object as _, ObjectSymbol as _};

use crate::elf::Elf;
use crate::process::{digest, name, target};
use crate::wheel;

/// The directory for packages, below the prefix.
const PACKAGES: &str = "lib/python3/site-packages";

/// An unpacked wheel.
#[derive(Debug)]
pub struct Site {
    pub wheel: PathBuf,
    /// The wheel's file name.
    pub file: String,
    /// The prefix into which it is installed, separate for each wheel.
    pub prefix: PathBuf,
    /// Its dynamic 64-bit ELF files, by their path in the wheel.
    pub objects: BTreeMap<String, Object>,
}

/// An ELF file of a wheel.
#[derive(Debug)]
pub struct Object {
    /// Where it is installed.
    pub path: PathBuf,
    pub elf: Elf,
    /// Whether it can be imported: it exports the function that Python calls first.
    pub extension: bool,
    /// Names of CPython's API that it imports.
    pub python_api: BTreeSet<String>,
}

impl Object {
    fn new(path: PathBuf, bytes: &[u8], elf: Elf) -> Result<Self> {
        let mut object = Self { path, elf, extension: false, python_api: BTreeSet::new() };
        for symbol in object::File::parse(bytes)?.dynamic_symbols() {
            let name = symbol.name()?;
            if !symbol.is_undefined() {
                object.extension |= name.starts_with("PyInit_") || name.starts_with("PyModExport_");
            } else if is_python_api(name) {
                object.python_api.insert(name.to_owned());
            }
        }
        Ok(object)
    }

    /// Whether it is a program, not for `dlopen`: it names an interpreter, or has a fixed address.
    pub fn is_program(&self) -> bool {
        self.elf.interpreter || !self.elf.shared
    }
}

impl Site {
    /// Unpacks all files that a loader could open.
    pub fn unpack(wheel: &Path) -> Result<Self> {
        let file = name(wheel);
        let stem: Vec<&str> = file.split('-').take(2).collect();
        // A short path, because musl's loader has 512 bytes for a path with all its relative components.
        let prefix = target().join(format!("e2e/sites/{}-{}", stem.join("-"), &digest(wheel)?[..12]));
        let mut objects = BTreeMap::new();
        for member in wheel::read(wheel)? {
            let path = prefix.join(installed(&member.name)?);
            let wide = member.bytes.starts_with(b"\x7fELF\x02");
            let elf =
                if wide { Elf::read(&member.bytes).with_context(|| member.name.clone())? } else { None };
            let elf = elf.filter(|elf| elf.dynamic);
            // A linker script called `.so` is not an ELF file, but a loader opens it and fails.
            if (elf.is_some() || member.name.contains(".so"))
                && !fs::metadata(&path).is_ok_and(|there| there.len() == member.bytes.len() as u64)
            {
                fs::create_dir_all(path.parent().unwrap_or(&prefix))?;
                fs::write(&path, &member.bytes)?;
            }
            if let Some(elf) = elf {
                let object = Object::new(path, &member.bytes, elf).with_context(|| member.name.clone())?;
                objects.insert(member.name, object);
            }
        }
        Ok(Self { wheel: wheel.to_owned(), file, prefix, objects })
    }

    /// Whether one of its libraries needs musl 1.2.4 for its relative relocations.
    pub fn has_relr(&self) -> bool {
        self.objects.values().any(|object| object.elf.relr)
    }
}

/// Names that CPython exports: in 3.6 to 3.13 they begin with `_`, `__` or nothing, `Py`, and a capital
/// letter or `_`, with one exception.
pub fn is_python_api(name: &str) -> bool {
    let bare = name.strip_prefix("__").or_else(|| name.strip_prefix('_')).unwrap_or(name);
    let rest = bare.strip_prefix("Py").and_then(|rest| rest.bytes().next());
    rest.is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_') || name == "PY_TIMEOUT_MAX"
}

/// The path of a member below the prefix (binary distribution format, "Installing a wheel").
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
    fn names_of_the_python_api() {
        for name in ["PyList_New", "_Py_NoneStruct", "__PyCodeExtraState_Get", "Py_None", "PY_TIMEOUT_MAX"] {
            assert!(is_python_api(name), "{name}");
        }
        for name in ["Python", "___Py_X", "py_x", "PYX"] {
            assert!(!is_python_api(name), "{name}");
        }
    }

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
