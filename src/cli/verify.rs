//! `verify`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use clap::{Args, ValueHint};
use muslrepair::audit::{
    AuditOptions, ElfAudit, Finding, InstallSet, MinimumMusl, Module, Requirement, ScannedWheel, Severity,
    WheelKind, audit_scanned, audit_tree, scan_wheel,
};
use muslrepair::platform::Arch;
use muslrepair::report::{self, Failure, StyledText, SummaryEntry, VerifyLine, VerifyTotals};
use muslrepair::resolve::{Pattern, Resolver, SystemPackages};
use muslrepair::wheel::Wheel;
use muslrepair::{Error, Limits};
use serde::Serialize;
use serde_json::Value;

use super::checks::Checks;
use super::config::Config;
use super::destination::Destination;
use super::excludes::{Excludes, Unmatched};
use super::exit::Exit;
use super::format::Format;
use super::heading;
use super::inputs;
use super::inputs::Subject;
use super::job_summary::JobSummary;
use super::limits::LimitArgs;
use super::minimum::MinimumArgs;
use super::results::DocumentArgs;
use super::search::SearchArgs;
use super::term::{CliError, Terminal};
use super::turns::{Sorted, in_turn};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Wheels, directories of wheels, or installed trees
    ///
    /// A tree is a directory of installed files, such as site-packages.
    #[arg(required = true, value_name = "WHEEL|TREE", value_hint = ValueHint::FilePath)]
    subjects: Vec<PathBuf>,
    #[command(flatten)]
    documents: DocumentArgs,
    /// Append a Markdown summary to this file
    ///
    /// The summary is for the page of a CI job: `--summary "$GITHUB_STEP_SUMMARY"`.
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, value_hint = ValueHint::FilePath)]
    summary: Option<OsString>,
    #[command(flatten)]
    minimum: MinimumArgs,
    #[command(flatten)]
    search: SearchArgs,
    /// Do not require matching libraries (repeatable)
    ///
    /// The user provides these libraries. The pattern is for the name of the library or for its path.
    #[arg(long, value_name = "PATTERN", help_heading = heading::CHECKS)]
    exclude: Vec<Pattern>,
    #[command(flatten)]
    checks: Checks,
    /// Fail on warnings too: --deny warnings
    ///
    /// Warnings are reported as errors.
    #[arg(long, value_name = "LEVEL", help_heading = heading::CHECKS, hide_possible_values = true)]
    deny: Option<Deny>,
    /// Read settings from this file [default: pyproject.toml]
    ///
    /// The settings are `exclude`, `min-musl` and `min-alpine`, in the table [tool.muslrepair] or at the top of the file.
    /// Without this option, pyproject.toml of the working directory is read.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// What `--deny` makes an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Every warning.
    Warnings,
}

/// What is said of one wheel or tree.
#[derive(Serialize)]
struct Verdict<'a> {
    subject: String,
    sound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<Arch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_musl: Option<&'a MinimumMusl>,
    modules: Vec<ModuleView<'a>>,
    findings: &'a [Finding],
}

/// A subject after its audit.
struct Audited {
    kind: WheelKind,
    elf: ElfAudit,
    /// What is wrong with it, packaging included.
    findings: Vec<Finding>,
}

impl Audited {
    /// Warnings become errors.
    fn deny_warnings(&mut self) {
        for finding in self.findings.iter_mut().filter(|finding| finding.severity == Severity::Warning) {
            finding.severity = Severity::Error;
        }
    }

    fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// A module with what it asks for, as the documents have it.
#[derive(Serialize)]
struct ModuleView<'a> {
    #[serde(flatten)]
    module: &'a Module,
    requirements: Vec<&'a Requirement>,
}

