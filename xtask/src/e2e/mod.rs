//! `cargo xtask e2e WHAT [OPTION...]`: what muslrepair says, held against published wheels and real loaders.

use anyhow::{Result, bail};

mod damage;
mod damaged;
mod dso;
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

pub fn run(arguments: &[String]) -> Result<()> {
    match arguments.split_first() {
        Some((what, rest)) if what == "loader" => loader::run(rest),
        Some((what, _)) => bail!("no end-to-end check `{what}`; there is `loader`"),
        None => bail!("which end-to-end check? There is `loader`"),
    }
}
