//! `show`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use muslrepair::Error;
use muslrepair::audit::{Audit, AuditOptions, ElfAudit, Severity, WheelKind, audit, audit_tree};
use muslrepair::report::{self, Failure, ShowTable, StyledText};
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
    // auditwheel only supports wheels, and so does its JSON.
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
    let is_text = arguments.format == Format::Text && !arguments.json && terminal.mode() == OutputMode::Own;
    let mut text = is_text.then(|| ShowText::new(&subjects, &packages, *terminal));
    let mut worst = Exit::Success;
    for subject in &subjects {
        let audited = audited(subject, &resolver, &options);
        worst = worst.max(match &audited {
            Ok(Audited::Wheel(audit)) => status(audit, arguments.allow_pure_python_wheel),
            Ok(Audited::Tree(_)) => Exit::Success,
            Err(_) => Exit::Failure,
        });
        match &mut text {
            Some(text) => text.add(subject, audited)?,
            None => document(subject, audited, arguments, &packages, terminal)?,
        }
    }
    if let Some(text) = text {
        text.finish()?;
    }
    Ok(worst)
}

/// Prints a wheel or tree for programs, or in auditwheel's form.
fn document(
    subject: &Subject,
    audited: Result<Audited, Error>,
    arguments: &ShowArgs,
    packages: &SystemPackages,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let shown = subject.display_name();
    match audited {
        Ok(Audited::Tree(elf)) => terminal.document(&report::installed_document(&shown, &elf, packages)?),
        Ok(Audited::Wheel(audit)) if arguments.json => {
            terminal.result(&report::show_json(&audit, arguments.allow_pure_python_wheel))
        }
        Ok(Audited::Wheel(audit)) if arguments.format == Format::Json => {
            terminal.document(&report::audit_document(&audit, packages)?)
        }
        Ok(Audited::Wheel(audit)) => show_as_auditwheel(&audit, terminal),
        Err(error) => {
            let failure = Failure::from(&error);
            if arguments.json {
                terminal.result(&report::show_error_json(&shown, &failure.lines.join("; ")))?;
            } else if arguments.format == Format::Json {
                terminal.document(&report::error_document(&shown, &failure)?)?;
            }
            terminal.wheel_error("show", &shown, &failure);
            Ok(())
        }
    }
}

/// Prints wheels and trees: a single one in a few lines, several in a table, and all details of each with
/// `--verbose`.
struct ShowText<'a> {
    packages: &'a SystemPackages,
    terminal: Terminal,
    /// The name of each in the table.
    names: BTreeMap<PathBuf, String>,
    count: usize,
    table: ShowTable,
    unread: Vec<(String, Failure)>,
}

impl<'a> ShowText<'a> {
    fn new(subjects: &[Subject], packages: &'a SystemPackages, terminal: Terminal) -> Self {
        Self {
            packages,
            terminal,
            names: inputs::names_in_a_table(subjects),
            count: subjects.len(),
            table: ShowTable::default(),
            unread: Vec::new(),
        }
    }

    fn add(&mut self, subject: &Subject, audited: Result<Audited, Error>) -> Result<(), CliError> {
        let path = subject.path().display().to_string();
        let name = self.names.get(subject.path()).unwrap_or(&path).clone();
        let is_detailed = self.terminal.is_verbose();
        let (text, is_ok) = match audited {
            Ok(Audited::Wheel(audit)) => {
                let is_ok = audit.findings().all(|finding| finding.severity < Severity::Error);
                if !(is_ok && self.terminal.is_quiet()) {
                    self.table.add_wheel(&name, &audit);
                }
                (report::show_text(&audit, self.packages, is_detailed), is_ok)
            }
            Ok(Audited::Tree(elf)) => {
                let is_ok = elf.errors().next().is_none();
                if !(is_ok && self.terminal.is_quiet()) {
                    self.table.add_tree(&path, &elf);
                }
                (report::show_tree_text(&path, &elf, self.packages, is_detailed), is_ok)
            }
            Err(error) => {
                self.table.add_unread(&name, &subject.short_name());
                self.unread.push((path, Failure::from(&error)));
                return Ok(());
            }
        };
        if (self.count == 1 || is_detailed) && !(is_ok && self.terminal.is_quiet()) {
            self.terminal.print(text)?;
        }
        Ok(())
    }

    /// Prints the table, the unreadable wheels, and the totals.
    fn finish(self) -> Result<(), CliError> {
        let is_table = self.count > 1 && !self.table.is_empty();
        if is_table {
            if self.terminal.is_verbose() {
                self.terminal.print(StyledText::default().after_blank())?;
            }
            self.terminal.print_table(self.table.table())?;
        }
        for (path, failure) in &self.unread {
            self.terminal.wheel_error("show", path, failure);
        }
        match is_table && !self.terminal.is_quiet() {
            true => self.terminal.print(self.table.totals().after_blank()),
            false => Ok(()),
        }
    }
}

/// A wheel that is not a platform wheel is logged; for others a report is printed.
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

/// A platform wheel for the machine in its name is a success, whatever it needs; callers use this to test
/// whether there is something to repair.
fn status(audit: &Audit, allow_pure: bool) -> Exit {
    match audit.kind {
        _ if audit.wrong_machine().next().is_some() => Exit::Failure,
        WheelKind::Platform => Exit::Success,
        WheelKind::Pure if allow_pure => Exit::Success,
        WheelKind::Pure | WheelKind::PlatformWithoutElf => Exit::Failure,
    }
}
