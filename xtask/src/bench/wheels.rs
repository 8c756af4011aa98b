//! `cargo xtask bench wheels`: the same wheels repaired by muslrepair and by auditwheel, in turns, and what the machine
//! would take at least.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::e2e::auditwheel::TOOLS;
use crate::e2e::auditwheel::corpus::{self, Case};
use crate::install;
use crate::process::{cargo, command, output, root, run as run_command, target};

const PAGE: &str = "docs/performance.md";

const USAGE: &str = "\
usage: cargo xtask bench wheels [--corpus DIR] [--only PATTERN] [--muslrepair FILE] [--rounds N] [--write]

Without --corpus, the published wheels of xtask/auditwheel.lock are turned back into what a builder had.
  --corpus DIR       wheels in DIR/linux/ARCH/NAME.whl, their libraries in DIR/sysroot/ARCH/NAME/{lib,usr/lib}
  --only PATTERN     only wheels with this in their file name
  --muslrepair FILE  this program; without it, one is built
  --rounds N         how often each is repaired; the best time counts [default: 3]
  --write            write the table into docs/performance.md";

struct Options {
    corpus: Option<PathBuf>,
    only: Option<String>,
    muslrepair: Option<PathBuf>,
    rounds: u32,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { corpus: None, only: None, muslrepair: None, rounds: 3, write: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--write" {
                options.write = true;
                continue;
            }
            let value = arguments.next().cloned().with_context(|| format!("`{argument}`?\n{USAGE}"))?;
            match argument.as_str() {
                "--corpus" => options.corpus = Some(std::path::absolute(value)?),
                "--only" => options.only = Some(value),
                "--muslrepair" => options.muslrepair = Some(std::path::absolute(value)?),
                "--rounds" => options.rounds = value.parse::<u32>()?.max(1),
                _ => bail!("unknown option `{argument}`\n{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// What a run took.
#[derive(Clone, Copy, Debug, Serialize)]
struct Cost {
    /// Seconds on the clock.
    wall: f64,
    /// Seconds of processor time, user and system.
    cpu: f64,
    /// The largest resident set, in bytes.
    memory: u64,
}

impl Cost {
    const NONE: Self = Self { wall: f64::MAX, cpu: f64::MAX, memory: u64::MAX };

    fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            memory: self.memory.min(other.memory),
        }
    }
}

#[derive(Debug, Serialize)]
struct Row {
    wheel: String,
    input_size: u64,
    ours: Cost,
    ours_size: u64,
    theirs: Cost,
    theirs_size: u64,
    /// Wall and processor time of the least that has to be done.
    limit: (f64, f64),
}

#[derive(Debug, Serialize)]
struct Report {
    machine: String,
    date: String,
    rows: Vec<Row>,
}

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let bin = install::python_tools("auditwheel", TOOLS)?;
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "muslrepair", "--example", "limit"]);
    if options.muslrepair.is_none() {
        build.args(["--bin", "muslrepair"]);
    }
    run_command(build.env("CARGO_TARGET_DIR", target()))?;
    let program = options.muslrepair.clone().unwrap_or_else(|| target().join("release/muslrepair"));
    let mut cases = match &options.corpus {
        Some(directory) => corpus::read(directory)?,
        None => corpus::make(&bin)?,
    };
    cases.retain(|case| options.only.as_ref().is_none_or(|pattern| case.stem.contains(pattern)));
    let bench = Bench { bin, program, rounds: options.rounds };
    let mut rows = Vec::new();
    for case in &cases {
        rows.push(bench.measure(case).with_context(|| case.stem.clone())?);
        println!("{}", rows.last().map(line).unwrap_or_default());
    }
    if rows.is_empty() {
        bail!("no wheels to repair");
    }
    rows.sort_by_key(|row| row.input_size);
    let report = Report { machine: machine(), date: output(command("date").args(["-u", "+%F"]))?, rows };
    let page = page(&report);
    println!("\n{page}");
    let path = target().join("bench/wheels.json");
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(&path, serde_json::to_string_pretty(&report)?)?;
    println!("wrote {}", path.display());
    if options.write {
        fs::write(root().join(PAGE), page)?;
        println!("wrote {PAGE}");
    }
    Ok(())
}

struct Bench {
    bin: PathBuf,
    program: PathBuf,
    rounds: u32,
}

