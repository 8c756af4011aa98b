//! `cargo xtask fuzz [--minutes N] [TARGET...]`: runs every fuzz target of `tests/fuzz` for N minutes of CPU
//! time, one after the other. Prints executions and coverage; a finding is an error.
//!
//! The results stay below `target/fuzz`: the corpus, with which the next run continues, and the failing
//! inputs in `artifacts`.

mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cost;
use crate::install;
use crate::process::{command, empty, output, run as execute, target};

/// The version of cargo-fuzz that works with the build below.
const CARGO_FUZZ: &str = "0.13.2";

/// A target: its name, its initial corpus, and the longest useful input.
type Target = (&'static str, fn() -> Result<Vec<Vec<u8>>>, usize);

/// Most fixtures are smaller; larger ones only make each execution slower.
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
    ("end_record", seeds::edits_of_ends, 128),
    ("apk_memory", seeds::databases, 4096),
    ("messages", seeds::lines, 512),
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
    let programs = build(options.minutes)?;
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

/// The directory for one kind of files of a run.
fn place(kind: &str) -> PathBuf {
    target().join("fuzz").join(kind)
}

/// Builds all targets and returns their directory. The sanitizer flags are unstable, so the stable compiler
/// has to be told to accept them.
fn build(minutes: f64) -> Result<PathBuf> {
    let cargo_fuzz = install::cargo_tool("cargo-fuzz", CARGO_FUZZ)?;
    let host = output(command("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let mut build = command(cargo_fuzz);
    build
        .args(["fuzz", "build", "--fuzz-dir", "tests/fuzz", "--target", host, "--target-dir"])
        .arg(place("build"))
        .env("RUSTC_BOOTSTRAP", "1");
    if minutes < 1.0 {
        // For a moment's run, the build is most of the time.
        build.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    }
    execute(&mut build)?;
    Ok(place("build").join(host).join("release"))
}

/// libFuzzer's exit status for an input that took too long.
const TIMEOUT: i32 = 70;

/// Fuzzes until the CPU time is used up, prints a line of results, and returns the finding. libFuzzer's
/// limits use wall time, which is meaningless on a shared machine: it is restarted while there is CPU time
/// left, and an input that took too long is tried alone.
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

/// The program of a target, with limits for every input.
fn fuzzer(program: &Path) -> Command {
    let mut command = command(program);
    command
        // No input takes a second; the rest allows for a loaded machine.
        .args(["-timeout=25", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-print_final_stats=1"])
        // Nothing can leak, and the leak check would have to trace the process. Level 1 reports globals with
        // the same name and different sizes. Level 2 would also report equal ones, as in libdeflate, which
        // includes one header several times.
        .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=1");
    // The directory for targets that write files: in memory if possible, which is about ten times as fast.
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
