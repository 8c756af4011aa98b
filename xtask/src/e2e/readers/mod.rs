//! `cargo xtask e2e readers [--archives N] [--seed N] [--program FILE]`: wheels with mistakes in them (10,000 unless told), read by us,
//! by Python's `zipfile`, by a reader of streams, and installed by uv from the file and over HTTP on the loopback
//! interface. What we call sound, all of them must see alike. The same seed makes the same wheels.

mod archive;
mod mutate;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::install;
use crate::process::{cargo, command, root, run as execute, target};

/// The installer that reads most strictly.
const UV: &str = "uv==0.13.8";

/// How many wheels lie on disk at a time.
const BATCH: usize = 500;

/// What `muslrepair verify` says of one wheel.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default)]
    sound: bool,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    severity: String,
}

/// What the other readers say.
#[derive(Deserialize)]
struct Answer {
    read: usize,
    disagreements: Vec<Disagreement>,
}

#[derive(Deserialize)]
struct Disagreement {
    wheel: String,
    reader: String,
    why: String,
}

#[derive(clap::Args)]
pub struct Options {
    /// How many wheels
    #[arg(long, default_value_t = 10_000)]
    archives: usize,
    /// What the mistakes follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program to ask, instead of one built for release
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let (archives, seed) = (options.archives, options.seed);
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            execute(cargo().args(["build", "--quiet", "--release", "--package", "muslrepair"]))?;
            target().join("release/muslrepair")
        }
    };
    let bin = install::python_tools("readers", &[UV])?;
    let work = target().join("e2e/readers");
    let (mut sound, mut read, mut found) = (0, 0, Vec::new());
    for start in (0..archives).step_by(BATCH) {
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        fs::create_dir_all(&work)?;
        for number in start..archives.min(start + BATCH) {
            fs::write(work.join(mutate::file_name(number)), mutate::wheel(seed, number))?;
        }
        let names = accepted(&program, &work)?;
        sound += names.len();
        let answer = others(&bin, &work, &names)?;
        read += answer.read;
        found.extend(answer.disagreements);
    }
    println!("{archives} wheels, seed {seed}: {sound} of them are sound; {read} were read by all others");
    for Disagreement { wheel, reader, why } in &found {
        println!("{wheel}: {reader}: {why}");
    }
    // A check that accepts nothing would find nothing.
    if sound < archives / 20 {
        bail!("only {sound} of {archives} wheels are sound: too few to compare");
    }
    match found.len() {
        0 => Ok(()),
        count => bail!("{count} times another reader sees something else in a wheel that is called sound"),
    }
}

/// The wheels of a directory that are sound, with nothing to say of them but notes.
fn accepted(program: &Path, directory: &Path) -> Result<Vec<String>> {
    let output = command(program).args(["verify", "--format", "json"]).arg(directory).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut names = Vec::new();
    for line in text.lines() {
        let verdict: Verdict =
            serde_json::from_str(line).with_context(|| format!("not a verdict: {line}"))?;
        if verdict.sound && verdict.findings.iter().all(|finding| finding.severity == "note") {
            names.push(verdict.subject.rsplit('/').next().unwrap_or_default().to_owned());
        }
    }
    Ok(names)
}

fn others(bin: &Path, directory: &Path, names: &[String]) -> Result<Answer> {
    let mut readers = command(bin.join("python"));
    readers.arg(root().join("xtask/scripts/readers.py")).args([bin.join("uv"), bin.join("python")]);
    let mut readers = readers.arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    readers.stdin.take().context("no standard input")?.write_all(names.join("\n").as_bytes())?;
    let output = readers.wait_with_output()?;
    if !output.status.success() {
        bail!("readers.py ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
