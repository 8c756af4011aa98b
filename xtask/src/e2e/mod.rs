//! `cargo xtask e2e WHAT [OPTION...]`: muslrepair held against published wheels and real loaders, and against
//! everything that can go wrong while it runs.

use anyhow::{Result, bail};

pub mod auditwheel;
mod damage;
mod damaged;
mod dso;
mod faults;
mod fetch;
mod loader;
mod loaders;
mod lock;
mod matrix;
mod newcomer;
mod options;
mod prediction;
mod readers;
mod recipes;
mod repaired;
mod report;
mod rig;
mod server;
mod ship;
mod site;
mod stub;
mod survey;

/// A check: its name, what it is about, and what it does with the arguments after its name.
type Check = (&'static str, &'static str, fn(&[String]) -> Result<()>);

const CHECKS: &[Check] = &[
    ("auditwheel", "the same wheels repaired by auditwheel and by us, side by side", auditwheel::run),
    ("faults", "killed, out of room, two at once: the long form of the tests", faults::run),
    ("loader", "predictions against published wheels under real musl loaders", loader::run),
    ("newcomer", "clone, and the README's two commands, timed", newcomer::run),
    ("readers", "wheels with mistakes: what we call sound, zipfile, streams and uv read alike", readers::run),
    ("recipes", "every file of docs/examples, carried out in root file systems of its own", recipes::run),
    ("ship", "from source distributions to modules imported on musl; --short without indexes", ship::run),
];

pub fn run(arguments: &[String]) -> Result<()> {
    let Some((wanted, rest)) = arguments.split_first() else {
        println!("usage: cargo xtask e2e WHAT [OPTION...]\n");
        for (name, summary, _) in CHECKS {
            println!("  {name:<10} {summary}");
        }
        return Ok(());
    };
    match CHECKS.iter().find(|(name, ..)| name == wanted) {
        Some((_, _, check)) => check(rest),
        None => bail!("no end-to-end check `{wanted}`; `cargo xtask e2e` lists them"),
    }
}
