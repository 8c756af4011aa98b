//! `cargo xtask coverage`: the lines of `src/` that tests run, by file, and whether they are enough.

use anyhow::{Context, Result, bail};

use crate::install::{self, Distribution};
use crate::process::{command, find, output, run as execute};

const CARGO_LLVM_COV: &str = "0.9.1";

#[derive(clap::Args)]
pub struct Options {
    /// How many percent of the lines have to be run
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0)]
    fail_under: f64,
}

pub fn run(options: &Options) -> Result<()> {
    let tool = install::cargo_tool("cargo-llvm-cov", CARGO_LLVM_COV)?;
    let (profdata, cov) = llvm()?;
    execute(
        command(tool)
            .args(["llvm-cov", "test", "--package", "muslrepair", "--summary-only", "--fail-under-lines"])
            .arg(options.fail_under.to_string())
            // What is not of `src/` is in no crate that is released.
            .args(["--ignore-filename-regex", "/(tests|xtask|examples|benches)/"])
            .env("LLVM_PROFDATA", profdata)
            .env("LLVM_COV", cov),
    )
}

/// The `llvm-profdata` and `llvm-cov` for this compiler: their file format changes between releases of LLVM.
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
