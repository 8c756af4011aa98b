//! `cargo xtask dist [OPTION...]`: makes the release in `target/dist`, and checks each part. The program is
//! built without dependencies on the system, which is checked too.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::process::{digest, name, target};

mod archive;
mod bom;
mod program;
mod wheel;

pub use program::{HOST, Profile, Program};
pub use wheel::{TOOLS, build as build_wheel, check as check_wheel};

#[derive(clap::Args)]
pub struct Options {
    /// What to build for; a musl target is built with cargo-zigbuild, and it is run only where it is this machine's
    /// architecture
    #[arg(long, value_name = "TRIPLE", default_value = HOST)]
    target: String,
    /// Leave out the wheel
    #[arg(long)]
    no_wheel: bool,
}

/// The output directory.
pub fn directory() -> PathBuf {
    target().join("dist")
}

pub fn run(options: &Options) -> Result<()> {
    let program = Program::build(&options.target, Profile::Release)?;
    program.check()?;
    fs::create_dir_all(directory())?;
    let mut parts = vec![archive::pack(&program)?, bom::write(&program)?];
    if !options.no_wheel {
        let wheel = wheel::build(&program)?;
        if program.is_native() {
            wheel::check(&wheel)?;
        }
        parts.push(wheel);
    }
    let sums = directory().join(format!("muslrepair-{}-{}.sha256", version(), program.triple));
    // The format that `sha256sum` writes and checks.
    let line = |part: &PathBuf| Ok(format!("{}  {}\n", digest(part)?, name(part)));
    fs::write(&sums, parts.iter().map(line).collect::<Result<String>>()?)?;
    parts.push(sums);
    for part in &parts {
        println!("{:>9} bytes  {}", fs::metadata(part)?.len(), part.display());
    }
    Ok(())
}

/// The version of the package; xtask is in the same workspace and is not released.
fn version() -> String {
    let manifest = fs::read_to_string(crate::process::root().join("Cargo.toml")).unwrap_or_default();
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    line.map_or_else(String::new, |version| version.trim_matches('"').to_owned())
}
