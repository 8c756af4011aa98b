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
use muslrepair::report::{self, Failure, SummaryEntry};
use muslrepair::resolve::{Pattern, Resolver, SystemPackages};
use muslrepair::wheel::Wheel;
use muslrepair::{Error, Escaped, Limits};
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
    /// Print text or json [default: text]
    ///
    /// `json` prints one document per wheel or tree and line.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: Format,
    /// Write a JSON report to this file (- for stdout)
    ///
    /// The report is one document about all wheels and trees. On standard output it replaces the text.
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination))]
    #[arg(help_heading = heading::OUTPUT, value_hint = ValueHint::FilePath)]
    report: Option<Destination>,
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
    if let Some(report) = &arguments.report {
        let taken = (arguments.format == Format::Json).then_some("documents");
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
        // Without a root file system that was named, the musl of this machine is no matter.
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
    let printed = Mutex::new(Printed::new(arguments, *terminal));
    in_turn(subjects.len(), |number| {
        let (Some(subject), Some(scanned)) = (subjects.get(number), scanned.get(number)) else { return };
        let mut audited = audited(subject, scanned.as_ref(), &install_set, &resolver, &options, &limits);
        if let (Ok(audited), Some(Deny::Warnings)) = (&mut audited, arguments.deny) {
            audited.deny_warnings();
        }
        if let Some(summary) = &summary {
            summary.update(number, |entry| *entry = summary_entry(subject, &audited));
        }
        let answer = Answer::new(subject, audited, arguments, terminal.is_quiet());
        printed.lock().unwrap_or_else(PoisonError::into_inner).add(number, answer);
    });
    let printed = printed.into_inner().unwrap_or_else(PoisonError::into_inner);
    printed.unmatched.warn(&excludes, *terminal);
    let exit = terminal.at_the_end(printed.worst, printed.output);
    let exit = terminal.at_the_end(exit, summary.map_or(Ok(()), |summary| summary.write("verify")));
    Ok(match &arguments.report {
        Some(destination) => terminal.at_the_end(exit, destination.write_report(printed.documents, terminal)),
        None => exit,
    })
}

/// What is printed of one subject, and counts for the call.
struct Answer {
    shown: String,
    /// Text and findings, or why there are none.
    said: Result<(String, Vec<Finding>), Failure>,
    sound: bool,
    /// The patterns that matched nothing, where there was something to match.
    unused: Option<Vec<String>>,
    document: Option<Result<Value, serde_json::Error>>,
}

impl Answer {
    fn new(
        subject: &Subject,
        audited: Result<Audited, Failure>,
        arguments: &VerifyArgs,
        only_errors: bool,
    ) -> Self {
        let shown = subject.display_name();
        let documents = arguments.format == Format::Json || arguments.report.is_some();
        match audited {
            Err(failure) => {
                let document = documents.then(|| report::error_document(&shown, &failure));
                Self { shown, said: Err(failure), sound: false, unused: None, document }
            }
            Ok(audited) => Self {
                sound: audited.is_sound(),
                unused: (audited.kind == WheelKind::Platform)
                    .then(|| audited.elf.graph.unused_patterns.clone()),
                document: documents.then(|| document(subject, &audited)),
                said: Ok((text(subject, &audited, only_errors), audited.findings)),
                shown,
            },
        }
    }
}

/// What was printed, in the order of the arguments.
struct Printed<'a> {
    arguments: &'a VerifyArgs,
    terminal: Terminal,
    answers: Sorted<Answer>,
    worst: Exit,
    unmatched: Unmatched,
    documents: Vec<Value>,
    output: Result<(), CliError>,
}

impl<'a> Printed<'a> {
    fn new(arguments: &'a VerifyArgs, terminal: Terminal) -> Self {
        Self {
            arguments,
            terminal,
            answers: Sorted::default(),
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
        let Answer { shown, said, sound, unused, document } = answer;
        let terminal = self.terminal;
        let mut output = Ok(());
        match said {
            Ok((text, findings)) => {
                if let Some(unused) = unused {
                    self.unmatched.saw(unused);
                }
                if self.arguments.prints_text() && !(sound && terminal.is_quiet()) {
                    output = terminal.result(&text);
                }
                terminal.annotate_findings(&shown, &findings);
            }
            Err(failure) => {
                self.unmatched.missed();
                terminal.wheel_error("verify", &shown, &failure);
            }
        }
        self.worst = self.worst.max(if sound { Exit::Success } else { Exit::Failure });
        if let Some(document) = document.transpose()? {
            if self.arguments.format == Format::Json {
                output = output.and(terminal.document(&document));
            }
            if self.arguments.report.is_some() {
                self.documents.push(document);
            }
        }
        output
    }
}

impl VerifyArgs {
    /// Whether standard output is for people.
    fn prints_text(&self) -> bool {
        self.format == Format::Text && self.report != Some(Destination::Output)
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

fn text(subject: &Subject, audited: &Audited, only_errors: bool) -> String {
    let sound = audited.is_sound();
    let mut text =
        format!("{}: {}", Escaped(&subject.display_name()), if sound { "sound" } else { "not sound" });
    if let Some(loads) = minimum(audited).and_then(|minimum| report::minimum_text(&audited.elf, minimum)) {
        text.push_str(&format!(", {loads}"));
    }
    text.push('\n');
    let least = if only_errors { Severity::Error } else { Severity::Warning };
    text.push_str(&report::findings_text(&audited.findings, least));
    text
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
