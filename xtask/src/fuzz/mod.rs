//! `cargo xtask fuzz [--minutes N] [TARGET...]`: every fuzz target of `tests/fuzz`, each for N minutes of
//! CPU time (1 unless told), one after the other. Prints executions and coverage; a finding is an error.
//!
//! What is found stays below `target/fuzz`: the corpus, which the next run goes on from, and under
//! `artifacts` the inputs that broke something.

mod seeds;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{command, output, root, run as execute, target};

/// The version of cargo-fuzz that the build below is known to work with.
const CARGO_FUZZ: &str = "0.13.2";

/// A target: its name, what its corpus starts from, and the longest input worth trying.
struct Target {
    name: &'static str,
    seeds: fn() -> Result<Vec<Vec<u8>>>,
    longest: usize,
}

/// Most fixtures are below this; longer ones only make each execution slower.
const OBJECT: usize = 24 << 10;

const TARGETS: &[Target] = &[
    Target { name: "facts", seeds: seeds::objects, longest: OBJECT },
    Target { name: "patch", seeds: seeds::edits, longest: OBJECT },
    Target { name: "relr", seeds: seeds::relr, longest: 4096 },
    Target { name: "filename", seeds: seeds::names, longest: 1024 },
    Target { name: "wheel_info", seeds: seeds::headers, longest: 2048 },
    Target { name: "record", seeds: seeds::records, longest: 2048 },
    Target { name: "zip_directory", seeds: seeds::archives, longest: OBJECT },
    Target { name: "apk_database", seeds: seeds::databases, longest: 4096 },
    Target { name: "end_record", seeds: seeds::edits_of_ends, longest: 128 },
    Target { name: "apk_memory", seeds: seeds::databases, longest: 4096 },
    Target { name: "messages", seeds: seeds::lines, longest: 512 },
    Target { name: "whole_repair", seeds: seeds::repairs, longest: OBJECT },
    Target { name: "deflate", seeds: seeds::streams, longest: 4096 },
];

pub fn run(arguments: &[String]) -> Result<()> {
    let usage = || {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        format!("usage: cargo xtask fuzz [--minutes N] [TARGET...]\ntargets: {}", names.join(" "))
    };
    let mut minutes = 1.0;
    let mut chosen = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--minutes" {
            minutes = rest.next().and_then(|text| text.parse::<f64>().ok()).with_context(usage)?;
        } else {
            chosen.push(TARGETS.iter().find(|target| target.name == *argument).with_context(usage)?);
        }
    }
    if chosen.is_empty() {
        chosen.extend(TARGETS);
    }
    let programs = build()?;
    let mut found = Vec::new();
    println!(
        "{:<14} {:>12} {:>8} {:>8} {:>8} {:>9}",
        "target", "executions", "edges", "corpus", "CPU s", "per s"
    );
    for target in chosen {
        let outcome = fuzz(target, &programs.join(target.name), Duration::from_secs_f64(minutes * 60.0))?;
        println!(
            "{:<14} {:>12} {:>8} {:>8} {:>8.0} {:>9.0}{}",
            target.name,
            outcome.executions,
            outcome.edges,
            outcome.corpus,
            outcome.cpu.as_secs_f64(),
            outcome.executions as f64 / outcome.cpu.as_secs_f64().max(0.001),
            if outcome.finding.is_some() { "  FINDING" } else { "" }
        );
        found.extend(outcome.finding.map(|log| format!("{}: see {log}", target.name)));
    }
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    Ok(())
}

/// Where everything of a run lies.
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
            .current_dir(root())
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    Ok(place("build").join(host).join("release"))
}

/// What came of one target.
#[derive(Default)]
struct Outcome {
    executions: u64,
    edges: u64,
    corpus: u64,
    cpu: Duration,
    /// The log, where something was found.
    finding: Option<String>,
}

