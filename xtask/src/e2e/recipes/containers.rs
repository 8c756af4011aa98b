//! The recipes that are Dockerfiles.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::build::{Build, Stage};
use super::dockerfile::{Instruction, parse};
use super::{Kitchen, PASSWORD, USER, directory};
use crate::dist::HOST;
use crate::image;
use crate::install;
use crate::process::{command, output, root, run as run_command, target};

impl Kitchen {
    fn build(
        &self,
        name: &str,
        arguments: &[(&'static str, &str)],
        secrets: &[(&'static str, &'static str)],
    ) -> Result<BTreeMap<String, Stage>> {
        Build {
            image: &self.image,
            program: &self.program,
            context: &directory(name),
            work: self.work.join(name),
            arguments: self.arguments(arguments),
            secrets: secrets.iter().copied().collect(),
            environment: self.environment(),
        }
        .run()
    }
}

fn stage<'a>(stages: &'a BTreeMap<String, Stage>, name: &str) -> Result<&'a Stage> {
    stages.get(name).with_context(|| format!("no stage `{name}`"))
}

fn starts(stages: &BTreeMap<String, Stage>, expected: &str) -> Result<()> {
    let said = stage(stages, "runtime")?.start()?;
    if said.trim() != expected {
        bail!("the runtime stage says `{}`, not `{expected}`", said.trim());
    }
    Ok(())
}

