//! Loading every module of every wheel under every loader.

use std::collections::BTreeSet;

use anyhow::Result;

use super::loaders::{Loader, Outcome};
use super::lock::Lock;
use super::prediction::Prediction;
use super::site::Site;
use super::stub::Stub;
use crate::workers;

/// One module under one loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The wheel's file name.
    pub wheel: String,
    /// The module's path in the wheel.
    pub member: String,
    /// The musl release.
    pub release: &'static str,
    /// Whether muslrepair says that it loads; nothing if it does not mention the module.
    pub predicted: Option<bool>,
    pub outcome: Outcome,
    /// Why the outcome says nothing about the module.
    pub artefact: Option<String>,
}

impl Load {
    pub fn loaded(&self) -> bool {
        self.outcome == Outcome::Loaded
    }

    /// Whether the loader did something else than muslrepair said.
    pub fn disagrees(&self) -> bool {
        self.artefact.is_none() && self.predicted != Some(self.loaded())
    }

    /// The load in words.
    pub fn sentence(&self) -> String {
        let predicted = match self.predicted {
            Some(true) => "predicted to load",
            Some(false) => "predicted to fail",
            None => "not in the prediction",
        };
        let outcome = match &self.outcome {
            Outcome::Loaded => "loads".to_owned(),
            Outcome::Failed(why) => format!("fails: {why}"),
        };
        format!("{} `{}` on musl {}: {predicted}, {outcome}", self.wheel, self.member, self.release)
    }
}

/// Everything that was loaded.
#[derive(Debug, Default)]
pub struct Survey {
    pub loads: Vec<Load>,
    /// Complaints about predictions that no load can be compared with.
    pub complaints: Vec<String>,
}

impl Survey {
    /// Loads what the prediction lists and every extension module besides; `predictions` are those of `sites`, in order,
    /// or none.
    pub fn run(
        sites: &[Site],
        predictions: &[Prediction],
        loaders: &[Loader],
        stub: &Stub,
        lock: &Lock,
    ) -> Result<Self> {
        let mut survey = Self::default();
        let mut jobs = Vec::new();
        for (index, site) in sites.iter().enumerate() {
            let prediction = predictions.get(index);
            let mut members: BTreeSet<&str> = BTreeSet::new();
            for (member, object) in &site.objects {
                if object.dso.extension && !object.dso.program {
                    members.insert(member);
                }
            }
            for member in prediction.iter().flat_map(|prediction| prediction.modules.keys()) {
                match site.objects.get(member) {
                    Some(object) if object.dso.program => {}
                    Some(_) => {
                        members.insert(member);
                    }
                    None => survey
                        .complaints
                        .push(format!("{}: `{member}` is no ELF file of the wheel", site.file)),
                }
            }
            if members.is_empty() {
                survey.complaints.push(format!("{}: no module in it", site.file));
            }
            for member in members {
                jobs.extend(loaders.iter().map(|loader| (site, prediction, member, loader)));
            }
        }
        survey.loads = workers::each(&jobs, |(site, prediction, member, loader)| {
            let object = &site.objects[*member];
            let mut outcome = loader.load(&object.path, stub)?;
            if let Outcome::Failed(why) = &mut outcome {
                *why = tidy(why, site);
            }
            let releases = prediction.and_then(|prediction| prediction.modules.get(*member));
            Ok(Load {
                wheel: site.file.clone(),
                member: (*member).to_owned(),
                release: loader.release,
                predicted: releases.map(|releases| releases.iter().any(|release| release == loader.release)),
                outcome,
                artefact: lock.artefact(&site.file, member).map(str::to_owned),
            })
        })?;
        for (site, prediction) in sites.iter().zip(predictions) {
            survey.complaints.extend(survey.verdict(site, prediction, loaders));
        }
        Ok(survey)
    }

    /// Whether `verify` objects to a wheel exactly if a module of it loads nowhere: on no release that was tried, and by
    /// the prediction on no other.
    fn verdict(&self, site: &Site, prediction: &Prediction, loaders: &[Loader]) -> Option<String> {
        let tried = |release: &String| loaders.iter().any(|loader| loader.release == release);
        let hopeless = prediction.modules.iter().find(|(member, releases)| {
            let mut loads = self
                .loads
                .iter()
                .filter(|load| load.wheel == site.file && load.member == **member)
                .peekable();
            loads.peek().is_some()
                && loads.all(|load| load.artefact.is_none() && !load.loaded())
                && releases.iter().all(tried)
        });
        match (hopeless, prediction.sound) {
            (Some((member, _)), true) => {
                Some(format!("{}: `verify` has no objection, although `{member}` loads nowhere", site.file))
            }
            (None, false) => Some(format!(
                "{}: `verify` objects to it, although each of its modules loads somewhere",
                site.file
            )),
            _ => None,
        }
    }

    /// The number of things that are not as muslrepair says.
    pub fn wrong(&self) -> usize {
        self.complaints.len() + self.disagreements().count()
    }

    /// The loads that did not go as predicted.
    pub fn disagreements(&self) -> impl Iterator<Item = &Load> {
        self.loads.iter().filter(|load| load.disagrees())
    }
}

/// The loader's message without where the wheel was unpacked.
fn tidy(message: &str, site: &Site) -> String {
    let message = message.replace(&format!("{}/", site.prefix.display()), "");
    // For a thread-local variable without a name, musl prints an uninitialised pointer: any name, or none.
    match message.find("initial-exec TLS resolves") {
        Some(start) => message[start..].to_owned(),
        None => message,
    }
}
