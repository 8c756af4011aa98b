//! The recipes that are scripts, configuration files, or workflows of a service.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Kitchen, directory};
use crate::dist::{HOST, Program, build_wheel};
use crate::fixtures;
use crate::image::Root;
use crate::install;
use crate::process::{command, empty, name, only_file, output, path_with, root};

/// The complete tool, for reading its configuration.
const CIBUILDWHEEL: &[&str] = &["cibuildwheel==4.1.0", "PyYAML==6.0.2"];

/// The architecture for the recipes that repair for another one.
const FOREIGN: &str = "aarch64";

impl Kitchen {
    /// A `PATH` that starts with the program and stand-ins for others.
    fn path(&self, stand_ins: &Path) -> Result<OsString> {
        path_with(&[stand_ins, &self.program])
    }

    /// The image with the program, and with the files of the recipe `builder` in a directory.
    pub fn project(&self, name: &str, place: &str) -> Result<Root> {
        let root = self.image.copy_to(&self.work.join(name))?;
        root.put(&self.program.join("muslrepair"), "/usr/local/bin/muslrepair")?;
        for file in ["main.py", "requirements.txt"] {
            root.put(&directory("builder").join(file), &format!("{place}/{file}"))?;
        }
        Ok(root)
    }
}

/// A root file system of the other architecture with the only library that the wheel needs.
fn foreign_sysroot(bench: &Path) -> Result<PathBuf> {
    let sysroot = bench.join("sysroot");
    fs::create_dir_all(sysroot.join("usr/lib"))?;
    let library = root().join("testdata/objects").join(FOREIGN).join("libgreet.so.3");
    fs::copy(library, sysroot.join("usr/lib/libgreet.so.3"))?;
    Ok(sysroot)
}

fn foreign_name(platform: &str) -> String {
    format!("demo-1.0-cp312-cp312-{platform}_{FOREIGN}.whl")
}

fn wheelhouse_has(bench: &Path, wanted: &str) -> Result<()> {
    match name(&only_file(&bench.join("wheelhouse"))?) {
        found if found == wanted => Ok(()),
        found => bail!("in wheelhouse: `{found}`, not `{wanted}`"),
    }
}

pub fn shell(kitchen: &Kitchen) -> Result<()> {
    let root = kitchen.project("shell", "/project")?;
    root.put(&directory("shell").join("repair.sh"), "/project/repair.sh")?;
    root.run("apk add build-base libffi-dev yaml-dev")?;
    output(&mut root.shell("./repair.sh requirements.txt", &kitchen.environment(), "/project")?)?;
    root.run("apk del libffi-dev yaml-dev")?;
    match root.run("python3 /project/main.py")?.trim() {
        "works: true" => Ok(()),
        said => bail!("what was installed says `{said}`"),
    }
}

pub fn cross_arch(kitchen: &Kitchen) -> Result<()> {
    let bench = empty(kitchen.work.join("cross-arch"))?;
    let sysroot = foreign_sysroot(&bench)?;
    let wheel = bench.join(foreign_name("linux"));
    fs::write(&wheel, fixtures::demo_wheel(FOREIGN)?)?;
    let mut script = command(directory("cross-arch").join("repair.sh"));
    script.arg(sysroot).arg(wheel).current_dir(&bench).env("PATH", kitchen.path(&bench)?);
    output(&mut script)?;
    wheelhouse_has(&bench, &foreign_name("musllinux_1_2"))
}

