//! `cargo xtask coverage [--fail-under PERCENT]`: which lines of `src/` the tests run, and whether they are enough.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::install::{self, Distribution};
use crate::process::{command, find, output, root, run as execute, target};

/// The version of cargo-llvm-cov.
const CARGO_LLVM_COV: &str = "0.9.1";

/// What is asked for unless told otherwise.
const ENOUGH: f64 = 90.0;

/// What `llvm-cov export` says, as far as it is read here.
#[derive(Deserialize)]
struct Report {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Lines,
}

#[derive(Deserialize, Default, Clone, Copy)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Lines {
    fn percent(self) -> f64 {
        100.0 * self.covered as f64 / self.count.max(1) as f64
    }
}

pub fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let enough = match arguments[..] {
        [] => ENOUGH,
        ["--fail-under", percent] => percent.parse().context("a percentage is wanted")?,
        _ => bail!("usage: cargo xtask coverage [--fail-under PERCENT]"),
    };
    let tool = install::cargo_tool("cargo-llvm-cov", CARGO_LLVM_COV)?;
    let (profdata, cov) = llvm()?;
    let json = target().join("coverage.json");
    execute(
        command(tool)
            .args([
                "llvm-cov",
                "test",
                "--package",
                "muslrepair",
                "--json",
                "--summary-only",
                "--output-path",
            ])
            .arg(&json)
            .env("LLVM_PROFDATA", profdata)
            .env("LLVM_COV", cov),
    )?;
    let report: Report = serde_json::from_str(&std::fs::read_to_string(&json)?)?;
    let source = root().join("src");
    let mut rooms: BTreeMap<String, Lines> = BTreeMap::new();
    let mut all = Lines::default();
    for file in report.data.iter().flat_map(|data| &data.files) {
        let Ok(path) = std::path::Path::new(&file.filename).strip_prefix(&source) else { continue };
        let room = path.components().next().map(|room| room.as_os_str().to_string_lossy().into_owned());
        for sum in [rooms.entry(room.unwrap_or_default()).or_default(), &mut all] {
            sum.count += file.summary.lines.count;
            sum.covered += file.summary.lines.covered;
        }
    }
    println!("{:<14} {:>8} {:>8} {:>7}", "src/", "lines", "covered", "%");
    for (room, lines) in &rooms {
        println!("{room:<14} {:>8} {:>8} {:>7.1}", lines.count, lines.covered, lines.percent());
    }
    println!("{:<14} {:>8} {:>8} {:>7.1}", "all", all.count, all.covered, all.percent());
    if all.percent() < enough {
        bail!("{:.1} % of the lines are covered, wanted are {enough} %", all.percent());
    }
    Ok(())
}

/// `llvm-profdata` and `llvm-cov` that read what this compiler writes: the file format changes between releases of LLVM.
fn llvm() -> Result<(String, String)> {
    let version = output(command("rustc").arg("-vV"))?;
    let version = version.lines().find_map(|line| line.strip_prefix("LLVM version: "));
    let major = version.and_then(|version| version.split('.').next()).context("rustc names no LLVM")?;
    let tool = |name: &str| format!("{name}-{major}");
    let (profdata, cov) = (tool("llvm-profdata"), tool("llvm-cov"));
    if find(&profdata).is_none() && install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, &[&tool("llvm")])?;
    }
    if find(&profdata).is_none() || find(&cov).is_none() {
        bail!("`{profdata}` and `{cov}` are needed; the package is called `{}`", tool("llvm"));
    }
    Ok((profdata, cov))
}
