//! `show`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use muslrepair::Error;
use muslrepair::audit::{Audit, AuditOptions, ElfAudit, WheelKind, audit, audit_tree};
use muslrepair::report::{self, Failure};
use muslrepair::resolve::{Resolver, SystemPackages};
use muslrepair::wheel::Wheel;

use super::checks::Checks;
use super::compat::OutputMode;
use super::env::Environment;
use super::exit::Exit;
use super::format::Format;
use super::heading;
use super::inputs;
use super::inputs::Subject;
use super::limits::LimitArgs;
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Wheels, directories of wheels, or installed trees
    ///
    /// A tree is a directory of installed files, such as site-packages.
    #[arg(required = true, value_name = "WHEEL|TREE", value_hint = ValueHint::FilePath)]
    subjects: Vec<PathBuf>,
    /// Print text or json [default: text]
    ///
    /// `json` prints one document per wheel and line.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: Format,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    checks: Checks,
    /// Print auditwheel's JSON
    ///
    /// The output of `auditwheel show --json`, version 1 of its schema. It describes wheels only.
    #[arg(long, conflicts_with = "format", help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    json: bool,
    /// Exit with 0 for a pure Python wheel
    #[arg(long, help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    allow_pure_python_wheel: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(
    arguments: &ShowArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    // auditwheel knows wheels only, and its JSON has no word for anything else.
    let subjects = match arguments.json || terminal.mode() == OutputMode::Auditwheel {
        true => inputs::wheels(&arguments.subjects)?.into_iter().map(Subject::Wheel).collect(),
        false => inputs::subjects(&arguments.subjects)?,
    };
    let resolver = arguments.search.resolver(environment, Vec::new(), false, arguments.limits.limits())?;
    let packages = SystemPackages::read(arguments.search.sysroot())?;
    let options = AuditOptions {
        allow: arguments.checks.allowed(),
        system: arguments.search.system(),
        ..AuditOptions::default()
    };
    let mut worst = Exit::Success;
    for (index, subject) in subjects.iter().enumerate() {
        let shown = subject.display_name();
        if index > 0
            && arguments.format == Format::Text
            && !arguments.json
            && terminal.mode() == OutputMode::Own
        {
            terminal.result("\n")?;
        }
        let audit = match audited(subject, &resolver, &options) {
            Ok(Audited::Wheel(audit)) => audit,
            Ok(Audited::Tree(elf)) => {
                match arguments.format {
                    Format::Json => {
                        terminal.document(&report::installed_document(&shown, &elf, &packages)?)?
                    }
                    Format::Text => {
                        terminal.result(&report::show_tree_text(&shown, &elf, &packages))?;
                    }
                }
                continue;
            }
            Err(error) => {
                let failure = Failure::from(&error);
                if arguments.json {
                    terminal.result(&report::show_error_json(&shown, &failure.lines.join("; ")))?;
                } else if arguments.format == Format::Json {
                    let document = report::error_document(&shown, &failure)?;
                    terminal.document(&document)?;
                }
                terminal.wheel_error("show", &shown, &failure);
                worst = worst.max(Exit::Failure);
                continue;
            }
        };
        if arguments.json {
            terminal.result(&report::show_json(&audit, arguments.allow_pure_python_wheel))?;
        } else if arguments.format == Format::Json {
            let document = report::audit_document(&audit, &packages)?;
            terminal.document(&document)?;
        } else if terminal.mode() == OutputMode::Auditwheel {
            show_as_auditwheel(&audit, terminal)?;
        } else {
            terminal.result(&report::show_text(&audit, &packages))?;
        }
        worst = worst.max(status(&audit, arguments.allow_pure_python_wheel));
    }
    Ok(worst)
}

/// What is no platform wheel is logged; everything else is a report.
fn show_as_auditwheel(audit: &Audit, terminal: &Terminal) -> Result<(), CliError> {
    if let Some(invalid) = report::invalid_wheel_sentence(audit) {
        terminal.info(&invalid);
        return Ok(());
    }
    if audit.kind == WheelKind::Platform {
        return terminal.result(&report::show_paragraphs(audit, terminal.is_verbose()));
    }
    terminal.info(report::no_elf_sentence());
    Ok(())
}

/// A wheel or a tree after its audit.
enum Audited {
    Wheel(Box<Audit>),
    Tree(Box<ElfAudit>),
}

fn audited(subject: &Subject, resolver: &Resolver, options: &AuditOptions) -> Result<Audited, Error> {
    let limits = &resolver.options().limits;
    match subject {
        Subject::Wheel(path) => {
            let wheel = Wheel::open(path, limits)?;
            Ok(Audited::Wheel(Box::new(audit(&wheel, resolver, options)?)))
        }
        Subject::Tree(path) => Ok(Audited::Tree(Box::new(audit_tree(path, resolver, options, limits)?))),
    }
}

/// A platform wheel is a success whatever it needs, if it is for the machine that it says; callers test with this whether
/// there is something to repair.
fn status(audit: &Audit, allow_pure: bool) -> Exit {
    match audit.kind {
        _ if audit.wrong_machine().next().is_some() => Exit::Failure,
        WheelKind::Platform => Exit::Success,
        WheelKind::Pure if allow_pure => Exit::Success,
        WheelKind::Pure | WheelKind::PlatformWithoutElf => Exit::Failure,
    }
}