pub(super) fn run(arguments: &VerifyArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let subjects = inputs::subjects(&arguments.subjects)?;
    if let Some(report) = &arguments.documents.report {
        let taken = (arguments.documents.format == Format::Json).then_some("documents");
        report.check("--report", taken, subjects.iter().map(Subject::path))?;
    }
    let summary = arguments.summary.as_ref();
    let summary =
        summary.map(|path| JobSummary::new(path, subjects.iter().map(Subject::path))).transpose()?;
    let config = Config::read(arguments.config.as_deref())?;
    let excludes = Excludes::new(&arguments.exclude, &config)?;
    // What is verified has to stand by itself: libraries outside count only where a root file system is named.
    let resolver = arguments.search.resolver_for_verify(excludes.patterns(), arguments.limits.limits())?;
    let packages = match arguments.search.has_sysroot() {
        true => SystemPackages::read(arguments.search.sysroot())?,
        false => SystemPackages::default(),
    };
    let options = AuditOptions {
        min_musl: arguments.minimum.release(|| config.min_musl())?,
        // The musl of this machine does not count unless its root file system was named.
        root_musl: packages.musl().filter(|_| arguments.search.has_sysroot()),
        system: arguments.search.system_for_verify(),
        allow: arguments.checks.allowed(),
        ..AuditOptions::default()
    };
    // As many wheels as there are threads are read at once, each with its share.
    let at_once = subjects.len().min(rayon::current_num_threads()).max(1);
    let mut limits = resolver.options().limits;
    limits.in_flight = (limits.in_flight / u64::try_from(at_once).unwrap_or(u64::MAX)).max(1);
    let scanned = scanned(&subjects, &limits);
    let install_set = install_set(&scanned);
    let printed = Mutex::new(Printed::new(arguments, &subjects, *terminal));
    in_turn(subjects.len(), |number| {
        let (Some(subject), Some(scanned)) = (subjects.get(number), scanned.get(number)) else { return };
        let mut audited = audited(subject, scanned.as_ref(), &install_set, &resolver, &options, &limits);
        if let (Ok(audited), Some(Deny::Warnings)) = (&mut audited, arguments.deny) {
            audited.deny_warnings();
        }
        if let Some(summary) = &summary {
            summary.update(number, |entry| *entry = summary_entry(subject, &audited));
        }
        let answer = Answer::new(subject, audited, arguments);
        printed.lock().unwrap_or_else(PoisonError::into_inner).add(number, answer);
    });
    let mut printed = printed.into_inner().unwrap_or_else(PoisonError::into_inner);
    printed.finish();
    printed.unmatched.warn(&excludes, *terminal);
    let exit = terminal.at_the_end(printed.worst, printed.output);
    let exit = terminal.at_the_end(exit, summary.map_or(Ok(()), |summary| summary.write("verify")));
    Ok(match &arguments.documents.report {
        Some(destination) => terminal.at_the_end(exit, destination.write_report(printed.documents, terminal)),
        None => exit,
    })
}

/// What is printed of one subject, and counts for the call.
struct Answer {
    subject: Subject,
    /// What was found, or why that cannot be known.
    audited: Result<Audited, Failure>,
    document: Option<Result<Value, serde_json::Error>>,
}

impl Answer {
    fn new(subject: &Subject, audited: Result<Audited, Failure>, arguments: &VerifyArgs) -> Self {
        let documents = arguments.documents.format == Format::Json || arguments.documents.report.is_some();
        let document = documents.then(|| match &audited {
            Ok(audited) => document(subject, audited),
            Err(failure) => report::error_document(&subject.display_name(), failure),
        });
        Self { subject: subject.clone(), audited, document }
    }
}

/// What was printed, in the order of the arguments.
struct Printed<'a> {
    arguments: &'a VerifyArgs,
    terminal: Terminal,
    answers: Sorted<Answer>,
    /// How many subjects there are, and how wide the column of their paths is.
    count: usize,
    width: usize,
    totals: VerifyTotals,
    /// What cannot be read, and why.
    unread: Vec<(String, Failure)>,
    worst: Exit,
    unmatched: Unmatched,
    documents: Vec<Value>,
    output: Result<(), CliError>,
}