/// Rust's standard library for another target is not available everywhere: a stand-in for maturin checks its
/// arguments and leaves a wheel as maturin would.
pub fn maturin_zig(kitchen: &Kitchen) -> Result<()> {
    let bench = empty(kitchen.work.join("maturin-zig"))?;
    let sysroot = foreign_sysroot(&bench)?;
    let built = bench.join("built.whl");
    fs::write(&built, fixtures::demo_wheel(FOREIGN)?)?;
    let options = "build --release --zig --target aarch64-unknown-linux-musl --compatibility linux \
                   --auditwheel skip --out dist";
    let stand_in = format!(
        "#!/bin/sh\nset -eu\n[ \"$*\" = '{options}' ]\nmkdir -p dist\ncp '{}' 'dist/{}'\n",
        built.display(),
        foreign_name("linux")
    );
    fs::create_dir_all(bench.join("bin"))?;
    fs::write(bench.join("bin/maturin"), stand_in)?;
    output(command("chmod").arg("+x").arg(bench.join("bin/maturin")))?;
    let mut script = command(directory("maturin-zig").join("build.sh"));
    script.arg("aarch64-unknown-linux-musl").arg(sysroot).current_dir(&bench);
    script.env("PATH", kitchen.path(&bench.join("bin"))?);
    output(&mut script)?;
    wheelhouse_has(&bench, &foreign_name("musllinux_1_2"))?;
    // Checks that the real maturin has these options.
    let maturin = install::python_tools("maturin", crate::dist::TOOLS)?.join("maturin");
    let help = output(command(maturin).args(["build", "--help"]))?;
    match options.split(' ').find(|option| option.starts_with("--") && !help.contains(*option)) {
        Some(option) => bail!("maturin has no option `{option}`"),
        None => Ok(()),
    }
}

/// cibuildwheel itself reads the configuration; its commands are then run like it runs them, without the
/// container.
pub fn cibuildwheel(kitchen: &Kitchen) -> Result<()> {
    let bench = empty(kitchen.work.join("cibuildwheel"))?;
    let bin = install::python_tools("cibuildwheel", CIBUILDWHEEL)?;
    fs::copy(directory("cibuildwheel").join("pyproject.toml"), bench.join("pyproject.toml"))?;
    let script = "\
import os, sys
from pathlib import Path
from cibuildwheel.options import CommandLineArguments, compute_options
arguments = CommandLineArguments.defaults()
arguments.package_dir = Path(sys.argv[1])
options = compute_options('linux', arguments, env={})
print(options.build_options('cp313-musllinux_x86_64').repair_command)
";
    let said = output(command(bin.join("python")).args(["-c", script]).arg(&bench))?;
    let line = said.trim();
    println!("   cibuildwheel runs: {line}");
    let wheel = bench.join("demo-1.0-cp312-cp312-linux_x86_64.whl");
    fs::copy(root().join("testdata/wheels/demo").join(wheel.file_name().context("no name")?), &wheel)?;
    fs::create_dir_all(bench.join("wheelhouse"))?;
    let line = line
        .replace("{wheel}", &wheel.display().to_string())
        .replace("{dest_dir}", &bench.join("wheelhouse").display().to_string());
    let mut repair = command("sh");
    // In the recipe the container has the packages; here, the library is in this directory.
    repair.args(["-c", &line]).env("MUSLREPAIR_LD_LIBRARY_PATH", root().join("testdata/rootfs/usr/lib"));
    output(repair.env("PATH", kitchen.path(&bench)?))?;
    wheelhouse_has(&bench, "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl")
}

/// The `run` steps of the workflow, run in the image; the results of `uses` are already present.
pub fn github_actions(kitchen: &Kitchen) -> Result<()> {
    let bin = install::python_tools("cibuildwheel", CIBUILDWHEEL)?;
    let script = "\
import sys, yaml
for step in yaml.safe_load(open(sys.argv[1]))['jobs']['alpine']['steps']:
    if 'run' in step:
        print(step['run'])
";
    let workflow = directory("github-actions").join("wheels.yml");
    let steps = output(command(bin.join("python")).args(["-c", script]).arg(workflow))?;
    let root = kitchen.project("github-actions", "/project")?;
    let program = Program { triple: HOST.to_owned(), path: kitchen.program.join("muslrepair") };
    output(command("cp").arg(build_wheel(&program)?).arg(&kitchen.packages))?;
    for step in steps.lines() {
        println!("   {step}");
        output(&mut root.shell(step, &kitchen.environment(), "/project")?)?;
    }
    let listed = root.run("ls /project/wheelhouse")?;
    if listed.lines().filter(|name| name.ends_with("-musllinux_1_2_x86_64.whl")).count() != 3 {
        bail!("in wheelhouse: {listed}");
    }
    Ok(())
}
