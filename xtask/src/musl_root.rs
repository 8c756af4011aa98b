//! The musl loaders of all architectures, from Debian's `musl` packages: `target/musl-roots/<name>`, each a
//! root file system that only has `lib/ld-musl-<arch>.so.1`. The name is the architecture, followed by
//! Debian's suite for a second release.
//!
//! Packages are downloaded with a separate apt state, so neither root nor a change to the system's sources is
//! needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::install::{self, Distribution};
use crate::process::{command, empty, files, only_file, output, root, run, target};

/// Debian's keys for verifying the package lists.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One loader to download.
struct Loader {
    /// The root's name; the architecture in it is spelt as in wheel tags.
    name: &'static str,
    /// Debian's name of the architecture.
    debian: &'static str,
    /// The architecture in the file name of the loader.
    loader: &'static str,
    /// Debian 12 has musl 1.2.3, the last release that cannot read `DT_RELR`; riscv64 came to
    /// Debian in 13, with musl 1.2.5.
    suite: &'static str,
}

const LOADERS: &[Loader] = &[
    Loader { name: "x86_64", debian: "amd64", loader: "x86_64", suite: "bookworm" },
    Loader { name: "i686", debian: "i386", loader: "i386", suite: "bookworm" },
    Loader { name: "aarch64", debian: "arm64", loader: "aarch64", suite: "bookworm" },
    Loader { name: "armv7l", debian: "armhf", loader: "armhf", suite: "bookworm" },
    Loader { name: "ppc64le", debian: "ppc64el", loader: "powerpc64le", suite: "bookworm" },
    Loader { name: "s390x", debian: "s390x", loader: "s390x", suite: "bookworm" },
    Loader { name: "x86_64-trixie", debian: "amd64", loader: "x86_64", suite: "trixie" },
    Loader { name: "riscv64", debian: "riscv64", loader: "riscv64", suite: "trixie" },
];

/// The directory of the roots.
pub fn directory() -> PathBuf {
    target().join("musl-roots")
}

impl Loader {
    fn file(&self) -> PathBuf {
        directory().join(self.name).join("lib").join(format!("ld-musl-{}.so.1", self.loader))
    }
}

/// Downloads the roots that are missing.
pub fn fetch() -> Result<()> {
    fetch_wanted(|_| true)
}

/// Downloads the roots with these names, if they are missing.
pub fn fetch_some(names: &[&str]) -> Result<()> {
    fetch_wanted(|loader| names.contains(&loader.name))
}

fn fetch_wanted(wanted: impl Fn(&Loader) -> bool) -> Result<()> {
    let absent: Vec<&Loader> =
        LOADERS.iter().filter(|loader| wanted(loader) && !loader.file().is_file()).collect();
    if absent.is_empty() {
        return Ok(());
    }
    if install::distribution() != Some(Distribution::Debian) {
        bail!("real musl loaders come from Debian's packages, and this is not Debian");
    }
    let names: Vec<&str> = absent.iter().map(|loader| loader.name).collect();
    println!("fetching musl for {}", names.join(" "));
    let state = target().join("apt");
    let work = state.join("work");
    fs::create_dir_all(&work)?;
    prepare(&state, &sources(&mirror()?))?;
    run(apt(&state).args(["-qq", "update"]))?;
    for loader in absent {
        unpack(loader, &state, &work)
            .with_context(|| format!("cannot fetch Debian's musl for {}", loader.name))?;
    }
    fs::remove_dir_all(&state)?;
    Ok(())
}

/// The loader of one of the roots.
pub fn loader(name: &str) -> Result<PathBuf> {
    let loader = LOADERS.iter().find(|loader| loader.name == name);
    Ok(loader.with_context(|| format!("no loader `{name}`"))?.file())
}

/// Makes an apt state with Debian 12's source packages, for [`apt`].
pub fn prepare_sources(state: &Path) -> Result<()> {
    prepare(state, &format!("deb-src [signed-by={KEYRING}] {} bookworm main\n", mirror()?))
}

fn prepare(state: &Path, sources: &str) -> Result<()> {
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(state.join(part))?;
    }
    fs::write(state.join("sources.list"), sources)?;
    Ok(fs::write(state.join("status"), "")?)
}

/// The Debian mirror that this machine is configured for.
fn mirror() -> Result<String> {
    let find = || {
        output(command("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Origin: Debian",
            "Label: Debian",
        ]))
    };
    if find()?.is_empty() {
        // apt knows the mirror only after it has downloaded its lists.
        install::update_package_lists()?;
    }
    match find()?.lines().next() {
        Some(mirror) => Ok(mirror.to_owned()),
        None => bail!("apt knows no Debian mirror"),
    }
}

fn sources(mirror: &str) -> String {
    let mut text = String::new();
    for suite in ["bookworm", "trixie"] {
        let arches: Vec<&str> =
            LOADERS.iter().filter(|loader| loader.suite == suite).map(|loader| loader.debian).collect();
        text.push_str(&format!(
            "deb [arch={} signed-by={KEYRING}] {mirror} {suite} main\n",
            arches.join(",")
        ));
    }
    text
}

/// `apt-get` with all of its state below `state`.
pub fn apt(state: &Path) -> Command {
    let mut apt = command("apt-get");
    let mut option = |key: &str, value: &str| {
        apt.arg("-o").arg(format!("{key}={value}"));
    };
    let under = |part: &str| state.join(part).display().to_string();
    option("Dir::Etc::SourceList", &under("sources.list"));
    option("Dir::Etc::SourceParts", "-");
    option("Dir::State::Lists", &under("lists"));
    option("Dir::State::Status", &under("status"));
    option("Dir::Cache", &under("cache"));
    // apt's unprivileged user cannot write below target/.
    option("APT::Sandbox::User", "");
    option("Acquire::Languages", "none");
    for loader in LOADERS {
        option("APT::Architectures::", loader.debian);
    }
    apt
}

fn unpack(loader: &Loader, state: &Path, work: &Path) -> Result<()> {
    empty(work.to_owned())?;
    run(apt(state)
        .args(["-qq", "download", &format!("musl:{}/{}", loader.debian, loader.suite)])
        .current_dir(work))?;
    let package = only_file(work)?;
    let tree = work.join("tree");
    run(command("dpkg").arg("-x").arg(&package).arg(&tree))?;
    // musl's libc and its loader are one file; other names in the package are links to it.
    let libc = files(&tree)?.into_iter().find(|file| file.ends_with("libc.so") && !file.is_symlink());
    let (libc, file) = (libc.context("the package has no libc.so")?, loader.file());
    fs::create_dir_all(file.parent().unwrap_or(&root()))?;
    fs::copy(&libc, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}
