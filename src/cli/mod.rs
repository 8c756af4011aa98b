//! The command line.

mod batch;
mod checks;
mod claims;
mod compat;
mod completions;
mod config;
mod destination;
mod env;
mod excludes;
mod exit;
mod explain;
mod format;
mod global;
mod heading;
mod inputs;
mod interrupt;
mod job_summary;
mod lddtree;
mod limits;
mod manual;
mod minimum;
mod missing;
mod mistakes;
mod needs;
mod outcome;
mod owners;
mod paint;
mod platform;
mod printer;
mod progress;
mod progress_line;
mod published;
mod reference;
mod repair;
mod repair_text;
mod requirements;
mod results;
mod search;
mod show;
mod size;
mod suggested;
mod summary;
mod term;
mod turns;
mod unbundle;
mod usage;
mod verify;

use std::ffi::OsString;

use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use compat::OutputMode;
use env::Environment;
pub(crate) use exit::Exit;
use global::Global;
use term::{CliError, Terminal};

/// Repair Python wheels for musl: graft libraries, patch ELF files, change tags
#[derive(Debug, Parser)]
#[command(name = "muslrepair", version, max_term_width = 100)]
#[command(disable_help_flag = true, disable_version_flag = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Print version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = heading::GLOBAL)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Repair wheels: graft the libraries they need, and set the tag
    ///
    /// To graft is to copy a library into the wheel. ELF files are patched so that they find it there. Wheels that need no
    /// repair are copied.
    Repair(Box<repair::RepairArgs>),
    /// Inspect wheels: libraries, minimum musl, problems, tag
    ///
    /// The tag is the one a repair would give. Libraries are searched on this machine, or in `--sysroot`.
    Show(show::ShowArgs),
    /// Check that wheels load on musl and meet PyPI's rules
    ///
    /// Libraries of this machine do not count; add `--sysroot /` to count them.
    Verify(verify::VerifyArgs),
    /// List the system packages that unrepaired wheels need
    ///
    /// The list is what must be installed where the wheels run.
    Needs(needs::NeedsArgs),
    /// Replace bundled libraries by those of a root file system
    ///
    /// A library is replaced only where everything in the wheel loads as before.
    Unbundle(Box<unbundle::UnbundleArgs>),
    /// Show the libraries that an ELF file loads, as a tree
    ///
    /// The tree shows where musl finds each library.
    Lddtree(lddtree::LddtreeArgs),
    /// Explain a finding and how to fix it, or list all rules
    ///
    /// The text says what the finding means, what users see, and how to fix it.
    Explain(explain::ExplainArgs),
    /// Print a completion script for a shell
    Completions(reference::CompletionsArgs),
    /// Print a manual page
    Man(reference::ManArgs),
    /// Print a page of the documentation
    #[command(hide = true)]
    Reference(reference::ReferenceArgs),
    /// What auditwheel had until version 2
    #[command(hide = true)]
    Addtag {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
}

impl Command {
    /// The module of auditwheel that logs for this command.
    fn module(command: Option<&Self>) -> &'static str {
        match command {
            Some(Self::Repair(_)) => "main_repair",
            Some(Self::Show(_)) => "main_show",
            Some(Self::Lddtree(_)) => "main_lddtree",
            _ => "main",
        }
    }
}

/// Everything that can be called, under the name it is called by.
fn command(mode: OutputMode) -> clap::Command {
    // Of an option that is given twice the last counts, as with Python's argparse: wrappers append theirs.
    let command = Cli::command().args_override_self(true);
    let named = |command: clap::Command, name: &str| match manual::find(name) {
        Some(manual) => command.after_long_help(manual.text()),
        None => command,
    };
    let command = named(command, "").mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        named(command, &name)
    });
    match mode {
        OutputMode::Own => command,
        // argparse also takes unambiguous beginnings of options.
        OutputMode::Auditwheel => {
            (command.name("auditwheel").bin_name("auditwheel")).version(compat::VERSION).infer_long_args(true)
        }
    }
}

/// Runs the program with these arguments, the first being its name.
pub(crate) fn run(arguments: Vec<OsString>) -> Exit {
    let mode = OutputMode::of(arguments.first().map(OsString::as_os_str));
    let parsed = command(mode).try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come as errors too, but go to standard output and succeed.
            if error.use_stderr() {
                term::misused(error);
                return Exit::Usage;
            }
            return match term::unless_gone(error.print()) {
                Ok(()) => Exit::Success,
                Err(_) => Exit::Failure,
            };
        }
    };
    let terminal = Terminal::new(&cli.global, mode, Command::module(cli.command.as_ref()));
    let environment = Environment::read();
    let (environment, terminal) = (&environment, &terminal);
    let done = match &cli.command {
        Some(Command::Repair(arguments)) => {
            on_threads(arguments.jobs, || repair::run(arguments, environment, terminal))
        }
        Some(Command::Show(arguments)) => on_threads(None, || show::run(arguments, environment, terminal)),
        Some(Command::Verify(arguments)) => on_threads(None, || verify::run(arguments, terminal)),
        Some(Command::Needs(arguments)) => on_threads(None, || needs::run(arguments, environment, terminal)),
        Some(Command::Unbundle(arguments)) => on_threads(None, || unbundle::run(arguments, terminal)),
        Some(Command::Lddtree(arguments)) => {
            on_threads(None, || lddtree::run(arguments, environment, terminal))
        }
        Some(Command::Explain(arguments)) => explain::run(arguments, terminal),
        Some(Command::Completions(arguments)) => {
            reference::completions(arguments, &command(OutputMode::Own), terminal)
        }
        Some(Command::Man(arguments)) => reference::man(arguments, command(OutputMode::Own), terminal),
        Some(Command::Reference(arguments)) => reference::page(arguments, command(OutputMode::Own), terminal),
        Some(Command::Addtag { .. }) => Ok(addtag(terminal)),
        None => term::unless_gone(command(mode).print_help()).map(|()| Exit::Success).map_err(CliError::from),
    };
    done.unwrap_or_else(|stop| terminal.stopped(&stop))
}

/// Runs a command that looks at wheels, on as many threads as it is to have.
fn on_threads(
    jobs: Option<u16>,
    run: impl FnOnce() -> Result<Exit, CliError> + Send,
) -> Result<Exit, CliError> {
    turns::threads(jobs)?.install(run)
}

fn addtag(terminal: &Terminal) -> Exit {
    terminal.error("there is no `addtag`: a tag is given by `repair`, which checks that it holds");
    terminal.hint("to change nothing but the tag, use `repair --exclude '*'`");
    Exit::Usage
}
