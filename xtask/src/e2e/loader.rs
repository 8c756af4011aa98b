//! `cargo xtask e2e loader`: compares muslrepair's predictions about wheels with the musl loader.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::loaders::Loader;
use super::report::{self, Results};
use super::site::Site;
use super::stub::Stub;
use super::survey::Rig;
use super::{damage, repaired};
use crate::dist::{HOST, Profile, Program};
use crate::install::{self, Distribution};
use crate::process::{target, wheels};
use crate::{published, workers};

/// The compilers for the stand-ins.
const DEBIAN: &[&str] = &["musl", "musl-tools", "gcc", "python3-venv"];

#[derive(clap::Args)]
pub struct Options {
    /// The wheels of this directory instead of those of xtask/wheels.lock
    #[arg(long, value_name = "DIRECTORY")]
    wheels: Option<PathBuf>,
    /// Only wheels with this in their file name
    #[arg(long)]
    only: Option<String>,
    /// Also repair the wheels that have DT_RELR, and load the results
    #[arg(long)]
    repaired: bool,
    /// Also break small wheels in several ways, and load the results
    #[arg(long)]
    damaged: bool,
    /// Ask this program instead of building one
    #[arg(long, value_name = "FILE")]
    muslrepair: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    if install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, DEBIAN)?;
    }
    let wheels = chosen(options)?;
    let program = Program::given_or_built(options.muslrepair.as_deref(), HOST, Profile::Release)?;
    let start = Instant::now();
    let sites = workers::each(&wheels, |wheel| Site::unpack(wheel))?;
    let stub = Stub::build(&sites)?;
    let rig = Rig { program, loaders: Loader::all(&stub)?, stub };
    let survey = rig.survey(&sites)?;
    let repairs = if options.repaired { repaired::check(&rig, &sites, &survey)? } else { Vec::new() };
    let damaged = if options.damaged { damage::check(&rig, &sites)? } else { Vec::new() };
    let results = Results { sites: &sites, survey: &survey, repairs: &repairs, damaged: &damaged };
    println!("{}", report::page(&results));
    // Only the complete check updates the page.
    if options.wheels.is_none() && options.only.is_none() && options.repaired && options.damaged {
        crate::page::write("docs/loader-check.md", &report::page(&results))?;
    }
    println!("{} wheels in {} s", sites.len(), start.elapsed().as_secs());
    let wrong = results.wrong();
    if !wrong.is_empty() {
        bail!("{} disagreements between muslrepair and musl's loader:\n{}", wrong.len(), wrong.join("\n"));
    }
    Ok(())
}

/// The requested wheels.
fn chosen(options: &Options) -> Result<Vec<PathBuf>> {
    let only = options.only.as_deref();
    let Some(directory) = &options.wheels else {
        let wheels = published::fetch("xtask/wheels.lock", &target().join("e2e/wheels"), only)?;
        return Ok(wheels.into_iter().map(|wheel| wheel.path).collect());
    };
    // Commands run at the top of the repository, so the path must be absolute.
    let mut found = wheels(&directory.canonicalize().with_context(|| directory.display().to_string())?)?;
    found.retain(|wheel| only.is_none_or(|pattern| wheel.to_string_lossy().contains(pattern)));
    if found.is_empty() {
        bail!("there is no such wheel");
    }
    Ok(found)
}
