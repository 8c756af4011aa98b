//! `lddtree`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use muslrepair::Error;
use muslrepair::audit::{AuditOptions, audit};
use muslrepair::report::{self, Diagram, Failure, Trees};
use muslrepair::resolve::{Graph, InstalledLayout, OpenedPaths, Resolver};
use muslrepair::wheel::Wheel;

use super::compat::OutputMode;
use super::env::Environment;
use super::exit::Exit;
use super::heading;
use super::inputs;
use super::limits::LimitArgs;
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct LddtreeArgs {
    /// ELF files or wheels
    #[arg(required = true, value_name = "FILE|WHEEL", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Print text, json, dot or mermaid [default: text]
    ///
    /// `json` prints one document per file. `dot` (for Graphviz) and `mermaid` (for Markdown) print one diagram of all files.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: TreeFormat,
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
    let resolver = arguments.search.resolver(environment, Vec::new(), false, arguments.limits.limits())?;
    let mut worst = Exit::Success;
    let mut diagram = Diagram::default();
    let mut is_first = true;
    for file in &arguments.files {
        let Opened { graph, roots, paths } = match opened(file, &resolver) {
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
                    let file = file.display().to_string();
                    terminal.say_lines(&report::tree_auditwheel(&graph, root, &file, &paths));
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

/// The libraries of a file.
struct Opened {
    graph: Graph,
    /// The objects whose trees are printed: the file itself, or the modules and programs of a wheel.
    roots: Vec<usize>,
    /// The run paths of the file; empty for a wheel.
    paths: OpenedPaths,
}

fn opened(file: &Path, resolver: &Resolver) -> Result<Opened, Failure> {
    if inputs::is_wheel(file) {
        let audit = || -> Result<_, Error> {
            audit(&Wheel::open(file, &resolver.options().limits)?, resolver, &AuditOptions::default())
        };
        let elf = audit().map_err(|error| named(file, Failure::from(&error)))?.elf;
        let roots: Vec<usize> = elf.modules.iter().map(|module| module.object).collect();
        return match roots.is_empty() {
            true => Err(failure(format!("`{}` has no ELF files", file.display()))),
            false => Ok(Opened { graph: elf.graph, roots, paths: OpenedPaths::default() }),
        };
    }
    let root = resolver.root(file);
    let root = root.map_err(|reason| Failure {
        hints: vec![
            "name a wheel or an ELF file: a shared library, an extension module or a program".to_owned(),
        ],
        ..failure(format!("cannot read `{}`: {reason}", file.display()))
    })?;
    let paths = resolver.opened_paths(&root);
    Ok(Opened { graph: resolver.resolve(vec![root], &InstalledLayout::default()), roots: vec![0], paths })
}

fn failure(line: String) -> Failure {
    Failure { lines: vec![line], ..Failure::default() }
}

/// The failure with the path of its file, as it was given.
fn named(file: &Path, mut failure: Failure) -> Failure {
    if let Some(first) = failure.lines.first_mut() {
        *first = format!("cannot read `{}`: {first}", file.display());
    }
    failure
}