/// The names of the files of a stage's directory.
fn files(stage: &Stage, inside: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(stage.root.path(inside))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

pub fn builder(kitchen: &Kitchen) -> Result<()> {
    let stages = kitchen.build("builder", &[], &[])?;
    starts(&stages, "works: true")?;
    let wheels = files(stage(&stages, "wheels")?, "/")?;
    println!("   FROM scratch: {}", wheels.join(" "));
    if wheels.len() != 4 || !wheels.iter().all(|name| name.ends_with(".whl") && !name.contains("-linux_")) {
        bail!("the stage for export should have three wheels, pycparser, and nothing else");
    }
    Ok(())
}

pub fn private_index(kitchen: &Kitchen) -> Result<()> {
    // What `pip install twine` takes, from the index as everything else.
    let bin = install::python_tools("sources", super::ship::SOURCES)?;
    let twine = kitchen.work.join("twine");
    if !twine.is_dir() {
        run_command(
            command(bin.join("pip"))
                .args(["download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"])
                .args(["--platform=musllinux_1_2_x86_64", "--platform=musllinux_1_1_x86_64"])
                .args(["--python-version=3.11", "twine==7.0.0", "--dest"])
                .arg(&twine),
        )?;
    }
    run_command(command("cp").arg("-a").arg(twine.join(".")).arg(&kitchen.packages))?;
    let own = kitchen.work.join("own-packages");
    image::remove(&own)?;
    fs::create_dir_all(&own)?;
    let server = super::pypiserver_of(&own, &kitchen.work.join("own-index.log"))?;
    let stages = kitchen.build(
        "private-index",
        &[("INDEX_UPLOAD_URL", &server.url()), ("INDEX_URL", &format!("{}simple/", server.url()))],
        &[("twine_username", USER), ("twine_password", PASSWORD)],
    )?;
    starts(&stages, "works: True")
}

pub fn unbundled(kitchen: &Kitchen) -> Result<()> {
    let stages = kitchen.build("unbundled", &[], &[])?;
    let list = fs::read_to_string(stage(&stages, "builder")?.root.path("/runtime-packages"))?;
    if list.lines().collect::<Vec<_>>() != ["so:libffi.so.8", "so:libyaml-0.so.2"] {
        bail!("what is needed at run time: {list}");
    }
    starts(&stages, "works: true")
}

pub fn wheel_image(kitchen: &Kitchen) -> Result<()> {
    let arguments = [("MODULE", "cffi"), ("VERSION", "1.17.1"), ("PACKAGES", "libffi-dev")];
    let stages = kitchen.build("wheel-image", &arguments, &[])?;
    let (bundled, unbundled) =
        (files(stage(&stages, "bundled")?, "/")?, files(stage(&stages, "unbundled")?, "/")?);
    println!("   bundled: {}\n   unbundled: {}", bundled.join(" "), unbundled.join(" "));
    if !bundled.iter().any(|name| name.ends_with("-musllinux_1_2_x86_64.whl"))
        || !unbundled.iter().any(|name| name.ends_with("-linux_x86_64.whl"))
    {
        bail!("each image should have wheels of its own kind");
    }
    // The script, with a stand-in for docker that prints its arguments.
    let mut script = command(directory("wheel-image").join("build.sh"));
    script.args(["cffi", "1.17.1", "libffi-dev"]);
    script.env("REGISTRY", "registry.example.com").env("DOCKER", "echo").env("PYTHONS", "3.13");
    let said = output(&mut script)?;
    for expected in [
        "--target bundled --build-arg PYTHON=3.13 --build-arg MODULE=cffi --build-arg VERSION=1.17.1",
        "--tag registry.example.com/python-musl-wheels:cffi1.17.1-py3.13",
        "--tag registry.example.com/python-alpine-wheels:cffi1.17.1-py3.13",
    ] {
        if !said.contains(expected) {
            bail!("build.sh does not call docker with `{expected}` but:\n{said}");
        }
    }
    Ok(())
}

pub fn home_assistant(kitchen: &Kitchen) -> Result<()> {
    let stages = kitchen.build("home-assistant", &[], &[])?;
    let wheels = files(stage(&stages, "builder")?, "/usr/src/wheels")?;
    println!("   {}", wheels.join(" "));
    let native = wheels.iter().filter(|name| !name.ends_with("-none-any.whl"));
    // What the builder itself asks of a name: one tag, with versions of one digit.
    let good =
        |name: &&String| name.ends_with("-musllinux_1_2_x86_64.whl") && name.matches("linux").count() == 1;
    if native.clone().count() != 3 || !native.clone().all(|name| good(&name)) {
        bail!("not what the builder expects");
    }
    Ok(())
}

/// Our own image: what it copies is enough to build the program with the command it has, and the program alone is enough
/// for its last stage. The image of Rust is stood in for by this machine's.
pub fn own_image(kitchen: &Kitchen) -> Result<()> {
    let source = kitchen.work.join("Dockerfile-source");
    image::remove(&source)?;
    fs::create_dir_all(&source)?;
    let last = kitchen.work.join("Dockerfile-scratch");
    image::remove(&last)?;
    fs::create_dir_all(&last)?;
    let mut entry = Vec::new();
    for instruction in parse(&fs::read_to_string(root().join("Dockerfile"))?)? {
        match instruction {
            Instruction::Copy { from: None, sources, .. } => copy(&sources, &source)?,
            Instruction::Run { script, .. } if script.starts_with("cargo ") => {
                let mut build = command("sh");
                build.args(["-ec", &script]).current_dir(&source).env("CARGO_TARGET_DIR", target());
                build.env("CARGO_BUILD_TARGET", HOST).env("RUSTFLAGS", "-C target-feature=+crt-static");
                run_command(&mut build)?;
            }
            Instruction::Copy { from: Some(_), sources, destination } => {
                if sources != ["/src/target/release/muslrepair"] || destination != "/muslrepair" {
                    bail!("`COPY --from` is not what is expected here");
                }
                let program = target().join(HOST).join("release/muslrepair");
                fs::copy(program, last.join("muslrepair"))?;
            }
            Instruction::Entrypoint(words) => entry = words,
            _ => {}
        }
    }
    let mut start = install::as_root("chroot")?;
    let said = output(start.arg(&last).args(entry).arg("--version"))?;
    println!("   FROM scratch: {}", said.trim());
    Ok(())
}

/// Copies files and directories of the repository.
fn copy(paths: &[String], to: &Path) -> Result<()> {
    paths.iter().try_for_each(|path| run_command(command("cp").arg("-a").arg(root().join(path)).arg(to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::cargo;

    #[test]
    fn what_the_image_copies_has_all_that_cargo_toml_names() {
        let source = target().join("tmp/Dockerfile-source");
        image::remove(&source).unwrap();
        fs::create_dir_all(&source).unwrap();
        for instruction in parse(&fs::read_to_string(root().join("Dockerfile")).unwrap()).unwrap() {
            if let Instruction::Copy { from: None, sources, .. } = instruction {
                copy(&sources, &source).unwrap();
            }
        }
        // Fetches nothing, as everything is there, but reads the manifests as a build does.
        let mut fetch = cargo();
        fetch.args(["fetch", "--locked", "--offline", "--target", HOST]);
        run_command(fetch.current_dir(&source)).unwrap();
        image::remove(&source).unwrap();
    }
}