/// Fuzzes until the CPU time is used up: wall-clock time says nothing on a machine that is shared. libFuzzer's own
/// limit for one input goes by the clock, so a process that was stopped for a while may run into it: where the input
/// is fast by itself, the rest of the time is used.
fn fuzz(target: &Target, program: &Path, budget: Duration) -> Result<Outcome> {
    let (corpus, seeds) = (place("corpus").join(target.name), place("seeds").join(target.name));
    let artifacts = place("artifacts").join(target.name);
    for directory in [&corpus, &artifacts] {
        std::fs::create_dir_all(directory)?;
    }
    seeds::write(&seeds, (target.seeds)()?)?;
    let prefix = format!("{}/", artifacts.display());
    let log = place(&format!("{}.log", target.name));
    let mut outcome = Outcome::default();
    loop {
        let mut fuzzer = fuzzer(program);
        fuzzer
            .args([&corpus, &seeds])
            .arg(format!("-artifact_prefix={prefix}"))
            .arg(format!("-max_len={}", target.longest))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?);
        let status = until(fuzzer, budget, &mut outcome.cpu)?;
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last = |key: &str| text.lines().rev().find_map(|line| number_after(line, key)).unwrap_or(0);
        outcome.executions += last("stat::number_of_executed_units:");
        outcome.edges = last(" cov:");
        outcome.corpus = last(" corp:");
        let written =
            text.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, file)| file);
        match (status.code(), written) {
            (Some(INTERRUPTED), _) => return Ok(outcome),
            (Some(TIMEOUT), Some(input)) if is_fast(program, input)? => {
                eprintln!("{}: an input took long, and does not by itself; going on", target.name);
                std::fs::remove_file(input)?;
            }
            _ => {
                outcome.finding = Some(log.display().to_string());
                return Ok(outcome);
            }
        }
    }
}

/// libFuzzer's status for having been interrupted.
const INTERRUPTED: i32 = 72;

/// libFuzzer's status for an input that took too long.
const TIMEOUT: i32 = 70;

/// A target's program with the limits that hold for every input.
fn fuzzer(program: &Path) -> Command {
    let mut command = command(program);
    command
        // No input here may take a second; the rest is for a machine under load.
        .args(["-timeout=25", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-print_final_stats=1"])
        // There is nothing to leak, and the check must be allowed to trace the process.
        // Level 1 reports globals of one name and different sizes. Level 2 also reports equal ones, as libdeflate has them: it
        // includes one header several times, and the constants of each are merged.
        .env("ASAN_OPTIONS", "detect_leaks=0:detect_odr_violation=1")
        .env("TMPDIR", memory_or_disk());
    command
}

/// Whether a program gets done with one input.
fn is_fast(program: &Path, input: &str) -> Result<bool> {
    let status = fuzzer(program).arg(input).stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(status.with_context(|| format!("cannot start `{}`", program.display()))?.success())
}

/// Runs a fuzzer until it ends, or has it end when the CPU time, which is counted on from `cpu`, is used up.
fn until(mut fuzzer: Command, budget: Duration, cpu: &mut Duration) -> Result<ExitStatus> {
    let mut child = fuzzer.spawn().with_context(|| format!("cannot start {fuzzer:?}"))?;
    let (started, before) = (Instant::now(), *cpu);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        // Where the system does not tell the CPU time, the clock has to do.
        *cpu = (before + cpu_time(child.id()).unwrap_or_else(|| started.elapsed())).max(*cpu);
        if *cpu >= budget {
            // libFuzzer ends with its statistics on SIGINT.
            execute(command("kill").args(["-INT", &child.id().to_string()]))?;
            return Ok(child.wait()?);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Where targets that write files do so: in memory where that is possible, which is some ten times as fast.
fn memory_or_disk() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn number_after(line: &str, key: &str) -> Option<u64> {
    let rest = line.split_once(key)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// User and system time of a process (proc(5), `stat`, fields 14 and 15, in hundredths of a second).
fn cpu_time(process: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
