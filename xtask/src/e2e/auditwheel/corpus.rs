//! Wheels to compare on. Published ones are turned back into what a builder had before the repair: the grafts go out of
//! the wheel, into a directory of libraries beside it, under the names they had, and so do the names that ask for them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::linkage::Linkage;
use crate::e2e::fetch;
use crate::process::{command, output, root, run};

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
}

/// The cases of a directory: `linux/ARCH/NAME.whl` and `sysroot/ARCH/NAME/{lib,usr/lib}`.
pub fn read(directory: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let linux = directory.join("linux");
    for arch in fs::read_dir(&linux).with_context(|| format!("cannot read `{}`", linux.display()))? {
        let arch = arch?.file_name();
        for wheel in fs::read_dir(linux.join(&arch))? {
            let wheel = wheel?.path();
            if wheel.extension().is_none_or(|end| end != "whl") {
                continue;
            }
            let stem = wheel.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let sysroot = directory.join("sysroot").join(&arch).join(&stem);
            let libraries = ["lib", "usr/lib"].map(|path| sysroot.join(path)).to_vec();
            cases.push(Case { stem, wheel: fs::canonicalize(wheel)?, libraries });
        }
    }
    cases.sort_by(|a, b| a.wheel.cmp(&b.wheel));
    Ok(cases)
}

/// How wheels are turned back; those that another version made are made again.
const VERSION: &str = "2";

/// The cases of a lock file, made below this directory where they are not there yet.
pub fn make(bin: &Path, lock: &str, directory: &Path) -> Result<Vec<Case>> {
    let stamp = directory.join("version");
    if fs::read_to_string(&stamp).is_ok_and(|version| version != VERSION) || !stamp.is_file() {
        for made in ["linux", "sysroot"] {
            let _ = fs::remove_dir_all(directory.join(made));
        }
        fs::create_dir_all(directory)?;
        fs::write(&stamp, VERSION)?;
    }
    let text = fs::read_to_string(root().join(lock)).with_context(|| format!("cannot read `{lock}`"))?;
    let mut stems = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [arch, file, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
            bail!("`{lock}`: a line is not `ARCH FILE DIGEST`: {line}")
        };
        let published = directory.join("published").join(arch).join(file);
        if !published.is_file() {
            download(bin, arch, file, published.parent().unwrap_or(directory))?;
        }
        ensure!(fetch::digest(&published)? == digest, "`{}` is not what the lock says", published.display());
        let (stem, _) = file.rsplit_once('-').context("no wheel's file name")?;
        let stem = format!("{stem}-linux_{arch}");
        if !directory.join("linux").join(arch).join(format!("{stem}.whl")).is_file() {
            println!("turning back {file}");
            turn_back(bin, &published, directory, arch, &stem).with_context(|| file.to_owned())?;
        }
        stems.insert(stem);
    }
    // What an earlier lock named may still lie there.
    let mut cases = read(directory)?;
    cases.retain(|case| stems.contains(&case.stem));
    Ok(cases)
}

fn download(bin: &Path, arch: &str, file: &str, directory: &Path) -> Result<()> {
    let mut parts = file.split('-');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    run(command(bin.join("pip"))
        .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        .args(["--implementation", "cp", "--python-version", "3.12"])
        .args(["--abi", "cp312", "--abi", "abi3", "--abi", "none"])
        .args([
            "--platform",
            &format!("musllinux_1_2_{arch}"),
            "--platform",
            &format!("musllinux_1_1_{arch}"),
        ])
        .arg("--dest")
        .arg(directory)
        .arg(format!("{name}=={version}")))
}

/// A member in memory.
struct Packed {
    name: String,
    mode: u32,
    bytes: Vec<u8>,
}

fn turn_back(bin: &Path, published: &Path, directory: &Path, arch: &str, stem: &str) -> Result<()> {
    let mut files = read_members(published)?;
    let sysroot = directory.join("sysroot").join(arch).join(stem);
    let _ = fs::remove_dir_all(&sysroot);
    let library_directory = sysroot.join("usr/lib");
    fs::create_dir_all(&library_directory)?;
    fs::create_dir_all(sysroot.join("lib"))?;
    let is_graft = |file: &Packed| file.name.split_once('/').is_some_and(|(top, _)| top.ends_with(".libs"));
    let (grafts, members): (Vec<Packed>, Vec<Packed>) = files.drain(..).partition(is_graft);

    // The name in the wheel, and what asked for it: the file's name without the hash, cut after the major version.
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for graft in &grafts {
        let name = graft.name.rsplit('/').next().unwrap_or_default();
        names.insert(name.to_owned(), soname(&without_hash(name)));
    }
    for graft in &grafts {
        let hashed = graft.name.rsplit('/').next().unwrap_or_default();
        let (file, soname) = (without_hash(hashed), &names[hashed]);
        let path = library_directory.join(&file);
        fs::write(&path, &graft.bytes)?;
        fs::set_permissions(&path, Permissions::from_mode(graft.mode))?;
        restore(bin, &path, &names, Some(soname))?;
        if *soname != file && !library_directory.join(soname).exists() {
            std::os::unix::fs::symlink(&file, library_directory.join(soname))?;
        }
    }
    let scratch = sysroot.join("scratch");
    let mut kept = Vec::new();
    for mut member in members {
        let metadata = [".dist-info/RECORD", ".dist-info/RECORD.jws", "/sboms/auditwheel.cdx.json"];
        if metadata.iter().any(|end| member.name.ends_with(end)) {
            continue;
        }
        if Linkage::read(&member.bytes)?.is_some() {
            fs::write(&scratch, &member.bytes)?;
            restore(bin, &scratch, &names, None)?;
            member.bytes = fs::read(&scratch)?;
        } else if member.name.ends_with(".dist-info/WHEEL") {
            member.bytes = retagged(&String::from_utf8(member.bytes)?, arch).into_bytes();
        }
        kept.push(member);
    }
    let _ = fs::remove_file(scratch);
    let wheel = directory.join("linux").join(arch).join(format!("{stem}.whl"));
    fs::create_dir_all(wheel.parent().unwrap_or(directory))?;
    write(bin, &wheel, kept)
}

