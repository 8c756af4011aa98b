//! `verify`.

use std::path::PathBuf;

use clap::Args;
use muslrepair::Error;
use muslrepair::audit::{
    AuditOptions, ElfAudit, Finding, MinimumMusl, Module, Neighbourhood, Requirement, Severity, WheelKind,
    audit_beside, audit_tree,
};
use muslrepair::musl::Release;
use muslrepair::platform::Arch;
use muslrepair::report::{self, Failure};
use muslrepair::resolve::{Pattern, Resolver, SystemPackages};
use muslrepair::wheel::Wheel;
use serde::Serialize;
use serde_json::Value;

use super::checks::Checks;
use super::config::Config;
use super::destination::Destination;
use super::excludes::{Excludes, Unmatched};
use super::exit::Exit;
use super::format::Format;
use super::inputs;
use super::inputs::Subject;
use super::search::SearchArgs;
use super::term::{Stop, Terminal};

#[derive(Debug, Args)]
#[command(
    after_help = "`muslrepair explain` lists the rules, and `muslrepair explain CODE` explains one of them."
)]
pub(super) struct VerifyArgs {
    /// Wheels, directories of wheels, or unpacked trees such as a site-packages
    #[arg(required = true, value_name = "WHEEL|TREE")]
    subjects: Vec<PathBuf>,
    /// The newest musl that may be needed: fail if it is a newer one
    #[arg(long, value_name = "X.Y.Z")]
    min_musl: Option<Release>,
    #[command(flatten)]
    checks: Checks,
    /// The user provides this library: a pattern for its name or its path; can be given more than once
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<Pattern>,
    /// Read `exclude` and `min-musl` from this file, as `repair` does, instead of [tool.muslrepair] in pyproject.toml of
    /// the working directory
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `text`, or one JSON document per subject
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write one JSON document about all wheels and trees to this file, or to standard output for `-`, in place of text
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination))]
    report: Option<Destination>,
    #[command(flatten)]
    search: SearchArgs,
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

pub(super) fn run(arguments: &VerifyArgs, terminal: &Terminal) -> Result<Exit, Stop> {
    let subjects = inputs::subjects(&arguments.subjects)?;
    if let Some(report) = &arguments.report {
        let taken = (arguments.format == Format::Json).then_some("documents");
        report.check(taken, subjects.iter().map(Subject::path))?;
    }
    let config = Config::read(arguments.config.as_deref())?;
    let excludes = Excludes::new(&arguments.exclude, &config)?;
    // What is verified has to stand by itself: libraries outside count only where a root file system is named.
    let resolver = arguments.search.resolver_for_verify(excludes.patterns())?;
    let packages = match arguments.search.has_sysroot() {
        true => SystemPackages::read(arguments.search.sysroot())?,
        false => SystemPackages::default(),
    };
    let options = AuditOptions {
        min_musl: arguments.min_musl.or(config.min_musl()?),
        root_musl: root_musl(&packages),
        allow: arguments.checks.allowed(),
        ..AuditOptions::default()
    };
    let neighbourhood = neighbourhood(&subjects, &resolver);
    let mut worst = Exit::Success;
    let mut unmatched = Unmatched::default();
    let mut documents = Vec::new();
    let mut output = Ok(());
    for subject in &subjects {
        let (exit, document) = match audited(subject, &neighbourhood, &resolver, &options) {
            Ok(audited) => {
                if audited.kind == WheelKind::Platform {
                    unmatched.saw(audited.elf.graph.unused_patterns.iter().cloned());
                }
                let sound = audited.is_sound();
                if arguments.prints_text() && !(sound && terminal.is_quiet()) {
                    output = output.and(terminal.result(&text(subject, &audited, terminal.is_quiet())));
                }
                terminal.annotate_findings(&subject.shown(), &audited.findings);
                let exit = if sound { Exit::Success } else { Exit::Failure };
                (exit, document(subject, &audited)?)
            }
            Err(error) => {
                unmatched.missed();
                let failure = Failure::from(&error);
                terminal.wheel_error("verify", &subject.shown(), &failure);
                (Exit::Failure, report::error_document(&subject.shown(), &failure)?)
            }
        };
        worst = worst.max(exit);
        if arguments.format == Format::Json {
            output = output.and(terminal.document(&document));
        }
        if arguments.report.is_some() {
            documents.push(document);
        }
    }
    unmatched.warn(&excludes, *terminal);
    let exit = terminal.at_the_end(worst, output);
    Ok(match &arguments.report {
        Some(destination) => terminal.at_the_end(exit, destination.write_report(documents, terminal)),
        None => exit,
    })
}

impl VerifyArgs {
    /// Whether standard output is for people.
    fn prints_text(&self) -> bool {
        self.format == Format::Text && self.report != Some(Destination::Output)
    }
}

/// The wheels, where there are several: they are installed together. One that cannot be read is not among them; it is
/// reported in its turn.
fn neighbourhood(subjects: &[Subject], resolver: &Resolver) -> Neighbourhood {
    let wheels = subjects.iter().filter_map(|subject| match subject {
        Subject::Wheel(path) => Some(path),
        Subject::Tree(_) => None,
    });
    let mut neighbourhood = Neighbourhood::default();
    if wheels.clone().count() > 1 {
        for path in wheels {
            let wheel = Wheel::open(path, &resolver.options().limits).map_err(Error::from);
            let _ = wheel.and_then(|wheel| neighbourhood.add(&wheel));
        }
    }
    neighbourhood
}

fn audited(
    subject: &Subject,
    neighbourhood: &Neighbourhood,
    resolver: &Resolver,
    options: &AuditOptions,
) -> Result<Audited, Error> {
    match subject {
        Subject::Tree(path) => {
            let elf = audit_tree(path, resolver, options, &resolver.options().limits)?;
            Ok(Audited { kind: WheelKind::Platform, findings: elf.findings.clone(), elf })
        }
        Subject::Wheel(path) => {
            let wheel = Wheel::open(path, &resolver.options().limits)?;
            let beside = neighbourhood.beside(wheel.filename());
            let audit = audit_beside(&wheel, beside, resolver, options)?;
            let findings = audit.findings().cloned().collect();
            Ok(Audited { kind: audit.kind, elf: audit.elf, findings })
        }
    }
}

/// The musl of a root file system, by its package.
fn root_musl(packages: &SystemPackages) -> Option<Release> {
    let version = &packages.package("musl")?.version;
    version.split(['-', '_']).next()?.parse().ok()
}

/// The least musl, of what has ELF files.
fn minimum(audited: &Audited) -> Option<&MinimumMusl> {
    (audited.kind == WheelKind::Platform).then_some(&audited.elf.minimum_musl)
}

fn text(subject: &Subject, audited: &Audited, only_errors: bool) -> String {
    let sound = audited.is_sound();
    let mut text = format!("{}: {}", subject.shown(), if sound { "sound" } else { "not sound" });
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
        subject: subject.shown(),
        sound: audited.is_sound(),
        arch: audited.elf.arch,
        minimum_musl: minimum(audited),
        modules: modules.collect(),
        findings: &audited.findings,
    };
    report::document("verify", &verdict)
}
