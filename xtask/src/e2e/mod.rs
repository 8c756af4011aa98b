//! `cargo xtask e2e WHAT [OPTION...]`: checks muslrepair with published wheels and real loaders, and with
//! failures while it runs.

use anyhow::Result;

use crate::process::{cargo, run as execute};

pub mod auditwheel;
mod damage;
mod loader;
mod loaders;
mod newcomer;
mod published;
mod readers;
mod recipes;
mod repaired;
mod report;
mod server;
mod ship;
mod site;
mod stub;
mod survey;
mod unbundle;

#[derive(clap::Subcommand)]
pub enum Check {
    /// Repair the same wheels with auditwheel and with muslrepair, and compare the results
    Auditwheel(auditwheel::Corpus),
    /// Kill it, fill the disk, run it twice at once: the long form of the tests
    Faults {
        /// How often it is killed
        #[arg(long, default_value_t = 500)]
        kills: u32,
    },
    /// Hold predictions for published wheels against real musl loaders
    Loader(loader::Options),
    /// Clone the repository, and type the README's two commands
    Newcomer,
    /// Repair current wheels of the package index: those that load keep their hashes, another one is fixed
    Published,
    /// Hold wheels with mistakes in them against zipfile, a reader of streams, and uv
    Readers(readers::Options),
    /// Carry out every file of docs/examples in root file systems of its own
    Recipes {
        /// Only these
        names: Vec<String>,
    },
    /// From source distributions to modules imported on musl
    Ship {
        /// Without indexes: pip installs from a directory
        #[arg(long)]
        short: bool,
    },
    /// Unbundle published wheels beside roots that fit and that do not, and load the results
    Unbundle(unbundle::Options),
}

pub fn run(check: Check) -> Result<()> {
    match check {
        Check::Auditwheel(options) => auditwheel::run(&options),
        Check::Faults { kills } => execute(
            cargo()
                .args(["test", "--package", "muslrepair", "--test", "faults", "--", "--nocapture"])
                .env("MUSLREPAIR_KILLS", kills.to_string()),
        ),
        Check::Loader(options) => loader::run(&options),
        Check::Newcomer => newcomer::run(),
        Check::Published => published::run(),
        Check::Readers(options) => readers::run(&options),
        Check::Recipes { names } => recipes::run(&names),
        Check::Ship { short } => ship::run(short),
        Check::Unbundle(options) => unbundle::run(&options),
    }
}
