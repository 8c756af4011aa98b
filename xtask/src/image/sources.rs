//! The sources for the image: Debian's source packages, each file checked against its hash.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::musl_root;
use crate::process::{check_digest, command, entries, name, run};

/// The variable for its path in scripts, the source package, the tarball and its hash.
pub const SOURCES: &[(&str, &str, &str, &str)] = &[
    (
        "PYTHON",
        "python3.11",
        "python3.11_3.11.2.orig.tar.gz",
        "2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849",
    ),
    (
        "ZLIB",
        "zlib",
        "zlib_1.2.13.dfsg.orig.tar.bz2",
        "71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1",
    ),
    (
        "LIBFFI",
        "libffi",
        "libffi_3.4.4.orig.tar.gz",
        "d66c56ad259a82cf2a9dfc408b32bf5da52371500b84745f7fb8b645712df676",
    ),
    (
        "LIBYAML",
        "libyaml",
        "libyaml_0.2.5.orig.tar.gz",
        "fa240dbf262be053f3898006d502d514936c818e422afdcf33921c63bed9bf2e",
    ),
    (
        "LZ4",
        "lz4",
        "lz4_1.9.4.orig.tar.gz",
        "0b0e3aa07c8c063ddf40b082bdf7e37a1562bda40a0ff5272957f3e987e0e54b",
    ),
];

/// Downloads the files that are missing in this directory, and checks all of them.
pub fn fetch(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    let absent = SOURCES.iter().filter(|(_, _, file, _)| !directory.join(file).is_file());
    let names: Vec<&str> = absent.map(|(_, package, ..)| *package).collect();
    if !names.is_empty() {
        println!("fetching the sources of {}", names.join(" "));
        let state = directory.join("apt");
        musl_root::prepare_sources(&state)?;
        let mut update = musl_root::apt(&state);
        run(update.args(["-qq", "update"]))?;
        let mut download = musl_root::apt(&state);
        download.args(["-qq", "source", "--download-only"]).args(&names).current_dir(directory);
        // It prints the version control system of the package.
        run(download.stdout(std::process::Stdio::null()))?;
        fs::remove_dir_all(&state)?;
    }
    SOURCES.iter().try_for_each(|(_, _, file, digest)| check_digest(&directory.join(file), digest))
}

/// Downloads files of the Python package index into this directory, if they are missing.
pub fn fetch_python(pip: &Path, directory: &Path, arguments: &[&str], names: &[&str]) -> Result<()> {
    fs::create_dir_all(directory)?;
    let plain = |text: &str| text.to_lowercase().replace("==", "-").replace('-', "_");
    let there: Vec<String> = entries(directory)?.iter().map(|file| plain(&name(file))).collect();
    let is_there = |wanted: &str| {
        let start = plain(wanted);
        there.iter().any(|file| file.starts_with(&format!("{start}_")) || *file == format!("{start}.tar.gz"))
    };
    // One after the other, because a call accepts only one version of a project.
    for wanted in names.iter().filter(|wanted| !is_there(wanted)) {
        let mut download = command(pip);
        download.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps"]).args(arguments);
        run(download.arg("--dest").arg(directory).arg(wanted))?;
    }
    Ok(())
}