fn read_members(wheel: &Path) -> Result<Vec<Packed>> {
    let mut zip = ZipArchive::new(File::open(wheel)?)?;
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        if entry.is_dir() {
            continue;
        }
        let (name, mode) = (entry.name()?.into_owned(), entry.unix_mode().unwrap_or(0o644) & 0o777);
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.push(Packed { name, mode, bytes });
    }
    Ok(files)
}

/// Gives an object on disk its old names back, and no run path to grafts.
fn restore(bin: &Path, path: &Path, names: &BTreeMap<String, String>, soname: Option<&str>) -> Result<()> {
    let Some(linkage) = Linkage::read(&fs::read(path)?)? else { return Ok(()) };
    let mut patchelf = command(bin.join("patchelf"));
    let mut changes = false;
    for (needed, name) in linkage.needed.iter().filter_map(|needed| Some((needed, names.get(needed)?))) {
        patchelf.args(["--replace-needed", needed, name]);
        changes = true;
    }
    if let (Some(soname), Some(_)) = (soname, &linkage.soname) {
        patchelf.args(["--set-soname", soname]);
        changes = true;
    }
    if linkage.run_paths.iter().any(|(_, path)| soname.is_some() || path.contains(".libs")) {
        // A library that the wheel has itself is still found where it is.
        let places = linkage.run_paths.iter().flat_map(|(_, path)| path.split(':'));
        let own: Vec<&str> = places.filter(|place| soname.is_none() && !place.contains(".libs")).collect();
        match &*own.join(":") {
            "" => patchelf.arg("--remove-rpath"),
            own => patchelf.args(["--set-rpath", own]),
        };
        changes = true;
    }
    if changes {
        output(patchelf.arg(path))?;
    }
    Ok(())
}

/// `libfoo-1a2b3c4d.so.1.2` to `libfoo.so.1.2`.
fn without_hash(name: &str) -> String {
    let (stem, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
    match stem.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{stem}{rest}")
        }
        _ => name.to_owned(),
    }
}

/// `libfoo.so.1.2.3` to `libfoo.so.1`, as libtool and CMake name what asks.
fn soname(file: &str) -> String {
    match file.split_once(".so.") {
        Some((stem, version)) => format!("{stem}.so.{}", version.split('.').next().unwrap_or(version)),
        None => file.to_owned(),
    }
}

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

/// Writes a wheel as builders do, with Python's `zipfile`: members that a repair keeps stay compressed by zlib.
fn write(bin: &Path, path: &Path, mut files: Vec<Packed>) -> Result<()> {
    /// Reads names, modes and files from a list; every member is of 1980.
    const SCRIPT: &str = "import json, sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[2], 'w') as archive:\n\
        \x20   for name, mode, path in json.load(open(sys.argv[1])):\n\
        \x20       info = zipfile.ZipInfo(name)\n\
        \x20       info.compress_type = zipfile.ZIP_DEFLATED\n\
        \x20       info.external_attr = (0o100000 | mode) << 16\n\
        \x20       archive.writestr(info, open(path, 'rb').read())";
    let mut record = String::new();
    for file in &files {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&file.bytes));
        let name = if file.name.contains(',') { format!("\"{}\"", file.name) } else { file.name.clone() };
        record.push_str(&format!("{name},sha256={digest},{}\n", file.bytes.len()));
    }
    let info = files.iter().find(|file| file.name.ends_with(".dist-info/WHEEL")).context("no WHEEL")?;
    let name = info.name.replace("/WHEEL", "/RECORD");
    record.push_str(&format!("{name},,\n"));
    files.push(Packed { name, mode: 0o644, bytes: record.into_bytes() });
    let scratch = path.with_extension("scratch");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch)?;
    let mut list = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let member = scratch.join(number.to_string());
        fs::write(&member, file.bytes)?;
        list.push((file.name, file.mode, member));
    }
    let names = scratch.join("list.json");
    fs::write(&names, serde_json::to_vec(&list)?)?;
    // Whole or not at all: a wheel that is there is not made again.
    let partial = scratch.join("wheel");
    run(command(bin.join("python3")).args(["-c", SCRIPT]).arg(&names).arg(&partial))?;
    fs::rename(&partial, path)?;
    Ok(fs::remove_dir_all(scratch)?)
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
