//! `show`.

use std::path::{Path, PathBuf};

use clap::Args;
use muslrepair::policy::{Audit, AuditOptions, WheelKind, audit};
use muslrepair::resolve::{ApkDatabase, Resolver};
use muslrepair::wheel::Wheel;
use muslrepair::{Error, report};

use super::compat::Voice;
use super::env::Environment;
use super::search::SearchArgs;
use super::term::{Stop, Terminal};
use super::{Exit, inputs};

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Wheels, or directories of wheels
    #[arg(required = true, value_name = "WHEEL|DIR")]
    wheels: Vec<PathBuf>,
    /// Print auditwheel's JSON: its schema, version 1
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// `text`, or our own JSON: one document per wheel and line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Do not ask whether the code needs more of the processor than the tag promises
    #[arg(long)]
    disable_isa_ext_check: bool,
    /// A pure Python wheel is a success
    #[arg(long)]
    allow_pure_python_wheel: bool,
    #[command(flatten)]
    search: SearchArgs,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(
    arguments: &ShowArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let wheels = inputs::wheels(&arguments.wheels).map_err(Stop::Usage)?;
    let resolver = arguments.search.resolver(environment, Vec::new(), false);
    let root = arguments.search.sysroot();
    let packages = ApkDatabase::read(&root)?;
    let mut worst = Exit::Success;
    for path in wheels {
        let shown = inputs::shown(&path);
        let audit = match audit_file(&path, &resolver) {
            Ok(mut audit) => {
                if arguments.disable_isa_ext_check {
                    forget_isa(&mut audit);
                }
                audit
            }
            Err(error) => {
                if arguments.json {
                    terminal.result(&report::show_error_json(&shown, &error.lines().join("; ")))?;
                } else if arguments.format == Format::Json {
                    let document = report::error_document(&shown, &error)?;
                    terminal.document(&document)?;
                }
                terminal.wheel_error("show", &shown, &error);
                worst = worst.max(Exit::Failure);
                continue;
            }
        };
        if arguments.json {
            terminal.result(&report::show_json(&audit, arguments.allow_pure_python_wheel))?;
        } else if arguments.format == Format::Json {
            let document = report::audit_document(&audit, &root, packages.as_ref())?;
            terminal.document(&document)?;
        } else if terminal.voice() == Voice::Auditwheel {
            show_as_auditwheel(&audit, terminal)?;
        } else {
            terminal.result(&report::show_text(&audit, &root, packages.as_ref()))?;
        }
        worst = worst.max(status(&audit, arguments.allow_pure_python_wheel));
    }
    Ok(worst)
}

/// Without the facts nothing is found unsupported.
fn forget_isa(audit: &mut Audit) {
    for object in &mut audit.elf.graph.objects {
        object.facts.isa_needed = 0;
    }
}

/// What is no platform wheel is logged; everything else is a report.
fn show_as_auditwheel(audit: &Audit, terminal: &Terminal) -> Result<(), Stop> {
    if audit.kind == WheelKind::Platform {
        return terminal.result(&report::show_paragraphs(audit, terminal.is_verbose()));
    }
    terminal.say(report::no_elf_sentence());
    Ok(())
}

fn audit_file(path: &Path, resolver: &Resolver) -> Result<Audit, Error> {
    let wheel = Wheel::open(path, &resolver.options().limits)?;
    audit(&wheel, resolver, &AuditOptions::default())
}

/// A platform wheel is a success whatever it needs; callers test with this whether there is something to repair.
fn status(audit: &Audit, allow_pure: bool) -> Exit {
    match audit.kind {
        WheelKind::Platform => Exit::Success,
        WheelKind::Pure if allow_pure => Exit::Success,
        WheelKind::Pure | WheelKind::PlatformWithoutElf => Exit::Failure,
    }
}
