//! Values that completion scripts know, of options that take others too.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use muslrepair::policy::Policy;

/// A parser of any text that suggests these values. What is no text of the option is refused where it is used, because it
/// can also come from the environment.
#[derive(Clone, Copy)]
pub(super) struct Suggested(fn() -> Vec<String>);

impl Suggested {
    /// Values of `--plat`.
    pub(super) const PLATFORMS: Self = Self(platforms);
    /// Values of `--zip-compression-level`.
    pub(super) const LEVELS: Self = Self(|| (0..=9).map(|level| level.to_string()).collect());
    /// Values of `--patcher`.
    pub(super) const PATCHERS: Self = Self(|| ["builtin", "arwen", "none"].map(str::to_owned).to_vec());
    /// Commands that have a manual page.
    pub(super) const COMMANDS: Self = Self(commands);
}

fn commands() -> Vec<String> {
    super::manual::MANUALS
        .iter()
        .map(|manual| manual.command.to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn platforms() -> Vec<String> {
    let of =
        |policy: &'static Policy| policy.arches.iter().map(|arch| policy.version.platform(*arch).to_string());
    let tags = Policy::all().iter().flat_map(of);
    let short = Policy::all().iter().map(|policy| policy.name.to_owned());
    std::iter::once("auto".to_owned()).chain(short).chain(tags).collect()
}

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
