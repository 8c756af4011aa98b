//! `lddtree`.

use std::path::PathBuf;

use clap::Args;
use muslrepair::report;
use muslrepair::resolve::InstalledLayout;

use super::Exit;
use super::env::Environment;
use super::search::SearchArgs;
use super::term::{OutputError, Terminal};

#[derive(Debug, Args)]
pub(super) struct LddtreeArgs {
    /// An ELF file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    search: SearchArgs,
}

pub(super) fn run(
    arguments: &LddtreeArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, OutputError> {
    if !arguments.file.exists() {
        terminal.error(&format!("cannot access `{}`. No such file", arguments.file.display()));
        return Ok(Exit::Usage);
    }
    let resolver = arguments.search.resolver(environment, Vec::new(), false);
    let root = match resolver.root(&arguments.file) {
        Ok(root) => root,
        Err(reason) => {
            terminal.error(&format!("cannot read `{}`: {reason}", arguments.file.display()));
            return Ok(Exit::Failure);
        }
    };
    let graph = resolver.resolve(vec![root], &InstalledLayout::default());
    if arguments.json {
        terminal.result(&serde_json::to_string_pretty(&report::tree_json(&graph, 0))?)?;
    } else {
        terminal.result(&report::tree_text(&graph, 0))?;
    }
    if let Some(exceeded) = &graph.exceeded {
        terminal.error(&exceeded.to_string());
        return Ok(Exit::Failure);
    }
    Ok(Exit::Success)
}
