//! The command line.

mod env;
mod exit;
mod inputs;
mod lddtree;
mod limits;
mod needs;
mod repair;
mod search;
mod show;
mod term;
mod verify;

use std::ffi::OsString;

use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use env::Environment;
pub(crate) use exit::Exit;
use term::Terminal;

/// Repair Python wheels for musl: graft external libraries, patch and retag.
#[derive(Debug, Parser)]
#[command(name = "muslrepair", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of every command, before or after its name.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// Say more; twice: everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Print nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: term::ColorWhen,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Repair wheels: graft the libraries they need, patch, retag
    Repair(Box<repair::RepairArgs>),
    /// Show what wheels are, need and would become
    Show(show::ShowArgs),
    /// Check that wheels or trees load on musl and may be published
    Verify(verify::VerifyArgs),
    /// List what has to be installed at run time for wheels that stay as they are
    Needs(needs::NeedsArgs),
    /// Show the dependency tree of an ELF file as musl resolves it
    Lddtree(lddtree::LddtreeArgs),
}

/// Runs the program with these arguments, the first being its name.
pub(crate) fn run(arguments: Vec<OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come as errors too, but go to standard output and succeed.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            return error.print().map_or(Exit::Failure, |()| exit);
        }
    };
    let terminal = Terminal::new(&cli.global);
    let environment = Environment::read();
    let done = match &cli.command {
        Some(Command::Repair(arguments)) => repair::run(arguments, &environment, &terminal),
        Some(Command::Show(arguments)) => show::run(arguments, &environment, &terminal),
        Some(Command::Verify(arguments)) => verify::run(arguments, &environment, &terminal),
        Some(Command::Needs(arguments)) => needs::run(arguments, &environment, &terminal),
        Some(Command::Lddtree(arguments)) => lddtree::run(arguments, &environment, &terminal),
        None => Cli::command().print_help().map(|()| Exit::Success).map_err(term::OutputError::from),
    };
    done.unwrap_or_else(|error| terminal.output_failed(&error))
}
