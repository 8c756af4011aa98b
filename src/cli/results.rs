//! Options that say where the results of a command go, and in which form they are printed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::destination::Destination;
use super::format::Format;
use super::heading;

/// Options of the commands that write wheels.
#[derive(Clone, Debug, Args)]
pub(super) struct ResultArgs {
    /// Write results here [default: wheelhouse]
    #[arg(short, long, value_name = "DIR", default_value = "wheelhouse/", value_hint = ValueHint::DirPath)]
    #[arg(help_heading = heading::OUTPUT, hide_default_value = true)]
    pub(super) wheel_dir: PathBuf,
    /// Print the plan and write nothing
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(super) dry_run: bool,
}

/// Options of the commands that print documents.
#[derive(Clone, Debug, Args)]
pub(super) struct DocumentArgs {
    /// Print text or json [default: text]
    ///
    /// `json` prints one document per line, for each wheel or tree.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) format: Format,
    /// Write a JSON report to this file (- for stdout)
    ///
    /// The report is one document about all wheels and trees. `verify` prints no text if it is on standard output.
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination))]
    #[arg(help_heading = heading::OUTPUT, value_hint = ValueHint::FilePath)]
    pub(super) report: Option<Destination>,
}
