//! Loads every module of every wheel with every loader, after asking muslrepair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::loaders::Loader;
use super::site::Site;
use super::stub::Stub;
use crate::process::command;
use crate::workers;

/// The loaders, the stand-ins around a module, and the program whose predictions are checked.
pub struct Rig {
    pub program: PathBuf,
    pub loaders: Vec<Loader>,
    pub stub: Stub,
}

/// One module with one loader.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The wheel's file name.
    pub wheel: String,
    /// The module's path in the wheel.
    pub member: String,
    /// The musl release.
    pub release: &'static str,
    /// Whether muslrepair predicts that it loads; `None` if it does not mention the module.
    pub predicted: Option<bool>,
    /// The reason, if it did not load.
    pub failure: Option<String>,
}

impl Load {
    pub fn loaded(&self) -> bool {
        self.failure.is_none()
    }

    /// Whether the prediction was wrong.
    pub fn disagrees(&self) -> bool {
        self.predicted != Some(self.loaded())
    }

    /// The prediction as a word.
    pub fn word(&self) -> &'static str {
        match self.predicted {
            Some(true) => "loads",
            Some(false) => "fails",
            None => "nothing",
        }
    }

    fn sentence(&self) -> String {
        let outcome = self.failure.as_ref().map_or("loads".to_owned(), |why| format!("fails: {why}"));
        let (wheel, member, release, predicted) = (&self.wheel, &self.member, self.release, self.word());
        format!("{wheel} `{member}` on musl {release}: predicted: {predicted}; it {outcome}")
    }
}

/// All loads.
#[derive(Debug, Default)]
pub struct Survey {
    pub loads: Vec<Load>,
    /// Problems of a wheel's prediction other than single loads.
    pub complaints: Vec<String>,
}

impl Survey {
    /// The loads of one wheel.
    pub fn of<'a>(&'a self, wheel: &'a str) -> impl Iterator<Item = &'a Load> {
        self.loads.iter().filter(move |load| load.wheel == wheel)
    }

    /// All wrong predictions, one sentence each.
    pub fn wrong(&self) -> Vec<String> {
        let loads = self.loads.iter().filter(|load| load.disagrees()).map(Load::sentence);
        self.complaints.iter().cloned().chain(loads).collect()
    }
}

/// The parts of the document of `muslrepair verify --format json` that are used here.
#[derive(Deserialize)]
struct Prediction {
    modules: Vec<Module>,
    sound: bool,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    loads_on: Vec<String>,
}

impl Rig {
    /// Asks about every wheel, and loads all modules with a prediction and all other extension modules.
    pub fn survey(&self, sites: &[Site]) -> Result<Survey> {
        let predictions = workers::each(sites, |site| self.ask(&site.wheel))?;
        let mut survey = Survey::default();
        let mut jobs = Vec::new();
        for (site, (modules, _)) in sites.iter().zip(&predictions) {
            let is_loaded = |member: &&String| {
                site.objects.get(*member).is_some_and(|object| {
                    !object.is_program() && (object.extension || modules.contains_key(*member))
                })
            };
            let members: BTreeSet<&String> = site.objects.keys().filter(is_loaded).collect();
            if members.is_empty() {
                survey.complaints.push(format!("{}: no module in it", site.file));
            }
            for member in modules.keys().filter(|member| !site.objects.contains_key(*member)) {
                survey.complaints.push(format!("{}: `{member}` is no ELF file of the wheel", site.file));
            }
            for member in members {
                jobs.extend(self.loaders.iter().map(|loader| (site, modules.get(member), member, loader)));
            }
        }
        survey.loads = workers::each(&jobs, |(site, releases, member, loader)| {
            let failure = loader.load(&site.objects[*member].path, &self.stub)?;
            Ok(Load {
                wheel: site.file.clone(),
                member: (*member).clone(),
                release: loader.release,
                predicted: releases.map(|releases| releases.iter().any(|release| release == loader.release)),
                failure: failure.map(|why| tidy(&why, site)),
            })
        })?;
        for (site, (modules, sound)) in sites.iter().zip(&predictions) {
            survey.complaints.extend(self.verdict(&survey, &site.file, modules, *sound));
        }
        Ok(survey)
    }

    /// For each module, the releases on which it loads; and whether the wheel is accepted.
    fn ask(&self, wheel: &Path) -> Result<(BTreeMap<String, Vec<String>>, bool)> {
        // The exit status says whether the wheel is accepted, which is not checked here.
        let output = command(&self.program).args(["verify", "--format", "json"]).arg(wheel).output()?;
        let said: Prediction = serde_json::from_slice(&output.stdout).with_context(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("`muslrepair verify` says nothing usable about `{}`: {}", wheel.display(), said.trim())
        })?;
        Ok((said.modules.into_iter().map(|module| (module.path, module.loads_on)).collect(), said.sound))
    }

    /// Whether `verify` rejects a wheel exactly if one of its modules loads nowhere: on none of the releases
    /// tried, and by the prediction on no other.
    fn verdict(
        &self,
        survey: &Survey,
        wheel: &str,
        modules: &BTreeMap<String, Vec<String>>,
        sound: bool,
    ) -> Option<String> {
        let tried = |release: &String| self.loaders.iter().any(|loader| loader.release == release);
        let hopeless = modules.iter().find(|(member, releases)| {
            let mut loads = survey.of(wheel).filter(|load| load.member == **member).peekable();
            loads.peek().is_some() && loads.all(|load| !load.loaded()) && releases.iter().all(tried)
        });
        match (hopeless, sound) {
            (Some((member, _)), true) => {
                Some(format!("{wheel}: `verify` has no objection, although `{member}` loads nowhere"))
            }
            (None, false) => {
                Some(format!("{wheel}: `verify` objects to it, although each of its modules loads somewhere"))
            }
            _ => None,
        }
    }
}

/// The loader's message without the path of the unpacked wheel.
fn tidy(message: &str, site: &Site) -> String {
    let message = message.replace(&format!("{}/", site.prefix.display()), "");
    // For a thread-local variable without a name, musl prints an uninitialised pointer: the name may be
    // anything.
    match message.find("initial-exec TLS resolves") {
        Some(start) => message[start..].to_owned(),
        None => message,
    }
}
