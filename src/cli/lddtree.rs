//! `lddtree`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use muslrepair::report;
use muslrepair::resolve::InstalledLayout;

use super::compat::OutputMode;
use super::env::Environment;
use super::exit::Exit;
use super::format::Format;
use super::heading;
use super::inputs;
use super::limits::LimitArgs;
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct LddtreeArgs {
    /// An ELF file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Print text or json [default: text]
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: Format,
    #[command(flatten)]
    search: SearchArgs,
    /// Print auditwheel's JSON
    ///
    /// The output of `auditwheel lddtree`, with some more keys.
    #[arg(long, conflicts_with = "format", help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    json: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(
    arguments: &LddtreeArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    std::fs::metadata(&arguments.file).map_err(|error| inputs::no_access(&arguments.file, &error))?;
    let resolver = arguments.search.resolver(environment, Vec::new(), false, arguments.limits.limits())?;
    let root = match resolver.root(&arguments.file) {
        Ok(root) => root,
        Err(reason) => {
            terminal.error(&format!("cannot read `{}`: {reason}", arguments.file.display()));
            return Ok(Exit::Failure);
        }
    };
    let paths = resolver.opened_paths(&root);
    let graph = resolver.resolve(vec![root], &InstalledLayout::default());
    if arguments.format == Format::Json {
        terminal.document(&report::tree_document(&graph, 0)?)?;
    } else if arguments.json {
        terminal.indented_document(&report::tree_json(&graph, 0))?;
    } else if terminal.mode() == OutputMode::Auditwheel {
        // auditwheel logs its tree, so that standard output stays empty.
        let file = arguments.file.display().to_string();
        terminal.say_lines(&report::tree_auditwheel(&graph, 0, &file, &paths));
    } else {
        terminal.result(&report::tree_text(&graph, 0))?;
    }
    if let Some(exceeded) = &graph.exceeded {
        terminal.error(&exceeded.to_string());
        terminal.hint(&format!("`--limit {}=VALUE` raises it, if the file can be trusted", exceeded.what));
        return Ok(Exit::Failure);
    }
    Ok(Exit::Success)
}
