//! Bringing in the wheels of the lock file, with `pip`, each checked against its digest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::lock::Locked;
use crate::install;
use crate::process::{command, run, target};
use crate::workers;

/// Old enough for every Python, new enough for `--require-hashes` with several platforms.
const PIP: &str = "pip==25.3";

/// Where wheels are kept between runs.
fn cache() -> PathBuf {
    target().join("e2e/wheels")
}

/// The wheels' paths, in the order given; those that are not there yet are downloaded.
pub fn wheels(locked: &[Locked]) -> Result<Vec<PathBuf>> {
    let cache = cache();
    fs::create_dir_all(&cache)?;
    // pip takes one version of a project at a time, so a second one is for another call.
    let mut calls: BTreeMap<(String, usize), Vec<&Locked>> = BTreeMap::new();
    let mut versions: BTreeMap<(String, String), usize> = BTreeMap::new();
    for wheel in locked.iter().filter(|wheel| !cache.join(&wheel.file).is_file()) {
        let python = wheel.python();
        let version = versions.entry((python.clone(), wheel.project())).or_default();
        calls.entry((python, *version)).or_default().push(wheel);
        *version += 1;
    }
    for ((python, _), wheels) in calls {
        download(&python, &wheels, &cache)?;
    }
    workers::each(locked, |wheel| {
        let path = cache.join(&wheel.file);
        let found = digest(&path)?;
        if found != wheel.sha256 {
            bail!("`{}` has the SHA-256 digest {found}; the lock file says {}", path.display(), wheel.sha256);
        }
        Ok(path)
    })
}

fn download(python: &str, wheels: &[&Locked], cache: &Path) -> Result<()> {
    println!("downloading {} wheels for Python {python}", wheels.len());
    let mut list = String::new();
    for wheel in wheels {
        list.push_str(&format!("{} --hash=sha256:{}\n", wheel.requirement()?, wheel.sha256));
    }
    let requirements = cache.join("requirements.txt");
    fs::write(&requirements, list)?;
    let bin = install::python_tools("e2e", &[PIP])?;
    run(command(bin.join("pip"))
        .args(["download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"])
        .args(["--no-deps", "--only-binary=:all:", "--require-hashes"])
        .args(["--platform", "musllinux_1_2_x86_64", "--platform", "musllinux_1_1_x86_64"])
        .args(["--implementation", "cp", "--python-version", python])
        .args(["--abi", &format!("cp{}", python.replace('.', "")), "--abi", "abi3", "--abi", "none"])
        .arg("--dest")
        .arg(cache)
        .arg("--requirement")
        .arg(&requirements))?;
    Ok(fs::remove_file(requirements)?)
}

/// The SHA-256 digest of a file, in hexadecimal.
pub fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
