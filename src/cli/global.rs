//! Options of every command.

use clap::ArgAction;

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
pub(super) struct Global {
    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Print nothing but errors; of `verify`, what is not sound
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// When to use colours [env: NO_COLOR, CLICOLOR_FORCE]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorWhen,
    /// Say errors and warnings once more on standard error, as annotations of a continuous integration service
    #[arg(long, global = true, value_name = "SERVICE")]
    pub(super) annotations: Option<Annotations>,
}
