//! Published wheels: a lock file names them, and `pip` downloads them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{check_digest, command, root, run};
use crate::workers;

/// Old enough for every Python.
const PIP: &str = "pip==25.3";

/// A downloaded wheel.
#[derive(Clone, Debug)]
pub struct Published {
    /// As wheel tags spell it.
    pub arch: String,
    pub file: String,
    pub path: PathBuf,
}

/// The wheels of a lock file with this in their name, downloaded to a directory if they are not there yet, each held
/// against its digest. A line is `ARCH FILE SHA256`; `#` begins a comment.
pub fn fetch(lock: &str, directory: &Path, only: Option<&str>) -> Result<Vec<Published>> {
    let text = fs::read_to_string(root().join(lock)).with_context(|| format!("cannot read `{lock}`"))?;
    let mut wheels = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [arch, file, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
            bail!("`{lock}`: a line is not `ARCH FILE SHA256`: {line}")
        };
        if only.is_some_and(|pattern| !file.contains(pattern)) {
            continue;
        }
        let path = directory.join(file);
        if !path.is_file() {
            println!("downloading {file}");
            download(arch, file, directory)?;
        }
        let wheel = Published { arch: arch.to_owned(), file: file.to_owned(), path };
        wheels.push((wheel, digest.to_owned()));
    }
    if wheels.is_empty() {
        bail!("`{lock}` has no such wheel");
    }
    workers::each(&wheels, |(wheel, digest)| {
        check_digest(&wheel.path, digest)?;
        Ok(wheel.clone())
    })
}

/// Downloads one wheel by its file name. One of `abi3` or `none` is taken for the Python that most others are for.
fn download(arch: &str, file: &str, directory: &Path) -> Result<()> {
    let [name, version, .., abi, _] = file.split('-').collect::<Vec<_>>()[..] else {
        bail!("`{file}` is no wheel's file name")
    };
    let minor = abi.strip_prefix("cp3").unwrap_or("12");
    let abis = ["abi3", "none", &format!("cp3{minor}")].map(|abi| format!("--abi={abi}"));
    let pip = install::python_tools("pip", &[PIP])?.join("pip");
    run(command(pip)
        .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        .args(["--implementation", "cp", "--python-version", &format!("3.{minor}")])
        .args(abis)
        .args([2, 1].map(|minor| format!("--platform=musllinux_1_{minor}_{arch}")))
        .arg("--dest")
        .arg(directory)
        .arg(format!("{name}=={version}")))
}
