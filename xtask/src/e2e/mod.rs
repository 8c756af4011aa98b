//! `cargo xtask e2e WHAT [OPTION...]`: muslrepair held against published wheels and real loaders, and against
//! everything that can go wrong while it runs.

use anyhow::{Result, bail};

mod auditwheel;
mod damage;
mod damaged;
mod dso;
mod faults;
mod fetch;
mod loader;
mod loaders;
mod lock;
mod matrix;
mod options;
mod prediction;
mod repaired;
mod report;
mod rig;
mod site;
mod stub;
mod survey;
mod workers;

/// The checks there are.
const CHECKS: &str = "`loader`, `auditwheel` and `faults`";

pub fn run(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((what, rest)) if what == "loader" => loader::run(rest),
        Some((what, rest)) if what == "auditwheel" => auditwheel::run(rest),
        Some((what, rest)) if what == "faults" => faults::run(rest),
        Some((what, _)) => bail!("no end-to-end check `{what}`; there are {CHECKS}"),
        None => bail!("which end-to-end check? There are {CHECKS}"),
    }
}