impl<'a> Printed<'a> {
    fn new(arguments: &'a VerifyArgs, subjects: &[Subject], terminal: Terminal) -> Self {
        let paths = subjects.iter().map(|subject| subject.path().display().to_string());
        Self {
            arguments,
            terminal,
            answers: Sorted::default(),
            count: subjects.len(),
            width: report::column_width(paths),
            totals: VerifyTotals::default(),
            unread: Vec::new(),
            worst: Exit::Success,
            unmatched: Unmatched::default(),
            documents: Vec::new(),
            output: Ok(()),
        }
    }

    /// A subject is done; it is printed when all before it are.
    fn add(&mut self, number: usize, answer: Answer) {
        self.answers.add(number, answer);
        while let Some((_, answer)) = self.answers.take() {
            let printed = self.print(answer);
            self.output = std::mem::replace(&mut self.output, Ok(())).and(printed);
        }
    }

    fn print(&mut self, answer: Answer) -> Result<(), CliError> {
        let Answer { subject, audited, document } = answer;
        let terminal = self.terminal;
        let path = subject.path().display().to_string();
        let name = subject.short_name();
        let is_tree = matches!(subject, Subject::Tree(_));
        let mut output = Ok(());
        let mut is_ok = false;
        match audited {
            Ok(audited) => {
                is_ok = audited.is_sound();
                if audited.kind == WheelKind::Platform {
                    self.unmatched.saw(audited.elf.graph.unused_patterns.clone());
                }
                self.totals.add(&name, is_tree, Some(&audited.findings));
                output = self.print_text(self.text(&path, &audited), is_ok);
                terminal.annotate_findings(&subject.display_name(), &audited.findings);
            }
            Err(failure) => {
                self.unmatched.missed();
                self.totals.add(&name, is_tree, None);
                if self.count > 1 {
                    output = self.print_text(report::unread_line(&path), false);
                }
                self.unread.push((path, failure));
            }
        }
        self.worst = self.worst.max(if is_ok { Exit::Success } else { Exit::Failure });
        if let Some(document) = document.transpose()? {
            if self.arguments.documents.format == Format::Json {
                output = output.and(terminal.document(&document));
            }
            if self.arguments.documents.report.is_some() {
                self.documents.push(document);
            }
        }
        output
    }

    fn text(&self, path: &str, audited: &Audited) -> StyledText {
        let elf = (audited.kind == WheelKind::Platform).then_some(&audited.elf);
        let line = VerifyLine { path, width: self.width, elf, findings: &audited.findings };
        match self.terminal.verbosity() {
            ..0 => line.detailed(Severity::Error),
            0 if self.count > 1 => line.text(),
            0 | 1 => line.detailed(Severity::Warning),
            _ => line.detailed(Severity::Note),
        }
    }

    /// Prints text, where standard output is for people; of what is ok none if only errors are to be printed.
    fn print_text(&self, text: StyledText, is_ok: bool) -> Result<(), CliError> {
        match self.arguments.prints_text() && !(is_ok && self.terminal.is_quiet()) {
            true => self.terminal.print(text),
            false => Ok(()),
        }
    }

    /// Says what cannot be read, and what all of it came to.
    fn finish(&mut self) {
        for (path, failure) in &self.unread {
            self.terminal.wheel_error("verify", path, failure);
        }
        if self.terminal.is_quiet() {
            return;
        }
        let mut texts = vec![self.totals.text()];
        if self.count > 1 && !self.terminal.is_verbose() {
            texts.insert(0, self.totals.findings());
        }
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let printed = self.print_text(text.after_blank(), false);
            self.output = std::mem::replace(&mut self.output, Ok(())).and(printed);
        }
    }
}

