//! `cargo xtask bench wheels`: the same wheels repaired by muslrepair and by auditwheel alternately, and the
//! minimum time that the machine needs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::ZipArchive;

use super::rows::{Row, markdown, time_line};
use super::{batch, large, repair, results};
use crate::cost::{Cost, numbers};
use crate::dist::HOST;
use crate::e2e::auditwheel;
use crate::e2e::auditwheel::corpus::Case;
use crate::page;
use crate::process::{cargo, command, only_file, output, path_with, run as run_command, target};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    wheels: auditwheel::Corpus,
    /// How often each is repaired; the best time counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Leave out the wheel of 1.5 GB
    #[arg(long)]
    no_large: bool,
    /// Write the tables into docs/performance.md
    #[arg(long)]
    write: bool,
}

/// Options that switch off the work that auditwheel does not do.
const SAME_JOB: [&str; 2] = ["--keep-relr", "--no-sbom"];

pub fn run(options: &Options) -> Result<()> {
    let (bin, program, cases) = options.wheels.prepare("xtask/bench.lock", "bench/corpus")?;
    let bench = Bench { bin, program, limit: limit()?, rounds: options.rounds };
    let mut rows = Vec::new();
    for case in &cases {
        let row = bench.measure(case).with_context(|| case.stem.clone())?;
        println!("{}", time_line(&row).join(" | "));
        rows.push(row);
    }
    rows.sort_by_key(|row| row.unpacked_size);
    let mut parts = vec![batch::measure(&bench.program, &cases, bench.rounds)?];
    if !options.no_large {
        parts.push(large::measure(&bench.program, &bench.bin)?);
    }
    let text = format!("{}\n{}\n", markdown(&rows, bench.rounds)?, parts.join("\n\n"));
    println!("\n{text}");
    if options.write {
        page::replace(page::PERFORMANCE, "wheels", &text)?;
    }
    Ok(())
}

/// `examples/limit.rs`, built with the options of the program. In a separate build, because examples have
/// dependencies that the program lacks.
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
            limit: f64::MAX,
        };
        let repaired = |program: &Path, cost: &mut Cost| -> Result<(PathBuf, u64)> {
            let directory = results(&crate::process::name(program))?;
            let mut repair = repair(program, &directory, &ldpaths);
            *cost = cost.least(Cost::of(repair.arg(&case.wheel).env("PATH", path_with(&[&self.bin])?))?);
            let result = only_file(&directory)?;
            let size = fs::metadata(&result)?.len();
            Ok((result, size))
        };
        // Alternately, so that other load on the machine affects all of them.
        for _ in 0..self.rounds {
            let (result, size) = repaired(&self.program, &mut row.ours)?;
            row.ours_size = size;
            (_, row.theirs_size) = repaired(&self.bin.join("auditwheel"), &mut row.theirs)?;
            let mut limit = command(&self.limit);
            limit.args([&case.wheel, &result, &results("limit")?.join("scratch")]);
            let [wall, _] = numbers(&output(&mut limit)?)?;
            row.limit = row.limit.min(wall);
        }
        Ok(row)
    }

    /// The size of the result without the work that auditwheel does not do, and the number of grafts.
    fn same_job(&self, case: &Case, ldpaths: &OsStr) -> Result<(u64, usize)> {
        let directory = results("same-job")?;
        let mut repair = repair(&self.program, &directory, ldpaths);
        let text = output(repair.args(SAME_JOB).args(["--format", "json"]).arg(&case.wheel))?;
        let outcome: serde_json::Value = serde_json::from_str(&text)?;
        let grafts = outcome["grafts"].as_array().context("the outcome has no list of grafts")?.len();
        Ok((fs::metadata(only_file(&directory)?)?.len(), grafts))
    }
}

/// The number of members of a wheel, and their total size.
fn contents(wheel: &Path) -> Result<(usize, u64)> {
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    let mut sum = 0;
    for index in 0..archive.len() {
        sum += archive.by_index_raw(index)?.size();
    }
    Ok((archive.len(), sum))
}
