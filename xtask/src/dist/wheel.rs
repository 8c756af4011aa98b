//! The wheel: the same static program, for glibc and for musl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Program, archive, directory, version};
use crate::install;
use crate::process::{command, empty, name, only_file, output, run, target};

/// The tools that build the wheel, set its tags and check it.
pub const TOOLS: &[&str] = &["maturin==1.16.0", "wheel==0.45.1", "twine==7.0.0"];

/// A static program runs with any libc, so it gets the oldest tags that installers and indexes know.
fn platforms(arch: &str) -> String {
    let mut tags = vec![format!("manylinux_2_17_{arch}")];
    // The tag from before PEP 600 exists only for the architectures of its time.
    if arch != "riscv64" {
        tags.push(format!("manylinux2014_{arch}"));
    }
    tags.push(format!("musllinux_1_1_{arch}"));
    tags.join(".")
}

/// The wheel of this program.
pub fn build(program: &Program) -> Result<PathBuf> {
    let bin = install::python_tools("maturin", TOOLS)?;
    let out = empty(directory().join("wheel"))?;
    let mut build = command(bin.join("maturin"));
    build.args(["build", "--release", "--quiet", "--target", &program.triple]);
    // We set the tags: maturin derives the libc from the target, which is wrong for a static program.
    build.args(["--compatibility", "linux", "--auditwheel", "skip", "--out"]).arg(&out);
    build.env("SOURCE_DATE_EPOCH", archive::time());
    if program.triple.ends_with("-gnu") {
        build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    } else {
        build.arg("--zig");
    }
    run(&mut build)?;
    let built = only_file(&out)?;
    let name = name(&built);
    let arch = name
        .strip_suffix(".whl")
        .and_then(|name| name.rsplit_once("-linux_"))
        .map(|(_, arch)| arch.to_owned())
        .with_context(|| format!("`{name}` is not tagged for linux"))?;
    let mut tag = command(bin.join("wheel"));
    tag.env("SOURCE_DATE_EPOCH", archive::time());
    output(tag.args(["tags", "--remove", "--platform-tag", &platforms(&arch)]).arg(&built))?;
    let tagged = only_file(&out)?;
    run(command(bin.join("twine")).args(["check", "--strict"]).arg(&tagged))?;
    let kept = directory().join(tagged.file_name().unwrap_or_default());
    fs::rename(&tagged, &kept)?;
    Ok(kept)
}

/// Installs the wheel into a new environment of this machine's Python, and runs the program in both ways.
pub fn check(wheel: &Path) -> Result<()> {
    let environment = target().join("dist-environment");
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let bin = environment.join("bin");
    run(command(bin.join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-index"])
        .arg(wheel))?;
    let expected = format!("muslrepair {}", version());
    let direct = output(Command::new(bin.join("muslrepair")).arg("--version"))?;
    let module = output(Command::new(bin.join("python")).args(["-m", "muslrepair", "--version"]))?;
    for said in [direct, module] {
        if said.trim() != expected {
            bail!("the installed program calls itself `{}`, not `{expected}`", said.trim());
        }
    }
    println!("{}: installed, and both ways to call it work", wheel.display());
    Ok(())
}
