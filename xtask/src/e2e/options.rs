//! What `cargo xtask e2e loader` can be asked for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The options, with the usage text beside them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Wheels of this directory instead of those of the lock file.
    pub wheels: Option<PathBuf>,
    /// Only wheels with this in their file name.
    pub only: Option<String>,
    /// Ask this program instead of building one.
    pub muslrepair: Option<PathBuf>,
    /// Compare nothing, only print what loads.
    pub observe: bool,
    /// Load what `muslrepair repair` makes of wheels with `DT_RELR`, too.
    pub repaired: bool,
    /// Break small wheels in several ways, and load those too.
    pub damaged: bool,
    /// The day to put into the report.
    pub date: Option<String>,
}

const USAGE: &str = "\
usage: cargo xtask e2e loader [--wheels DIR] [--only PATTERN] [--repaired] [--damaged] [--observe] [--muslrepair FILE] [--date DATE]

Loads every extension module of published wheels under real musl loaders and compares with `muslrepair verify`.
  --wheels DIR       the wheels of this directory instead of those of xtask/wheels.lock
  --only PATTERN     only wheels with this in their file name
  --repaired         also repair the wheels that have DT_RELR, and load the results
  --damaged          also break small wheels in several ways, and load the results
  --observe          only print what loads, without asking muslrepair
  --muslrepair FILE  ask this program; without it, one is built
  --date DATE        the day that docs/loader-check.md gets; without it, none";

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().cloned().with_context(|| format!("`{argument}` needs a value\n{USAGE}"));
            match argument.as_str() {
                "--wheels" => options.wheels = Some(value()?.into()),
                "--only" => options.only = Some(value()?),
                "--muslrepair" => options.muslrepair = Some(value()?.into()),
                "--date" => options.date = Some(value()?),
                "--observe" => options.observe = true,
                "--repaired" => options.repaired = true,
                "--damaged" => options.damaged = true,
                _ => bail!("unknown option `{argument}`\n{USAGE}"),
            }
        }
        if options.observe && (options.repaired || options.damaged) {
            bail!("`--observe` goes without predictions, and without more wheels\n{USAGE}");
        }
        Ok(options)
    }

    /// Whether this is the whole check, whose results are worth a report.
    pub fn is_whole(&self) -> bool {
        self.wheels.is_none() && self.only.is_none() && self.repaired && self.damaged
    }

    /// Whether a wheel of this file name is asked for.
    pub fn wants(&self, file: &str) -> bool {
        self.only.as_ref().is_none_or(|pattern| file.contains(pattern.as_str()))
    }
}
