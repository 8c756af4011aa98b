//! `cargo xtask bench wheels`: the same wheels repaired by muslrepair and by auditwheel, in turns, and what the machine
//! would take at least.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

use super::batch;
use super::cost::{Cost, machine_and_date, numbers, only_file, repair, results};
use super::large;
use super::page;
use super::rows::{Report, Row};
use crate::dist::{HOST, Profile, Program};
use crate::e2e::auditwheel::TOOLS;
use crate::e2e::auditwheel::corpus::{self, Case};
use crate::install;
use crate::process::{cargo, command, output, run as run_command, target};

const USAGE: &str = "\
usage: cargo xtask bench wheels [--corpus DIR] [--only PATTERN] [--muslrepair FILE] [--rounds N] [--no-large] [--write]

Without --corpus, the published wheels of xtask/bench.lock are turned back into what a builder had.
  --corpus DIR       wheels in DIR/linux/ARCH/NAME.whl, their libraries in DIR/sysroot/ARCH/NAME/{lib,usr/lib}
  --only PATTERN     only wheels with this in their file name
  --muslrepair FILE  this program; without it, the static one that `cargo xtask dist` packs is built
  --rounds N         how often each is repaired; the best time counts [default: 3]
  --no-large         leave out the wheel of 1.5 GB
  --write            write the tables into docs/performance.md";

/// What auditwheel does not do.
const SAME_JOB: [&str; 2] = ["--keep-relr", "--no-sbom"];

struct Options {
    corpus: Option<PathBuf>,
    only: Option<String>,
    muslrepair: Option<PathBuf>,
    rounds: u32,
    large: bool,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options =
            Self { corpus: None, only: None, muslrepair: None, rounds: 3, large: true, write: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--write" => options.write = true,
                "--no-large" => options.large = false,
                _ => {
                    let value =
                        arguments.next().cloned().with_context(|| format!("`{argument}`?\n{USAGE}"))?;
                    match argument.as_str() {
                        "--corpus" => options.corpus = Some(std::path::absolute(value)?),
                        "--only" => options.only = Some(value),
                        "--muslrepair" => options.muslrepair = Some(std::path::absolute(value)?),
                        "--rounds" => options.rounds = value.parse::<u32>()?.max(1),
                        _ => bail!("unknown option `{argument}`\n{USAGE}"),
                    }
                }
            }
        }
        Ok(options)
    }
}

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let bin = install::python_tools("auditwheel", TOOLS)?;
    let program = program(options.muslrepair.as_deref())?;
    let mut cases = match &options.corpus {
        Some(directory) => corpus::read(directory)?,
        None => corpus::make(&bin, "xtask/bench.lock", &target().join("bench/corpus"))?,
    };
    cases.retain(|case| options.only.as_ref().is_none_or(|pattern| case.stem.contains(pattern)));
    if cases.is_empty() {
        bail!("no wheels to repair");
    }
    let path = std::env::join_paths([&*bin, Path::new("/usr/bin"), Path::new("/bin")])?;
    let bench = Bench { bin, program, limit: limit()?, path, rounds: options.rounds };
    let mut rows = Vec::new();
    for case in &cases {
        let row = bench.measure(case).with_context(|| case.stem.clone())?;
        println!("{}", row.time_line());
        rows.push(row);
    }
    rows.sort_by_key(|row| row.unpacked_size);
    let batch = Some(batch::measure(&bench.program, &cases, bench.rounds, &bench.path)?);
    let large =
        if options.large { Some(large::measure(&bench.program, &bench.bin, &bench.path)?) } else { None };
    let (machine, date) = machine_and_date()?;
    let report = Report { machine, date, rounds: bench.rounds, rows, batch, large };
    let text = report.markdown();
    println!("\n{text}");
    let path = target().join("bench/wheels.json");
    fs::write(&path, serde_json::to_string_pretty(&report)?)?;
    println!("wrote {}", path.display());
    if options.write {
        page::write(page::PERFORMANCE, "wheels", &text)?;
    }
    report.large.as_ref().map_or(Ok(()), large::Large::check)
}

/// The program as it is released.
pub fn program(given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(program) => Ok(program.to_owned()),
        None => Ok(Program::build(HOST, Profile::Release)?.path),
    }
}

/// `examples/limit.rs`, built as the program is. A build of its own: examples bring in what the program does not need.
fn limit() -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "muslrepair", "--example", "limit"]);
    build.args(["--target", HOST]).env("RUSTFLAGS", "-C target-feature=+crt-static");
    run_command(build.env("CARGO_TARGET_DIR", target()))?;
    Ok(target().join(HOST).join("release/examples/limit"))
}

struct Bench {
    bin: PathBuf,
    program: PathBuf,
    limit: PathBuf,
    path: OsString,
    rounds: u32,
}

impl Bench {
    fn measure(&self, case: &Case) -> Result<Row> {
        let ldpaths = case.ldpaths()?;
        let (members, unpacked_size) = contents(&case.wheel)?;
        let (same_job_size, grafts) = self.same_job(case, &ldpaths)?;
        let mut row = Row {
            wheel: case.stem.clone(),
            members,
            input_size: fs::metadata(&case.wheel)?.len(),
            unpacked_size,
            grafts,
            ours: Cost::NONE,
            ours_size: 0,
            same_job_size,
            theirs: Cost::NONE,
            theirs_size: 0,
            limit: (f64::MAX, f64::MAX),
        };
        // In turns, so that whatever else the machine does falls on all of them.
        for _ in 0..self.rounds {
            let ours = results("muslrepair")?;
            let arguments = |directory: &Path| repair(directory, &ldpaths, &[case.wheel.as_os_str()]);
            row.ours = row.ours.least(Cost::of(&self.program, &arguments(&ours), &self.path)?);
            let repaired = only_file(&ours)?;
            row.ours_size = fs::metadata(&repaired)?.len();
            let theirs = results("auditwheel")?;
            let auditwheel = self.bin.join("auditwheel");
            row.theirs = row.theirs.least(Cost::of(&auditwheel, &arguments(&theirs), &self.path)?);
            row.theirs_size = fs::metadata(only_file(&theirs)?)?.len();
            let limit = output(command(&self.limit).args([
                &case.wheel,
                &repaired,
                &results("limit")?.join("scratch"),
            ]))?;
            let [wall, cpu] = numbers(&limit)?;
            row.limit = (row.limit.0.min(wall), row.limit.1.min(cpu));
        }
        Ok(row)
    }

    /// The size of the result without what auditwheel does not do, and how many libraries were grafted.
    fn same_job(&self, case: &Case, ldpaths: &OsStr) -> Result<(u64, usize)> {
        let directory = results("same-job")?;
        let mut rest = SAME_JOB.map(OsStr::new).to_vec();
        rest.extend([OsStr::new("--format"), OsStr::new("json"), case.wheel.as_os_str()]);
        let text = output(command(&self.program).args(repair(&directory, ldpaths, &rest)))?;
        let outcome: serde_json::Value = serde_json::from_str(&text)?;
        let grafts = outcome["grafts"].as_array().context("the outcome has no list of grafts")?.len();
        Ok((fs::metadata(only_file(&directory)?)?.len(), grafts))
    }
}

/// How many members a wheel has, and their sizes together.
fn contents(wheel: &Path) -> Result<(usize, u64)> {
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    let mut sum = 0;
    for index in 0..archive.len() {
        sum += archive.by_index_raw(index)?.size();
    }
    Ok((archive.len(), sum))
}
