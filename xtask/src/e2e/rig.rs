//! Everything that is needed to load a wheel and to ask about it.

use std::path::PathBuf;

use anyhow::Result;

use super::loaders::Loader;
use super::lock::Lock;
use super::prediction;
use super::site::Site;
use super::stub::Stub;
use super::survey::Survey;
use crate::workers;

/// The loaders, what surrounds a module in them, and the program whose word is checked.
#[derive(Debug)]
pub struct Rig {
    /// Nothing if no word is asked for.
    pub program: Option<PathBuf>,
    pub loaders: Vec<Loader>,
    pub stub: Stub,
    pub lock: Lock,
}

impl Rig {
    /// Asks about every wheel, and loads every module of it.
    pub fn survey(&self, sites: &[Site]) -> Result<Survey> {
        let predictions = match &self.program {
            Some(program) => workers::each(sites, |site| prediction::of(program, &site.wheel))?,
            None => Vec::new(),
        };
        Survey::run(sites, &predictions, &self.loaders, &self.stub, &self.lock)
    }
}