impl VerifyArgs {
    /// Whether standard output is for people.
    fn prints_text(&self) -> bool {
        self.documents.format == Format::Text && self.documents.report != Some(Destination::Output)
    }
}

/// What is read of each wheel, which is read once; nothing of a tree.
fn scanned(subjects: &[Subject], limits: &Limits) -> Vec<Option<Result<ScannedWheel, Failure>>> {
    let scanned: Vec<OnceLock<Result<ScannedWheel, Failure>>> =
        subjects.iter().map(|_| OnceLock::new()).collect();
    in_turn(subjects.len(), |number| {
        if let (Some(Subject::Wheel(path)), Some(scanned)) = (subjects.get(number), scanned.get(number)) {
            let scan = || -> Result<ScannedWheel, Error> { scan_wheel(&Wheel::open(path, limits)?) };
            scanned.get_or_init(|| scan().map_err(|error| Failure::from(&error)));
        }
    });
    scanned.into_iter().map(OnceLock::into_inner).collect()
}

/// The wheels, where there are several: they are installed together. One that cannot be read is not among them; it is
/// reported in its turn.
fn install_set(scanned: &[Option<Result<ScannedWheel, Failure>>]) -> InstallSet<'_> {
    let mut install_set = InstallSet::default();
    if scanned.iter().flatten().count() > 1 {
        scanned.iter().flatten().flatten().for_each(|wheel| install_set.add(wheel));
    }
    install_set
}

fn audited(
    subject: &Subject,
    scanned: Option<&Result<ScannedWheel, Failure>>,
    install_set: &InstallSet<'_>,
    resolver: &Resolver,
    options: &AuditOptions,
    limits: &Limits,
) -> Result<Audited, Failure> {
    let failed = |error: Error| Failure::from(&error);
    match (subject, scanned) {
        (Subject::Wheel(path), Some(scanned)) => {
            let scanned = scanned.as_ref().map_err(Clone::clone)?.clone();
            let beside = install_set.beside(&scanned.name);
            // Of the wheel itself only the metadata is read again: as many can be verified as there are, whatever the limit
            // of open files is.
            let wheel = Wheel::open(path, limits).map_err(|error| failed(error.into()))?;
            let audit = audit_scanned(&wheel, scanned, beside, resolver, options).map_err(failed)?;
            let findings = audit.findings().cloned().collect();
            Ok(Audited { kind: audit.kind, elf: audit.elf, findings })
        }
        (Subject::Wheel(path) | Subject::Tree(path), _) => {
            let elf = audit_tree(path, resolver, options, limits).map_err(failed)?;
            Ok(Audited { kind: WheelKind::Platform, findings: elf.findings.clone(), elf })
        }
    }
}

/// What the summary says of one wheel or tree.
fn summary_entry(subject: &Subject, audited: &Result<Audited, Failure>) -> SummaryEntry {
    let name = subject.display_name();
    match audited {
        Ok(audited) => {
            let outcome = if audited.is_sound() { "ok" } else { "failed" };
            let mut entry = SummaryEntry::of_verify(name, &audited.elf, &audited.findings);
            entry.outcome = outcome.to_owned();
            entry
        }
        Err(failure) => SummaryEntry::failed(name, failure),
    }
}

/// The least musl, of what has ELF files.
fn minimum(audited: &Audited) -> Option<&MinimumMusl> {
    (audited.kind == WheelKind::Platform).then_some(&audited.elf.minimum_musl)
}

fn document(subject: &Subject, audited: &Audited) -> Result<Value, serde_json::Error> {
    let modules = audited
        .elf
        .modules
        .iter()
        .map(|module| ModuleView { module, requirements: audited.elf.requirements_of(module).collect() });
    let verdict = Verdict {
        subject: subject.display_name(),
        sound: audited.is_sound(),
        arch: audited.elf.arch,
        minimum_musl: minimum(audited),
        modules: modules.collect(),
        findings: &audited.findings,
    };
    report::document("verify", &verdict)
}
