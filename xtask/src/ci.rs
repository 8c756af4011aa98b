//! `cargo xtask ci`: everything that a change has to pass, the same on a developer's machine and in CI.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::install::Distribution;
use crate::process::{self, cargo, command};
use crate::{codegen, e2e, fixtures, fuzz, house, install, test};

/// The spelling checker, as a wheel that contains the program.
const TYPOS: &[&str] = &["typos==1.52.0"];

/// The version of cargo-deny for which `deny.toml` is written.
const CARGO_DENY: &str = "0.20.2";

/// A step: its name, and the check.
type Step = (&'static str, fn() -> Result<()>);

/// Cheap steps come first. The tests come last, so that the output ends with their results.
const STEPS: &[Step] = &[
    ("formatting", || process::run(cargo().args(["fmt", "--all", "--check"]))),
    ("spelling", typos),
    ("fixtures", || fixtures::check()),
    ("rooms and circles", house::run),
    ("generated sources", || codegen::run(&codegen::Options { check: true })),
    ("clippy, all features", || clippy(&["--workspace", "--all-targets", "--all-features"])),
    ("clippy, no features", || clippy(&["--package", "muslrepair", "--lib", "--no-default-features"])),
    ("documentation", documentation),
    ("dependencies", dependencies),
    // Long runs are done by hand.
    ("fuzzing, for a moment", || fuzz::run(&fuzz::Options { minutes: 0.05, targets: Vec::new() })),
    ("from sources to modules imported on musl", ship),
    ("tests", || test::run(&[])),
];

pub fn run() -> Result<()> {
    for (name, check) in STEPS {
        println!("== {name}");
        let start = Instant::now();
        check().with_context(|| format!("ci: {name}"))?;
        println!("== {name}: ok, {} s", start.elapsed().as_secs());
    }
    Ok(())
}

fn clippy(scope: &[&str]) -> Result<()> {
    process::run(cargo().arg("clippy").args(scope).args(["--", "-D", "warnings"]))
}

fn documentation() -> Result<()> {
    process::run(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--all-features", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn typos() -> Result<()> {
    let bin = install::python_tools("typos", TYPOS)?;
    process::run(&mut command(bin.join("typos")))
}

/// Checks licences, banned crates and sources against `deny.toml`. Advisories are not checked, because they
/// change without a change here, and their database is a git repository.
fn dependencies() -> Result<()> {
    process::run(command(install::cargo_tool("cargo-deny", CARGO_DENY)?).args([
        "--all-features",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}

/// musl's CPython, wheels built with it, repaired, installed and imported. The index and other clients are
/// checked by hand.
fn ship() -> Result<()> {
    if install::distribution() != Some(Distribution::Debian) || std::env::consts::ARCH != "x86_64" {
        println!("not here: the Python is built with Debian's musl-gcc, for x86_64");
        return Ok(());
    }
    e2e::run(e2e::Check::Ship { short: true })
}
