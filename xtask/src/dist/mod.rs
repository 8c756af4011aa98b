//! `cargo xtask dist [OPTION...]`: what is released, into `target/dist`, each part checked before it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::process::target;

mod archive;
mod bom;
mod names;
mod program;
mod wheel;

pub use names::Machine;
pub use program::{HOST, Profile, Program};
pub use wheel::{TOOLS, build as build_wheel, check as check_wheel};

const USAGE: &str = "\
usage: cargo xtask dist [--target TRIPLE] [--no-wheel]

Builds the program without any dependency on the system, checks that it has none, and packs it.
  --target TRIPLE  what to build for; a musl target is built with cargo-zigbuild, and it is run only
                   where it is this machine's architecture
  --no-wheel       leave out the wheel";

/// Where everything goes.
pub fn directory() -> PathBuf {
    target().join("dist")
}

pub fn run(arguments: &[String]) -> Result<()> {
    let mut triple = HOST.to_owned();
    let mut with_wheel = true;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--target" => triple = arguments.next().context("`--target` needs a value")?.clone(),
            "--no-wheel" => with_wheel = false,
            _ => bail!("unknown option `{argument}`\n{USAGE}"),
        }
    }
    let machine = Machine::of(&triple)?;
    let program = Program::build(&triple, Profile::Release)?;
    program.check()?;
    fs::create_dir_all(directory())?;
    // What the image is made of: see Dockerfile.
    let image = directory().join("image").join(machine.container);
    fs::create_dir_all(&image)?;
    fs::copy(&program.path, image.join("muslrepair"))?;
    let mut parts = vec![archive::pack(&program)?, bom::write(&program)?];
    if with_wheel {
        let wheel = wheel::build(&program)?;
        if program.is_native() {
            wheel::check(&wheel)?;
        }
        parts.push(wheel);
    }
    let sums = directory().join(format!("{}.sha256", machine.stem(&version())));
    fs::write(&sums, checksums(&parts)?)?;
    parts.push(sums);
    for part in &parts {
        println!("{:>9} bytes  {}", fs::metadata(part)?.len(), part.display());
    }
    Ok(())
}

/// The version of the package; one workspace, and this crate is not released.
fn version() -> String {
    let manifest = fs::read_to_string(crate::process::root().join("Cargo.toml")).unwrap_or_default();
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    line.map_or_else(String::new, |version| version.trim_matches('"').to_owned())
}

/// As `sha256sum` writes and checks them.
fn checksums(files: &[PathBuf]) -> Result<String> {
    let mut text = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        text.push_str(&format!("{}  {name}\n", digest(file)?));
    }
    Ok(text)
}

fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
