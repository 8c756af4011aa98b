//! `cargo xtask e2e loader`: what muslrepair predicts about a wheel is what the musl loader does.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::loaders::{Loader, Outcome};
use super::lock::Lock;
use super::matrix::{self, Matrix};
use super::options::Options;
use super::report::{self, Results};
use super::rig::Rig;
use super::site::Site;
use super::stub::Stub;
use super::survey::Survey;
use super::{damaged, fetch, prediction, repaired};
use crate::install::{self, Distribution};
use crate::workers;

/// The compilers of the stand-ins.
const DEBIAN: &[&str] = &["musl", "musl-tools", "gcc", "python3-venv"];

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    if install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, DEBIAN)?;
    }
    let lock = Lock::read()?;
    let wheels = wheels(&options, &lock)?;
    let program = match (&options.muslrepair, options.observe) {
        (_, true) => None,
        (Some(program), _) => Some(fs::canonicalize(program).context("`--muslrepair`")?),
        (None, _) => Some(prediction::program()?),
    };
    let start = Instant::now();
    let sites = workers::each(&wheels, |wheel| Site::unpack(wheel))?;
    let stub = Stub::build(&sites)?;
    let loaders = Loader::all(&stub)?;
    let rig = Rig { program, loaders, stub, lock };
    let survey = rig.survey(&sites)?;
    if options.observe {
        observed(&survey);
        return Ok(());
    }
    let matrices = Matrix::count(&survey.loads);
    tell(&survey, &matrices);
    let mut wrong = survey.wrong();
    let mut repairs = None;
    if options.repaired {
        let results = repaired::check(&rig, &sites, &survey)?;
        wrong += repaired::tell(&results);
        repairs = Some(results);
    }
    let mut damaged = None;
    if options.damaged {
        let results = damaged::check(&rig, &sites)?;
        wrong += damaged::tell(&results);
        damaged = Some(results);
    }
    if options.is_whole() {
        report::write(&Results {
            date: options.date.as_deref(),
            sites: &sites,
            survey: &survey,
            matrices: &matrices,
            repairs: repairs.as_deref(),
            damaged: damaged.as_deref(),
        })?;
    }
    println!("{} wheels in {} s", sites.len(), start.elapsed().as_secs());
    if wrong > 0 {
        bail!("{wrong} disagreements between muslrepair and musl's loader");
    }
    Ok(())
}

/// The wheels that are asked for.
fn wheels(options: &Options, lock: &Lock) -> Result<Vec<PathBuf>> {
    let wheels = match &options.wheels {
        None => {
            let wanted: Vec<_> =
                lock.wheels.iter().filter(|wheel| options.wants(&wheel.file)).cloned().collect();
            fetch::wheels(&wanted)?
        }
        Some(directory) => {
            let mut found = Vec::new();
            for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
                let path = entry?.path();
                if is_wheel(&path) && options.wants(&path.to_string_lossy()) {
                    found.push(path);
                }
            }
            found.sort();
            found
        }
    };
    if wheels.is_empty() {
        bail!("there is no such wheel");
    }
    // Commands run at the top of the repository, wherever this one was started.
    wheels.iter().map(|wheel| fs::canonicalize(wheel).with_context(|| wheel.display().to_string())).collect()
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

/// Prints every disagreement, what was left out, and the counts.
fn tell(survey: &Survey, matrices: &[Matrix]) {
    for complaint in &survey.complaints {
        println!("{complaint}");
    }
    for load in survey.disagreements() {
        println!("{}", load.sentence());
    }
    for load in &survey.loads {
        if let Some(reason) = &load.artefact {
            println!("not counted: {}\n  because {reason}", load.sentence());
        }
    }
    println!("\n{}", matrix::table(matrices));
    for matrix in matrices {
        let (agree, of) = matrix.agreement();
        println!(
            "musl {}: {agree} of {of} loads as predicted, {} not counted",
            matrix.release, matrix.artefacts
        );
    }
}

/// Prints the failures only.
fn observed(survey: &Survey) {
    for load in &survey.loads {
        if let Outcome::Failed(why) = &load.outcome {
            println!("{} `{}` on musl {}: {why}", load.wheel, load.member, load.release);
        }
    }
    let loaded = survey.loads.iter().filter(|load| load.loaded()).count();
    println!("{loaded} of {} loads succeeded", survey.loads.len());
}
