//! `cargo xtask bench WHAT [OPTION...]`: measurements, each with one command that anyone can run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{command, empty, output, target};

mod batch;
mod growth;
mod large;
mod objects;
mod rows;
mod scale;
mod strip;
mod synthetic;
mod wheels;

#[derive(clap::Subcommand)]
pub enum Bench {
    /// By how much files grow when they are patched, by three programs
    Growth(Options),
    /// What a repair takes as a wheel has more of one thing
    Scale(scale::Options),
    /// `--strip=all` against `llvm-objcopy --strip-all`
    Strip(Options),
    /// The same wheels repaired by muslrepair and by auditwheel, and what the machine would take at least
    Wheels(wheels::Options),
}

/// What those take that measure the patcher.
#[derive(clap::Args)]
pub struct Options {
    /// Wheels, here or in directories below, whose ELF files are measured besides the fixtures
    #[arg(long, value_name = "DIRECTORY")]
    wheels: Option<PathBuf>,
    /// Write the tables into docs/patcher.md
    #[arg(long)]
    write: bool,
}

pub fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Growth(options) => growth::run(&options),
        Bench::Scale(options) => scale::run(&options),
        Bench::Strip(options) => strip::run(&options),
        Bench::Wheels(options) => wheels::run(&options),
    }
}

/// An empty directory for the results of one program.
fn results(tool: &str) -> Result<PathBuf> {
    empty(target().join("bench/out").join(tool))
}

/// `repair` of muslrepair or auditwheel, with their common options; the caller adds the wheels.
fn repair(program: &Path, directory: &Path, ldpaths: &OsStr) -> Command {
    let mut repair = command(program);
    repair.args(["repair", "--wheel-dir"]).arg(directory).arg("--ldpaths").arg(ldpaths);
    repair
}

/// The processor, its number of cores, and the date.
fn machine_and_date() -> Result<String> {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map_or("an unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!("{cores} cores of {name}, {}", output(command("date").args(["-u", "+%F"]))?.trim()))
}
