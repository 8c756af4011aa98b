//! The bill of materials of the program itself: every crate that is linked into it, by cargo-cyclonedx.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{Program, archive, directory, version};
use crate::install;
use crate::process::{command, root, run};

const CARGO_CYCLONEDX: &str = "0.5.9";

/// Writes the bill as CycloneDX.
pub fn write(program: &Program) -> Result<PathBuf> {
    let tool = install::cargo_tool("cargo-cyclonedx", CARGO_CYCLONEDX)?;
    let mut cyclonedx = command(tool);
    cyclonedx.args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.4", "--no-build-deps"]);
    cyclonedx.args(["--target", &program.triple, "--override-filename", "bill"]);
    run(cyclonedx.env("SOURCE_DATE_EPOCH", archive::time()))?;
    let bill = fs::read_to_string(root().join("bill.json"))?;
    // It writes one beside each manifest of the workspace; and the place of the sources, which are nobody's business.
    for made in ["bill.json", "xtask/bill.json"] {
        fs::remove_file(root().join(made))?;
    }
    let path = directory().join(format!("muslrepair-{}-{}.cdx.json", version(), program.triple));
    fs::write(&path, bill.replace(&root().display().to_string(), "/muslrepair"))?;
    Ok(path)
}
