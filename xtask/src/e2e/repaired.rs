//! `muslrepair repair` on published wheels that no musl older than 1.2.4 can load because of `DT_RELR`: the result loads
//! there, and muslrepair knows it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::rig::Rig;
use super::site::Site;
use super::survey::{Load, Survey};
use crate::process::{command, target};
use crate::workers;

/// The last release that ignores `DT_RELR`, and one that does not.
const OLD: &str = "1.2.3";
const NEW: &str = "1.2.5";

/// What became of one wheel.
#[derive(Debug)]
pub struct Repair {
    /// The file name of the wheel as it is published.
    pub wheel: String,
    pub result: Verdict,
}

/// Whether repair did what it is for.
#[derive(Debug)]
pub enum Verdict {
    /// So many modules load on the old release, of which so many did not before.
    Loads { modules: usize, before: usize },
    /// It was not repaired, rightly: it loads on no release.
    Refused(String),
    /// What is wrong, one sentence each.
    Wrong(Vec<String>),
}

/// Repairs and loads them.
pub fn check(rig: &Rig, sites: &[Site], survey: &Survey) -> Result<Vec<Repair>> {
    let program = rig.program.as_deref().context("there is no program to repair with")?;
    let candidates: Vec<&Site> = sites.iter().filter(|site| site.has_relr()).collect();
    let results = workers::each(&candidates, |site| repair(program, site))?;
    let mut repairs = Vec::new();
    let mut repaired = Vec::new();
    for (site, result) in candidates.into_iter().zip(results) {
        match result {
            Ok(wheel) => repaired.push((site, wheel)),
            Err(message) => {
                let loads = survey.loads.iter().any(|load| of(load, site, NEW) && load.loaded());
                let result = match loads {
                    true => Verdict::Wrong(vec![format!("it was not repaired: {message}")]),
                    false => Verdict::Refused(message),
                };
                repairs.push(Repair { wheel: site.file.clone(), result });
            }
        }
    }
    let new_sites = workers::each(&repaired, |(_, wheel)| Site::unpack(wheel))?;
    let after = rig.survey(&new_sites)?;
    for ((site, _), new) in repaired.iter().zip(&new_sites) {
        repairs.push(Repair { wheel: site.file.clone(), result: judge(site, new, survey, &after) });
    }
    repairs.sort_by(|a, b| a.wheel.cmp(&b.wheel));
    Ok(repairs)
}

/// Repairs a wheel into a directory of its own; what the program says if it does not.
fn repair(program: &Path, site: &Site) -> Result<Result<PathBuf, String>> {
    let directory = target().join("e2e/repaired").join(&site.file);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    // Everything but zlib is in the wheel, so no library of this machine may be looked at.
    let output = command(program)
        .args(["repair", "--published", "fix", "--no-system-paths", "--wheel-dir"])
        .arg(&directory)
        .arg(&site.wheel)
        .output()?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let mut results = fs::read_dir(&directory)?;
    match (results.next().transpose()?, results.next()) {
        (Some(result), None) => Ok(Ok(result.path())),
        _ => bail!("`muslrepair repair` did not make one wheel of `{}`", site.file),
    }
}

fn of(load: &Load, site: &Site, release: &str) -> bool {
    load.wheel == site.file && load.release == release && load.artefact.is_none()
}

/// Compares the loads of a wheel before and after.
fn judge(old: &Site, new: &Site, before: &Survey, after: &Survey) -> Verdict {
    let mut wrong = Vec::new();
    if new.has_relr() {
        wrong.push(format!("`{}` still has DT_RELR", new.file));
    }
    wrong.extend(after.complaints.iter().filter(|complaint| complaint.starts_with(&new.file)).cloned());
    for load in after.loads.iter().filter(|load| load.wheel == new.file && load.disagrees()) {
        wrong.push(load.sentence());
    }
    let loads = |survey: &Survey, site, release, member: &str| {
        survey.loads.iter().any(|load| of(load, site, release) && load.member == member && load.loaded())
    };
    let (mut modules, mut count) = (0, 0);
    for load in before.loads.iter().filter(|load| of(load, old, NEW) && load.loaded()) {
        modules += usize::from(loads(after, new, OLD, &load.member));
        count += usize::from(loads(before, old, OLD, &load.member));
        for release in [OLD, NEW] {
            if !loads(after, new, release, &load.member) {
                wrong.push(format!("`{}` does not load on musl {release} after repair", load.member));
            }
        }
    }
    match wrong.is_empty() {
        true => Verdict::Loads { modules, before: count },
        false => Verdict::Wrong(wrong),
    }
}

/// Prints what became of each; returns how many things are wrong.
pub fn tell(repairs: &[Repair]) -> usize {
    let mut count = 0;
    println!("\nrepaired, because of DT_RELR:");
    for repair in repairs {
        match &repair.result {
            Verdict::Loads { modules, before } => {
                println!("  {}: {modules} modules load on musl {OLD}, {before} did before", repair.wheel);
            }
            Verdict::Refused(message) => println!("  {}: refused: {message}", repair.wheel),
            Verdict::Wrong(sentences) => {
                count += sentences.len();
                for sentence in sentences {
                    println!("  {}: WRONG: {sentence}", repair.wheel);
                }
            }
        }
    }
    count
}
