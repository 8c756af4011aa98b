//! `lddtree`.

use std::path::{Path, PathBuf};

use clap::Args;
use muslrepair::Error;
use muslrepair::audit::{AuditOptions, audit};
use muslrepair::report::{self, Diagram, Failure, Trees};
use muslrepair::resolve::{Graph, InstalledLayout, Resolver};
use muslrepair::wheel::Wheel;

use super::compat::OutputMode;
use super::env::Environment;
use super::exit::Exit;
use super::inputs;
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct LddtreeArgs {
    /// ELF files or wheels
    #[arg(required = true, value_name = "FILE|WHEEL")]
    files: Vec<PathBuf>,
    /// Print the tree as JSON, with the keys of auditwheel and some more
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// `text`; `json`, one document for each file; `dot` or `mermaid`, one diagram of all files
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: TreeFormat,
    #[command(flatten)]
    search: SearchArgs,
}

/// How trees are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TreeFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
}

pub(super) fn run(
    arguments: &LddtreeArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    for file in &arguments.files {
        std::fs::metadata(file).map_err(|error| inputs::no_access(file, &error))?;
    }
    let resolver = arguments.search.resolver(environment, Vec::new(), false)?;
    let mut worst = Exit::Success;
    let mut diagram = Diagram::default();
    let mut is_first = true;
    for file in &arguments.files {
        let (graph, roots) = match graph(file, &resolver) {
            Ok(found) => found,
            Err(failure) => {
                failure.lines.iter().for_each(|line| terminal.error(line));
                failure.hints.iter().for_each(|hint| terminal.hint(hint));
                worst = Exit::Failure;
                continue;
            }
        };
        let mut trees = Trees::new(&graph);
        for root in roots {
            match arguments.format {
                TreeFormat::Dot | TreeFormat::Mermaid => diagram.add(&graph, root),
                TreeFormat::Json => terminal.document(&report::tree_document(&graph, root)?)?,
                TreeFormat::Text if arguments.json => {
                    terminal.indented_document(&report::tree_json(&graph, root))?;
                }
                // auditwheel logs its tree, so that standard output stays empty.
                TreeFormat::Text if terminal.mode() == OutputMode::Auditwheel => {
                    terminal.say_lines(&report::tree_auditwheel(&graph, root));
                }
                TreeFormat::Text => {
                    let text = trees.text(root);
                    if terminal.is_quiet() && !report::misses_a_library(&graph, root) {
                        continue;
                    }
                    terminal.print(if is_first { text } else { text.after_blank() })?;
                    is_first = false;
                }
            }
        }
        if let Some(exceeded) = &graph.exceeded {
            terminal.error(&exceeded.to_string());
            terminal
                .hint(&format!("`--limit {}=VALUE` raises it, if the file can be trusted", exceeded.what));
            worst = Exit::Failure;
        }
    }
    match arguments.format {
        TreeFormat::Dot => terminal.result(&diagram.dot())?,
        TreeFormat::Mermaid => terminal.result(&diagram.mermaid())?,
        TreeFormat::Text | TreeFormat::Json => {}
    }
    Ok(worst)
}

/// The graph of a file, and the objects whose trees are printed: the file itself, or what a wheel has that is loaded by itself.
fn graph(file: &Path, resolver: &Resolver) -> Result<(Graph, Vec<usize>), Failure> {
    if inputs::is_wheel(file) {
        let audit = || -> Result<_, Error> {
            audit(&Wheel::open(file, &resolver.options().limits)?, resolver, &AuditOptions::default())
        };
        let elf = audit().map_err(|error| named(file, Failure::from(&error)))?.elf;
        let roots: Vec<usize> = elf.modules.iter().map(|module| module.object).collect();
        return match roots.is_empty() {
            true => Err(Failure {
                lines: vec![format!("`{}` has no ELF files", file.display())],
                ..Failure::default()
            }),
            false => Ok((elf.graph, roots)),
        };
    }
    match resolver.root(file) {
        Ok(root) => Ok((resolver.resolve(vec![root], &InstalledLayout::default()), vec![0])),
        Err(reason) => {
            let line = format!("cannot read `{}`: {reason}", file.display());
            Err(Failure { lines: vec![line], ..Failure::default() })
        }
    }
}

/// The failure with the path of its file, as it was given.
fn named(file: &Path, mut failure: Failure) -> Failure {
    if let Some(first) = failure.lines.first_mut() {
        *first = format!("cannot read `{}`: {first}", file.display());
    }
    failure
}
