//! Options of every command.

use clap::ArgAction;

use super::heading;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` means always.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whose notation annotations are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Annotations {
    /// Workflow commands of GitHub Actions.
    Github,
}

/// Options of every command, before or after its name.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = heading::GLOBAL)]
pub(super) struct Global {
    /// Use verbose output; -vv for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Print errors and failed wheels only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Use colors: auto, always, never [default: auto]
    ///
    /// `auto` uses colors on a terminal. `NO_COLOR` turns them off, `CLICOLOR_FORCE` on.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) color: ColorWhen,
    /// Also print CI annotations: github
    ///
    /// Report errors and warnings on standard error a second time, as annotations of a CI service. `github` writes the
    /// workflow commands of GitHub Actions.
    #[arg(long, global = true, value_name = "SERVICE", hide_possible_values = true)]
    pub(super) annotations: Option<Annotations>,
    /// Print help (`-h` for a summary)
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
}
