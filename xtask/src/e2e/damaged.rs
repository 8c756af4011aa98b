//! Loading wheels that were broken on purpose.

use std::fs;

use anyhow::Result;

use super::damage::Damage;
use super::rig::Rig;
use super::site::Site;
use super::survey::Survey;
use crate::workers;

/// Larger wheels say no more, and take longer to unpack in every state.
const LARGEST: u64 = 2_000_000;

/// The wheels that were damaged in one way.
#[derive(Debug)]
pub struct Damaged {
    pub damage: Damage,
    /// How many wheels can be damaged so.
    pub wheels: usize,
    pub survey: Survey,
}

impl Damaged {
    /// How many loads failed, and of how many.
    pub fn failed(&self) -> (usize, usize) {
        let loaded = self.survey.loads.iter().filter(|load| load.loaded()).count();
        (self.survey.loads.len() - loaded, self.survey.loads.len())
    }
}

/// Damages the small ones of these wheels in every way, and loads them.
pub fn check(rig: &Rig, sites: &[Site]) -> Result<Vec<Damaged>> {
    let mut small = Vec::new();
    for site in sites {
        if fs::metadata(&site.wheel)?.len() <= LARGEST {
            small.push(site);
        }
    }
    let mut all = Vec::new();
    for damage in Damage::ALL {
        let wheels: Vec<_> =
            workers::each(&small, |site| damage.wheel(site))?.into_iter().flatten().collect();
        let broken = workers::each(&wheels, |wheel| Site::unpack(wheel))?;
        let survey = rig.survey(&broken)?;
        all.push(Damaged { damage: *damage, wheels: wheels.len(), survey });
    }
    Ok(all)
}

/// Prints what became of them; returns how many things are wrong.
pub fn tell(all: &[Damaged]) -> usize {
    println!("\nbroken on purpose:");
    for damaged in all {
        let (failed, of) = damaged.failed();
        println!("  {}: {} wheels, {failed} of {of} loads fail", damaged.damage.name(), damaged.wheels);
        for complaint in &damaged.survey.complaints {
            println!("    WRONG: {complaint}");
        }
        for load in damaged.survey.disagreements() {
            println!("    WRONG: {}", load.sentence());
        }
    }
    all.iter().map(|damaged| damaged.survey.wrong()).sum()
}
