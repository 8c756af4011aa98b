//! Published wheels: listed in a lock file, and downloaded with `pip`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{check_digest, command, root, run};
use crate::workers;

/// A version that runs on all Pythons used here.
const PIP: &str = "pip==25.3";

/// A downloaded wheel.
#[derive(Clone, Debug)]
pub struct Published {
    /// The architecture as in wheel tags.
    pub arch: String,
    pub file: String,
    pub path: PathBuf,
}

/// The wheels of a lock file with this text in their name, downloaded to a directory if they are missing, and
/// checked against their hashes. A line is `ARCH FILE SHA256`; `#` starts a comment.
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

/// Downloads one wheel by its file name. A wheel for `abi3` or `none` is downloaded for the Python of most
/// other wheels.
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
