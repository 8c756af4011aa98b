//! Repairs published wheels that no musl before 1.2.4 can load because of `DT_RELR`: the result must load
//! there, and muslrepair must predict that.

use anyhow::Result;

use super::site::Site;
use super::survey::{Load, Rig, Survey};
use crate::process::{command, empty, only_file, target};
use crate::workers;

/// The last release that ignores `DT_RELR`, and one that does not.
const OLD: &str = "1.2.3";
const NEW: &str = "1.2.5";

/// The result for one wheel.
#[derive(Debug, Default)]
pub struct Repair {
    /// The file name of the published wheel.
    pub wheel: String,
    /// The number of modules that load on the old release, before and after.
    pub before: usize,
    pub after: usize,
    /// Whether it was rightly not repaired, because it loads on no release.
    pub refused: bool,
    /// The problems, one sentence each.
    pub wrong: Vec<String>,
}

/// Repairs the wheels that have `DT_RELR`, and loads the results.
pub fn check(rig: &Rig, sites: &[Site], survey: &Survey) -> Result<Vec<Repair>> {
    let candidates: Vec<&Site> = sites.iter().filter(|site| site.has_relr()).collect();
    workers::each(&candidates, |site| {
        let directory = empty(target().join("e2e/repaired").join(&site.file))?;
        // Everything but zlib is in the wheel, so no library of this machine may be used.
        let mut repair = command(&rig.program);
        repair
            .args(["repair", "--published", "fix", "--no-system-paths", "--wheel-dir"])
            .arg(&directory)
            .arg(&site.wheel);
        let output = repair.output()?;
        if output.status.success() {
            let new = Site::unpack(&only_file(&directory)?)?;
            return Ok(judge(site, &new, survey, &rig.survey(std::slice::from_ref(&new))?));
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let mut repair = Repair { wheel: site.file.clone(), refused: true, ..Repair::default() };
        if survey.of(&site.file).any(|load| load.release == NEW && load.loaded()) {
            repair.wrong.push(format!("{}: it was not repaired: {said}", site.file));
        }
        Ok(repair)
    })
}

/// Compares the loads of a wheel before and after.
fn judge(old: &Site, new: &Site, before: &Survey, after: &Survey) -> Repair {
    let mut repair = Repair { wheel: old.file.clone(), wrong: after.wrong(), ..Repair::default() };
    if new.has_relr() {
        repair.wrong.push(format!("`{}` still has DT_RELR", new.file));
    }
    let loads = |survey: &Survey, site: &Site, release, module: &Load| {
        let mut loads = survey.of(&site.file);
        loads.any(|load| load.release == release && load.member == module.member && load.loaded())
    };
    for module in before.of(&old.file).filter(|load| load.release == NEW && load.loaded()) {
        repair.before += usize::from(loads(before, old, OLD, module));
        repair.after += usize::from(loads(after, new, OLD, module));
        for release in [OLD, NEW].into_iter().filter(|release| !loads(after, new, release, module)) {
            let (file, member) = (&old.file, &module.member);
            repair.wrong.push(format!("{file}: `{member}` does not load on musl {release} after repair"));
        }
    }
    repair
}
