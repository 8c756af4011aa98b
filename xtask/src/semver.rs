//! `cargo xtask semver [--baseline-rev REVISION]`: checks that the version number matches the changes to the
//! library's public interface since the last release, or since a revision.

use anyhow::Result;

use crate::install;
use crate::process::{command, run as execute};

const CARGO_SEMVER_CHECKS: &str = "0.51.0";

pub fn run(arguments: &[String]) -> Result<()> {
    let tool = install::cargo_tool("cargo-semver-checks", CARGO_SEMVER_CHECKS)?;
    execute(command(tool).args(["semver-checks", "--package", "muslrepair"]).args(arguments))
}
