//! Which rules a command does not apply.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command};
use muslrepair::audit::Code;
use muslrepair::audit::rules::{RULES, find};

use super::heading;

/// Options of `repair`, `show` and `verify` that turn rules off.
#[derive(Clone, Debug, Args)]
pub(super) struct Checks {
    /// Ignore findings of this rule (repeatable)
    ///
    /// `muslrepair explain` lists the rules.
    #[arg(long, value_name = "CODE", value_parser = WithCodes(str::parse::<Code>))]
    #[arg(help_heading = heading::CHECKS, hide_possible_values = true)]
    allow: Vec<Code>,
    /// Skip the CPU instruction set check
    ///
    /// The same as `--allow unsupported-isa`.
    #[arg(long, help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    disable_isa_ext_check: bool,
}

impl Checks {
    /// The codes of those rules.
    pub(super) fn allowed(&self) -> Vec<Code> {
        let isa = find("unsupported-isa").filter(|_| self.disable_isa_ext_check);
        self.allow.iter().copied().chain(isa.map(|rule| rule.code)).collect()
    }
}

/// A parser of codes that tells completion scripts what codes there are. clap's own would print all of them with each error.
#[derive(Clone)]
pub(super) struct WithCodes<P>(pub(super) P);

impl<P: TypedValueParser> TypedValueParser for WithCodes<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        self.0.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(RULES.iter().map(|rule| PossibleValue::new(rule.code.as_str()))))
    }
}
