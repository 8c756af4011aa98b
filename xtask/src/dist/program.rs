//! Builds the program without dependencies, and checks that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::elf::Elf;
use crate::install;
use crate::process::{self, cargo, command, empty, name, only_file, output, path_with, root, target};
use anyhow::{Context, Result, bail};

/// The default target. The C library is linked in, so the program runs without one.
pub const HOST: &str = "x86_64-unknown-linux-gnu";

/// Cross-compiles for musl with zig's C library and linker.
const ZIGBUILD: &[&str] = &["ziglang==0.15.2", "cargo-zigbuild==0.24.0"];

/// The wheel and the root file system for trying the program.
const DEMO: &str = "testdata/wheels/demo/demo-1.0-cp312-cp312-linux_x86_64.whl";
const DEMO_ROOT: &str = "testdata/rootfs";

/// The build profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// As released.
    Release,
    /// As in tests; it compiles in a third of the time.
    Development,
}

impl Profile {
    /// The name for cargo, and the directory of the results.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Release => ("release", "release"),
            Self::Development => ("dev", "debug"),
        }
    }
}

/// A built program.
pub struct Program {
    /// The target.
    pub triple: String,
    pub path: PathBuf,
}

impl Program {
    pub fn build(triple: &str, profile: Profile) -> Result<Self> {
        let (profile_name, results) = profile.names();
        let gnu = triple.ends_with("-gnu");
        let mut build = if gnu {
            let mut build = cargo();
            // Only effective together with `--target`: otherwise it would break procedural macros.
            build.arg("build").env("RUSTFLAGS", "-C target-feature=+crt-static");
            build
        } else {
            let bin = install::python_tools("zigbuild", ZIGBUILD)?;
            let mut build = command(bin.join("cargo-zigbuild"));
            build.arg("zigbuild").env("PATH", path_with(&[&bin])?);
            build
        };
        build.args([
            "--profile",
            profile_name,
            "--package",
            "muslrepair",
            "--bin",
            "muslrepair",
            "--target",
            triple,
        ]);
        if profile == Profile::Development {
            // Tests wait for the library to run, this build is waited for itself.
            build.env("CARGO_PROFILE_DEV_DEBUG", "0");
            build.args(["--config", "profile.dev.package.muslrepair.opt-level=0"]);
        }
        process::run(&mut build)?;
        let built = target().join(triple).join(results).join("muslrepair");
        // maturin moves the file that cargo built.
        let path = target().join("static").join(triple).join(results).join("muslrepair");
        fs::create_dir_all(path.parent().context("no parent")?)?;
        fs::copy(&built, &path).with_context(|| format!("cannot copy `{}`", built.display()))?;
        Ok(Self { triple: triple.to_owned(), path })
    }

    /// The path of the given program, or of a newly built one.
    pub fn given_or_built(given: Option<&Path>, triple: &str, profile: Profile) -> Result<PathBuf> {
        match given {
            Some(program) => fs::canonicalize(program).with_context(|| program.display().to_string()),
            None => Ok(Self::build(triple, profile)?.path),
        }
    }

    /// Whether it runs on this machine.
    pub fn is_native(&self) -> bool {
        self.triple.starts_with(std::env::consts::ARCH)
    }

    /// Fails if the program needs anything from the system.
    pub fn check(&self) -> Result<()> {
        let elf = Elf::read(&fs::read(&self.path)?)?.context("it is no ELF file")?;
        if elf.interpreter || !elf.needed.is_empty() {
            bail!(
                "`{}` is not static: it has an interpreter, or needs {:?}",
                self.path.display(),
                elf.needed
            );
        }
        println!("{}: no interpreter, no needed libraries", self.triple);
        if self.is_native() { self.check_in_empty_root() } else { Ok(()) }
    }

    /// Repairs a wheel in a root file system with only the program and the wheel: no `/proc`, no `/tmp`, no
    /// `/etc`, no environment. The result must be the same as outside.
    fn check_in_empty_root(&self) -> Result<()> {
        let inside = empty(target().join("empty-root"))?;
        fs::create_dir_all(inside.join("in"))?;
        fs::copy(&self.path, inside.join("muslrepair"))?;
        fs::copy(root().join(DEMO), inside.join("in").join(name(Path::new(DEMO))))?;
        process::run(command("cp").arg("-R").arg(root().join(DEMO_ROOT)).arg(inside.join("sysroot")))?;
        let chroot = process::find("chroot").context("there is no `chroot` on PATH")?;
        let run = |arguments: &[&str]| -> Result<String> {
            let mut run = install::as_root("env")?;
            run.arg("-i").arg(&chroot).arg(&inside).arg("/muslrepair").args(arguments);
            output(&mut run).context("in an empty root file system")
        };
        let version = run(&["--version"])?;
        run(&["repair", "/in", "--sysroot", "/sysroot", "-w", "/out"])?;
        run(&["verify", "/out"])?;

        let outside = empty(target().join("empty-root-reference"))?;
        let mut repair = Command::new(&self.path);
        repair.current_dir(root()).args(["repair", "--quiet", DEMO, "--sysroot", DEMO_ROOT, "-w"]);
        process::run(repair.arg(&outside))?;
        let (one, other) = (only_file(&inside.join("out"))?, only_file(&outside)?);
        if fs::read(&one)? != fs::read(&other)? {
            bail!("`{}` and `{}` differ", one.display(), other.display());
        }
        println!("{} in an empty root file system: repaired and verified {DEMO}", version.trim());
        Ok(())
    }
}
