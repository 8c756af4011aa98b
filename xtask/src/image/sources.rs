//! The sources of everything that is built for the image: Debian's source packages, each file held against its digest.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::musl_root;
use crate::process::{command, run};

/// One tarball of a source package.
pub struct Source {
    /// The variable that scripts find its path in.
    pub variable: &'static str,
    package: &'static str,
    file: &'static str,
    sha256: &'static str,
}

pub const SOURCES: &[Source] = &[
    Source {
        variable: "PYTHON",
        package: "python3.11",
        file: "python3.11_3.11.2.orig.tar.gz",
        sha256: "2411c74bda5bbcfcddaf4531f66d1adc73f247f529aee981b029513aefdbf849",
    },
    Source {
        variable: "ZLIB",
        package: "zlib",
        file: "zlib_1.2.13.dfsg.orig.tar.bz2",
        sha256: "71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1",
    },
    Source {
        variable: "LIBFFI",
        package: "libffi",
        file: "libffi_3.4.4.orig.tar.gz",
        sha256: "d66c56ad259a82cf2a9dfc408b32bf5da52371500b84745f7fb8b645712df676",
    },
    Source {
        variable: "LIBYAML",
        package: "libyaml",
        file: "libyaml_0.2.5.orig.tar.gz",
        sha256: "fa240dbf262be053f3898006d502d514936c818e422afdcf33921c63bed9bf2e",
    },
    Source {
        variable: "LZ4",
        package: "lz4",
        file: "lz4_1.9.4.orig.tar.gz",
        sha256: "0b0e3aa07c8c063ddf40b082bdf7e37a1562bda40a0ff5272957f3e987e0e54b",
    },
];

impl Source {
    /// Where the file is below this directory.
    pub fn path(&self, directory: &Path) -> PathBuf {
        directory.join(self.file)
    }

    fn check(&self, directory: &Path) -> Result<()> {
        let path = self.path(directory);
        let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if found != self.sha256 {
            bail!("`{}` has the SHA-256 digest {found}, not {}", path.display(), self.sha256);
        }
        Ok(())
    }
}

/// Downloads what is not in this directory yet, and checks everything.
pub fn fetch(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    let absent: Vec<&Source> = SOURCES.iter().filter(|source| !source.path(directory).is_file()).collect();
    if !absent.is_empty() {
        let names: Vec<&str> = absent.iter().map(|source| source.package).collect();
        println!("fetching the sources of {}", names.join(" "));
        let state = directory.join("apt");
        musl_root::prepare_sources(&state)?;
        let mut update = musl_root::apt(&state);
        run(update.args(["-qq", "update"]))?;
        let mut download = musl_root::apt(&state);
        download.args(["-qq", "source", "--download-only"]).args(&names).current_dir(directory);
        // It says on standard output which version control system the package is in.
        run(download.stdout(std::process::Stdio::null()))?;
        fs::remove_dir_all(&state)?;
    }
    SOURCES.iter().try_for_each(|source| source.check(directory))
}

/// Downloads files of the Python package index into this directory, if one of these names is not there yet.
pub fn fetch_python(pip: &Path, directory: &Path, arguments: &[&str], names: &[&str]) -> Result<()> {
    fs::create_dir_all(directory)?;
    let there: Vec<String> = fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().to_lowercase().replace('-', "_")))
        .collect();
    let wanted = |name: &&&str| {
        let start = format!("{}_", name.to_lowercase().replace("==", "_").replace('-', "_"));
        let sdist = format!("{}.tar.gz", start.trim_end_matches('_'));
        !there.iter().any(|file| file.starts_with(&start) || *file == sdist)
    };
    let absent: Vec<&&str> = names.iter().filter(wanted).collect();
    if absent.is_empty() {
        return Ok(());
    }
    // One after the other: a call takes only one version of a project.
    for name in absent {
        run(command(pip)
            .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(arguments)
            .arg("--dest")
            .arg(directory)
            .arg(name))?;
    }
    Ok(())
}
