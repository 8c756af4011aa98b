//! `docs/cli.md`, from the program itself.

use anyhow::{Result, bail};

use crate::process::{cargo, output};

pub fn generate() -> Result<String> {
    let mut run = cargo();
    run.args(["run", "--quiet", "--package", "muslrepair", "--", "reference"]);
    let text = output(&mut run)?;
    if !text.starts_with("# ") {
        bail!("`muslrepair reference` prints no Markdown");
    }
    Ok(text)
}
