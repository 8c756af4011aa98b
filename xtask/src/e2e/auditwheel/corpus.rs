//! Wheels to compare on. Published ones are turned back into what a builder had before the repair: the grafts go out of
//! the wheel, into a directory of libraries beside it, under the names they had, and so do the names that ask for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::elf::Elf;
use crate::process::{command, empty, entries, files, name, only_file, output};
use crate::published;

/// A wheel and the libraries it was built with.
pub struct Case {
    /// The file name of the wheel without `.whl`.
    pub stem: String,
    pub wheel: PathBuf,
    libraries: Vec<PathBuf>,
}

impl Case {
    /// The value of `--ldpaths`.
    pub fn ldpaths(&self) -> Result<OsString> {
        Ok(std::env::join_paths(&self.libraries)?)
    }

    /// `linux/ARCH/STEM.whl` and `sysroot/ARCH/STEM/{lib,usr/lib}` of a directory.
    fn new(directory: &Path, arch: &str, stem: &str) -> Self {
        let sysroot = directory.join("sysroot").join(arch).join(stem);
        let libraries = ["lib", "usr/lib"].map(|path| sysroot.join(path)).to_vec();
        let wheel = directory.join("linux").join(arch).join(format!("{stem}.whl"));
        Self { stem: stem.to_owned(), wheel, libraries }
    }
}

/// The cases of a directory that somebody else made.
pub fn read(directory: &Path) -> Result<Vec<Case>> {
    let directory = fs::canonicalize(directory).with_context(|| directory.display().to_string())?;
    let mut cases = Vec::new();
    for arch in entries(&directory.join("linux"))? {
        for wheel in entries(&arch)?.iter().filter(|wheel| wheel.extension().is_some_and(|end| end == "whl"))
        {
            cases.push(Case::new(&directory, &name(&arch), name(wheel).trim_end_matches(".whl")));
        }
    }
    Ok(cases)
}

/// How wheels are turned back; those that another version made are made again.
const VERSION: &str = "3";

/// The cases of a lock file, made below this directory where they are not there yet.
pub fn make(bin: &Path, lock: &str, directory: &Path, only: Option<&str>) -> Result<Vec<Case>> {
    let directory = directory.join(VERSION);
    let mut cases = Vec::new();
    for published in published::fetch(lock, &directory.join("published"), only)? {
        let (stem, _) = published.file.rsplit_once('-').context("no wheel's file name")?;
        let case = Case::new(&directory, &published.arch, &format!("{stem}-linux_{}", published.arch));
        if !case.wheel.is_file() {
            println!("turning back {}", published.file);
            turn_back(bin, &published.path, &published.arch, &case).context(published.file)?;
        }
        cases.push(case);
    }
    Ok(cases)
}

/// With the tools of `wheel`, which writes archives as builders do: members that a repair keeps are compressed by zlib.
fn turn_back(bin: &Path, published: &Path, arch: &str, case: &Case) -> Result<()> {
    let scratch = empty(case.wheel.with_extension("scratch"))?;
    let mut unpack = command(bin.join("wheel"));
    output(unpack.arg("unpack").arg(published).arg("--dest").arg(&scratch))?;
    let tree = only_file(&scratch)?;
    for directory in &case.libraries {
        empty(directory.clone())?;
    }
    let library_directory = case.libraries.last().context("no directory of libraries")?;
    let top =
        |path: &Path| path.strip_prefix(&tree).ok().and_then(|path| path.iter().next()).map(PathBuf::from);
    let is_graft =
        |path: &PathBuf| top(path).is_some_and(|top| top != name(path) && name(&top).ends_with(".libs"));
    let (grafts, members): (Vec<PathBuf>, Vec<PathBuf>) = files(&tree)?.into_iter().partition(is_graft);

    // The name in the wheel, and what asked for it: the file's name without the hash, cut after the major version.
    let names: BTreeMap<String, String> =
        grafts.iter().map(|graft| (name(graft), soname(&without_hash(&name(graft))))).collect();
    for graft in &grafts {
        let (file, soname) = (without_hash(&name(graft)), &names[&name(graft)]);
        let path = library_directory.join(&file);
        fs::rename(graft, &path)?;
        restore(bin, &path, &names, Some(soname))?;
        if *soname != file && !library_directory.join(soname).exists() {
            std::os::unix::fs::symlink(&file, library_directory.join(soname))?;
        }
    }
    for member in members {
        let path = member.to_string_lossy();
        if [".dist-info/RECORD.jws", "/sboms/auditwheel.cdx.json"].iter().any(|end| path.ends_with(end)) {
            fs::remove_file(&member)?;
        } else if path.ends_with(".dist-info/WHEEL") {
            fs::write(&member, retagged(&fs::read_to_string(&member)?, arch))?;
        } else {
            restore(bin, &member, &names, None)?;
        }
    }
    let packed = empty(scratch.join("packed"))?;
    let mut pack = command(bin.join("wheel"));
    output(pack.arg("pack").arg(&tree).arg("--dest-dir").arg(&packed).env("SOURCE_DATE_EPOCH", "315532800"))?;
    // Whole or not at all: a wheel that is there is not made again.
    fs::rename(only_file(&packed)?, &case.wheel)?;
    Ok(fs::remove_dir_all(scratch)?)
}