impl Bench {
    fn measure(&self, case: &Case) -> Result<Row> {
        let ldpaths = case.ldpaths()?;
        let mut row = Row {
            wheel: case.stem.clone(),
            input_size: fs::metadata(&case.wheel)?.len(),
            ours: Cost::NONE,
            ours_size: 0,
            theirs: Cost::NONE,
            theirs_size: 0,
            limit: (f64::MAX, f64::MAX),
        };
        // In turns, so that whatever else the machine does falls on all of them.
        for _ in 0..self.rounds {
            let ours = results("muslrepair")?;
            let arguments = |directory: &Path| {
                let texts = ["repair", "--wheel-dir"].map(OsStr::new);
                let values =
                    [directory.as_os_str(), OsStr::new("--ldpaths"), &*ldpaths, case.wheel.as_os_str()];
                texts.into_iter().chain(values).map(OsStr::to_owned).collect::<Vec<_>>()
            };
            row.ours = row.ours.least(self.cost(&self.program, &arguments(&ours))?);
            let repaired = only_file(&ours)?;
            row.ours_size = fs::metadata(&repaired)?.len();
            let theirs = results("auditwheel")?;
            row.theirs = row.theirs.least(self.cost(&self.bin.join("auditwheel"), &arguments(&theirs))?);
            row.theirs_size = fs::metadata(only_file(&theirs)?)?.len();
            let limit = output(command(target().join("release/examples/limit")).args([
                &case.wheel,
                &repaired,
                &results("limit")?.join("scratch"),
            ]))?;
            let [wall, cpu] = numbers(&limit)?;
            row.limit = (row.limit.0.min(wall), row.limit.1.min(cpu));
        }
        Ok(row)
    }

    fn cost(&self, program: &Path, arguments: &[std::ffi::OsString]) -> Result<Cost> {
        /// Rust's library has no `wait4`. What starts the program is as large as Python, so no less than that is seen.
        const WAIT: &str = "import os, sys, time\n\
            start = time.perf_counter()\n\
            quiet = [(os.POSIX_SPAWN_OPEN, fd, '/dev/null', os.O_WRONLY, 0) for fd in (1, 2)]\n\
            child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)\n\
            _, status, usage = os.wait4(child, 0)\n\
            print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)\n\
            sys.exit(status != 0)";
        let path = std::env::join_paths([&*self.bin, Path::new("/usr/bin"), Path::new("/bin")])?;
        let text =
            output(command("python3").args(["-c", WAIT]).arg(program).args(arguments).env("PATH", path))?;
        let [wall, cpu, kibibytes] = numbers(&text)?;
        Ok(Cost { wall, cpu, memory: kibibytes as u64 * 1024 })
    }
}

fn numbers<const N: usize>(text: &str) -> Result<[f64; N]> {
    let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
    numbers?.try_into().ok().with_context(|| format!("not {N} numbers: {text}"))
}

/// An empty directory.
fn results(tool: &str) -> Result<PathBuf> {
    let directory = target().join("bench/out").join(tool);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(directory)?.next().context("nothing was written")??;
    Ok(entry.path())
}

fn line(row: &Row) -> String {
    format!(
        "| {} | {:.1} | {:.3} | {:.2} | {:.3} | {:.0}x | {:.3} | {:.2} | {:.0}x | {:.0} | {:.0} | {:.3} |",
        row.wheel,
        row.input_size as f64 / 1e6,
        row.ours.wall,
        row.theirs.wall,
        row.limit.0,
        row.theirs.wall / row.ours.wall,
        row.ours.cpu,
        row.theirs.cpu,
        row.theirs.cpu / row.ours.cpu,
        row.ours.memory as f64 / 1e6,
        row.theirs.memory as f64 / 1e6,
        row.ours_size as f64 / row.theirs_size as f64,
    )
}

fn page(report: &Report) -> String {
    let mut page = format!(
        "# Performance\n\nWritten by `cargo xtask bench wheels --write` on {}, on {}.\n\n\
        Published wheels, turned back into what a builder had, are repaired by muslrepair and by auditwheel 6.8.2 with\n\
        patchelf 0.19.3, in turns; the best of the runs counts. `limit` is the least that has to be done: read, inflate and\n\
        hash every member, deflate those that are new or different, write, on all cores, with nothing decided or patched.\n\
        It deflates members that muslrepair splices, so muslrepair can be below it. Times are seconds, sizes MB; `size`\n\
        is our result divided by auditwheel's.\n\n",
        report.date.trim(),
        report.machine,
    );
    page.push_str("| wheel | MB | wall | auditwheel | limit | faster | CPU | auditwheel | less | peak | auditwheel | size |\n");
    page.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in &report.rows {
        let _ = writeln!(page, "{}", line(row));
    }
    let mut ratios: Vec<f64> = report.rows.iter().map(|row| row.theirs.wall / row.ours.wall).collect();
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    let least = ratios.first().copied().unwrap_or_default();
    let _ = writeln!(page, "\nIn the median {median:.0} times as fast, {least:.0} times at least.");
    page
}

/// The processor, and how many cores of it there are.
fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {}", name.map_or("an unknown processor", |(_, name)| name))
}
