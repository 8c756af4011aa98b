//! `cargo xtask fuzz [--minutes N] [TARGET...]`: every fuzz target of `tests/fuzz`, each for N minutes of CPU time, one
//! after the other. Prints executions and coverage; a finding is an error.
//!
//! What is found stays below `target/fuzz`: the corpus, which the next run goes on from, and under
//! `artifacts` the inputs that broke something.

mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cost;
use crate::install;
use crate::process::{command, empty, output, run as execute, target};

/// The version of cargo-fuzz that the build below is known to work with.
const CARGO_FUZZ: &str = "0.13.2";

/// A target: its name, what its corpus starts from, and the longest input worth trying.
type Target = (&'static str, fn() -> Result<Vec<Vec<u8>>>, usize);

/// Most fixtures are below this; longer ones only make each execution slower.
const OBJECT: usize = 24 << 10;

const TARGETS: &[Target] = &[
    ("facts", seeds::objects, OBJECT),
    ("patch", seeds::edits, OBJECT),
    ("relr", seeds::relr, 4096),
    ("filename", seeds::names, 1024),
    ("wheel_info", seeds::headers, 2048),
    ("record", seeds::records, 2048),
    ("zip_directory", seeds::archives, OBJECT),
    ("apk_database", seeds::databases, 4096),
    ("whole_repair", seeds::repairs, OBJECT),
    ("deflate", seeds::streams, 4096),
];

#[derive(clap::Args)]
pub struct Options {
    /// Minutes of CPU time for each target
    #[arg(long, default_value_t = 1.0)]
    pub minutes: f64,
    /// Only these targets
    #[arg(value_parser = TARGETS.iter().map(|(name, ..)| *name).collect::<Vec<_>>())]
    pub targets: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let programs = build()?;
    let mut found = Vec::new();
    println!("{:<14} {:>12} {:>8} {:>8} {:>8}", "target", "executions", "edges", "corpus", "CPU s");
    for target in TARGETS {
        if options.targets.is_empty() || options.targets.iter().any(|name| name == target.0) {
            found.extend(fuzz(target, &programs.join(target.0), options.minutes * 60.0)?);
        }
    }
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    Ok(())
}

/// Where everything of a run is.
fn place(kind: &str) -> PathBuf {
    target().join("fuzz").join(kind)
}

/// Builds all targets and returns the directory they are in. The sanitizer flags are unstable, so the stable
/// compiler is told to take them.
fn build() -> Result<PathBuf> {
    let cargo_fuzz = install::cargo_tool("cargo-fuzz", CARGO_FUZZ)?;
    let host = output(command("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    execute(
        command(cargo_fuzz)
            .args(["fuzz", "build", "--fuzz-dir", "tests/fuzz", "--target", host, "--target-dir"])
            .arg(place("build"))
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    Ok(place("build").join(host).join("release"))
}

/// libFuzzer's status for an input that took too long.
const TIMEOUT: i32 = 70;

/// Fuzzes until the CPU time is used up, prints a line about it, and returns the finding. libFuzzer's limits go by the clock,
/// which says nothing on a machine that is shared: it is started again while there is CPU time left, and an input that took
/// too long is tried alone.
fn fuzz(&(name, seeds, longest): &Target, program: &Path, budget: f64) -> Result<Option<String>> {
    let (corpus, artifacts) = (place("corpus").join(name), place("artifacts").join(name));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let first = empty(place("seeds").join(name))?;
    for (index, seed) in seeds()?.into_iter().enumerate() {
        fs::write(first.join(format!("{index:04}")), seed)?;
    }
    let (mut executions, mut edges, mut size, mut cpu) = (0, 0, 0, 0.0);
    let mut finding = None;
    while cpu < budget && finding.is_none() {
        let mut fuzzer = fuzzer(program);
        fuzzer.args([&corpus, &first]).arg(format!("-artifact_prefix={}/", artifacts.display()));
        fuzzer.arg(format!("-max_len={longest}")).arg(format!("-max_total_time={}", (budget - cpu).ceil()));
        let run = cost::run(&fuzzer, 0)?.context("a fuzzer was ended")?;
        cpu += run.cost.cpu;
        let last = |key| run.said.lines().rev().find_map(|line| number_after(line, key)).unwrap_or(0);
        executions += last("stat::number_of_executed_units:");
        (edges, size) = (last(" cov:"), last(" corp:"));
        let written = run.said.lines().find_map(|line| line.split_once("Test unit written to "));
        match (run.status, written) {
            (0, _) => {}
            (TIMEOUT, Some((_, input)))
                if cost::run(self::fuzzer(program).arg(input), 0)?.is_some_and(|run| run.status == 0) =>
            {
                eprintln!("{name}: an input took long, and does not by itself; going on");
                fs::remove_file(input)?;
            }
            _ => {
                let log = place(&format!("{name}.log"));
                fs::write(&log, &run.said)?;
                finding = Some(format!("{name}: see {}", log.display()));
            }
        }
    }
    let mark = if finding.is_some() { "  FINDING" } else { "" };
    println!("{name:<14} {executions:>12} {edges:>8} {size:>8} {cpu:>8.0}{mark}");
    Ok(finding)
}

/// A target's program with the limits that hold for every input.
fn fuzzer(program: &Path) -> Command {
    let mut command = command(program);
    command
        // No input here may take a second; the rest is for a machine under load.
        .args(["-timeout=25", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-print_final_stats=1"])
        // There is nothing to leak, and the check must be allowed to trace the process.
        // Level 1 reports globals of one name and different sizes. Level 2 also reports equal ones, as libdeflate has them: it
        // includes one header several times, and the constants of each are merged.
        .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=1");
    // Where targets that write files do so: in memory where that is possible, which is some ten times as fast.
    if Path::new("/dev/shm").is_dir() {
        command.env("TMPDIR", "/dev/shm");
    }
    command
}

fn number_after(line: &str, key: &str) -> Option<u64> {
    let rest = line.split_once(key)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
