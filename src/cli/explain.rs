//! `explain`.

use clap::Args;
use clap::builder::StringValueParser;
use muslrepair::audit::rules::{UnknownCode, find};
use muslrepair::report;

use super::checks::WithCodes;
use super::exit::Exit;
use super::format::Format;
use super::heading;
use super::term::{CliError, Terminal};
use super::usage::UsageError;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Code of the finding, as in `error[CODE]` [default: list all]
    #[arg(value_name = "CODE", value_parser = WithCodes(StringValueParser::new()), hide_possible_values = true)]
    code: Option<String>,
    /// Print text or json [default: text]
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: Format,
}

pub(super) fn run(arguments: &ExplainArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let rule = match &arguments.code {
        Some(code) => Some(find(code).ok_or_else(|| unknown(code))?),
        None => None,
    };
    match (rule, arguments.format) {
        (Some(rule), Format::Text) => terminal.result(&report::rule_text(rule))?,
        (Some(rule), Format::Json) => terminal.document(&report::rule_document(rule)?)?,
        (None, Format::Text) => terminal.result(&report::rules_text())?,
        (None, Format::Json) => terminal.document(&report::rules_document()?)?,
    }
    Ok(Exit::Success)
}

fn unknown(code: &str) -> UsageError {
    UsageError::from(format!("there is no rule `{code}`")).with_hint(UnknownCode(code.to_owned()).hint())
}