/// Gives an object on disk its old names back, and no run path to grafts. What is no object stays as it is.
pub fn restore(
    bin: &Path,
    path: &Path,
    names: &BTreeMap<String, String>,
    soname: Option<&str>,
) -> Result<()> {
    let Some(elf) = Elf::read(&fs::read(path)?)? else { return Ok(()) };
    let mut patchelf = command(bin.join("patchelf"));
    for (needed, name) in elf.needed.iter().filter_map(|needed| Some((needed, names.get(needed)?))) {
        patchelf.args(["--replace-needed", needed, name]);
    }
    if let (Some(soname), Some(_)) = (soname, &elf.soname) {
        patchelf.args(["--set-soname", soname]);
    }
    if elf.run_paths.iter().any(|(_, path)| soname.is_some() || path.contains(".libs")) {
        // A library that the wheel has itself is still found where it is.
        let places = elf.run_paths.iter().flat_map(|(_, path)| path.split(':'));
        let own: Vec<&str> = places.filter(|place| soname.is_none() && !place.contains(".libs")).collect();
        match &*own.join(":") {
            "" => patchelf.arg("--remove-rpath"),
            own => patchelf.args(["--set-rpath", own]),
        };
    }
    if patchelf.get_args().len() > 0 {
        output(patchelf.arg(path))?;
    }
    Ok(())
}

/// `libfoo-1a2b3c4d.so.1.2` to `libfoo.so.1.2`.
pub fn without_hash(name: &str) -> String {
    let (stem, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
    match stem.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{stem}{rest}")
        }
        _ => name.to_owned(),
    }
}

/// `libfoo.so.1.2.3` to `libfoo.so.1`, as libtool and CMake name what asks.
pub fn soname(file: &str) -> String {
    match file.split_once(".so.") {
        Some((stem, version)) => format!("{stem}.so.{}", version.split('.').next().unwrap_or(version)),
        None => file.to_owned(),
    }
}

/// `WHEEL` with linux tags, each once.
fn retagged(info: &str, arch: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in info.lines() {
        let line = match line.strip_prefix("Tag: ").and_then(|tag| tag.rsplit_once('-')) {
            Some((tag, _)) => format!("Tag: {tag}-linux_{arch}"),
            None => line.to_owned(),
        };
        if !lines.contains(&line) || line.is_empty() {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_told_from_new_ones() {
        assert_eq!(without_hash("libfoo-1a2b3c4d.so.1.2"), "libfoo.so.1.2");
        assert_eq!(without_hash("libfoo-bar.so.1"), "libfoo-bar.so.1");
        assert_eq!(soname("libfoo.so.1.2.3"), "libfoo.so.1");
        assert_eq!(soname("libfoo.so"), "libfoo.so");
    }

    #[test]
    fn tags_become_linux_tags_once_each() {
        let info = "Wheel-Version: 1.0\nTag: cp312-cp312-musllinux_1_1_x86_64\nTag: cp312-cp312-musllinux_1_2_x86_64\n";
        assert_eq!(retagged(info, "x86_64"), "Wheel-Version: 1.0\nTag: cp312-cp312-linux_x86_64\n");
    }
}
