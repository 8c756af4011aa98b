//! What muslrepair says of a wheel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{self, cargo, command, target};

/// What is held against the loader.
#[derive(Debug)]
pub struct Prediction {
    /// For each module, by its path in the wheel, the musl releases on which it loads.
    pub modules: BTreeMap<String, Vec<String>>,
    /// Whether there is nothing to say against the wheel.
    pub sound: bool,
}

/// The part of the document of `muslrepair verify --format json` that is read here.
#[derive(Debug, Deserialize)]
struct Document {
    modules: Vec<Module>,
    sound: bool,
}

#[derive(Debug, Deserialize)]
struct Module {
    path: String,
    loads_on: Vec<String>,
}

/// The program under test, built as it is released.
pub fn program() -> Result<PathBuf> {
    process::run(cargo().args([
        "build",
        "--quiet",
        "--release",
        "--package",
        "muslrepair",
        "--bin",
        "muslrepair",
    ]))?;
    Ok(target().join("release/muslrepair"))
}

/// Asks `muslrepair verify` about one wheel.
pub fn of(program: &Path, wheel: &Path) -> Result<Prediction> {
    // Its exit status says whether the wheel is good, which is not the question here.
    let output = command(program)
        .args(["verify", "--format", "json"])
        .arg(wheel)
        .output()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let document: Document = serde_json::from_slice(&output.stdout).with_context(|| {
        format!("`muslrepair verify` says nothing usable about `{}`: {}", wheel.display(), said())
    })?;
    let modules = document.modules.into_iter().map(|module| (module.path, module.loads_on)).collect();
    Ok(Prediction { modules, sound: document.sound })
}
