//! `verify`.

use std::path::PathBuf;

use clap::Args;
use muslrepair::musl::Release;
use muslrepair::policy::{
    AuditOptions, Code, Examination, Finding, MinimumMusl, Module, Neighbourhood, Severity, WheelKind,
    audit_beside, audit_tree, conformance,
};
use muslrepair::resolve::{ApkDatabase, Pattern, Resolver};
use muslrepair::wheel::{Arch, Wheel};
use muslrepair::{Error, report};
use serde::Serialize;

use super::config::Config;
use super::excludes::{Excludes, Unmatched};
use super::inputs::Subject;
use super::search::SearchArgs;
use super::show::Format;
use super::term::{Stop, Terminal};
use super::{Exit, inputs};

#[derive(Debug, Args)]
#[command(after_long_help = codes_help())]
pub(super) struct VerifyArgs {
    /// Wheels, directories of wheels, or unpacked trees such as a site-packages
    #[arg(required = true, value_name = "WHEEL|TREE")]
    subjects: Vec<PathBuf>,
    /// The newest musl that may be needed: fail if it is a newer one
    #[arg(long, value_name = "X.Y.Z")]
    min_musl: Option<Release>,
    /// Do not report this finding, by its code; can be given more than once
    #[arg(long, value_name = "CODE")]
    allow: Vec<Code>,
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
    modules: &'a [Module],
    findings: &'a [Finding],
}

/// A subject after its audit.
struct Audited {
    kind: WheelKind,
    elf: Examination,
}

fn codes_help() -> String {
    let mut help = "Findings (codes for --allow):\n".to_owned();
    for code in Code::ALL {
        help.push_str(&format!("  {code} ({})\n      {}\n", code.severity(), code.meaning()));
    }
    help
}

pub(super) fn run(arguments: &VerifyArgs, terminal: &Terminal) -> Result<Exit, Stop> {
    let subjects = inputs::subjects(&arguments.subjects)?;
    let config = Config::read(arguments.config.as_deref())?;
    let excludes = Excludes::new(&arguments.exclude, &config)?;
    let asked = arguments.min_musl.or(config.min_musl()?);
    // What is verified has to stand by itself: libraries outside count only where a root file system is named.
    let resolver = arguments.search.resolver_for_verify(excludes.patterns())?;
    let packages = match arguments.search.has_sysroot() {
        true => ApkDatabase::read(&arguments.search.sysroot())?,
        false => None,
    };
    let root_musl = packages.as_ref().and_then(root_musl);
    let options = AuditOptions { allow: arguments.allow.clone(), ..AuditOptions::default() };
    let neighbourhood = neighbourhood(&subjects, &resolver);
    let mut worst = Exit::Success;
    let mut unmatched = Unmatched::default();
    for subject in &subjects {
        let exit = match audited(subject, &neighbourhood, &resolver, &options) {
            Ok(mut audited) => {
                judge_release(&mut audited.elf, subject, asked, root_musl, &arguments.allow);
                if audited.kind == WheelKind::Platform {
                    unmatched.saw(audited.elf.graph.unused_patterns.iter().cloned());
                }
                say(subject, &audited, arguments.format, *terminal)?
            }
            Err(error) => {
                unmatched.missed();
                failed(subject, &error, arguments.format, *terminal)?;
                Exit::Failure
            }
        };
        worst = worst.max(exit);
    }
    unmatched.warn(&excludes, *terminal);
    Ok(worst)
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
            Ok(Audited { kind: WheelKind::Platform, elf })
        }
        Subject::Wheel(path) => {
            let wheel = Wheel::open(path, &resolver.options().limits)?;
            let beside = neighbourhood.beside(wheel.filename());
            let mut audit = audit_beside(&wheel, beside, resolver, options)?;
            let mut more = conformance(&wheel, &audit);
            more.retain(|finding| !options.allow.contains(&finding.code));
            audit.elf.findings.extend(more);
            Ok(Audited { kind: audit.kind, elf: audit.elf })
        }
    }
}

/// The musl of a root file system, by its package.
fn root_musl(packages: &ApkDatabase) -> Option<Release> {
    let version = &packages.package("musl")?.version;
    version.split(['-', '_']).next()?.parse().ok()
}

fn judge_release(
    elf: &mut Examination,
    subject: &Subject,
    asked: Option<Release>,
    root: Option<Release>,
    allow: &[Code],
) {
    if allow.contains(&Code::OverclaimedTag) {
        return;
    }
    let minimum = &elf.minimum_musl;
    if let Some(asked) = asked.filter(|asked| minimum.version.is_none_or(|version| version > *asked)) {
        elf.findings.push(minimum.finding(&subject.shown(), asked));
    }
    // A root has one musl, and what counts is whether things load on that.
    if let Some(root) = root
        && let Some(module) = elf.modules.iter().find(|module| !module.loads_on.contains(root))
        && elf.errors().next().is_none()
    {
        let mut finding = elf.minimum_musl.finding(&subject.shown(), root);
        finding.message =
            format!("`{}` does not load on musl {root}, which the root file system has", module.path);
        finding.details = module.requirements.iter().map(ToString::to_string).collect();
        elf.findings.push(finding);
    }
}

fn say(subject: &Subject, audited: &Audited, format: Format, terminal: Terminal) -> Result<Exit, Stop> {
    let sound = audited.elf.errors().next().is_none();
    let minimum = (audited.kind == WheelKind::Platform).then_some(&audited.elf.minimum_musl);
    if format == Format::Json {
        let verdict = Verdict {
            subject: subject.shown(),
            sound,
            arch: audited.elf.arch,
            minimum_musl: minimum,
            modules: &audited.elf.modules,
            findings: &audited.elf.findings,
        };
        terminal.document(&report::document("verify", &verdict)?)?;
    } else if !(sound && terminal.is_quiet()) {
        let mut text = format!("{}: {}", subject.shown(), if sound { "sound" } else { "not sound" });
        if let Some(loads) = minimum.and_then(|minimum| report::minimum_text(&audited.elf, minimum)) {
            text.push_str(&format!(", {loads}"));
        }
        text.push('\n');
        let least = if terminal.is_quiet() { Severity::Error } else { Severity::Warning };
        text.push_str(&report::findings_text(&audited.elf.findings, least));
        terminal.result(&text)?;
    }
    terminal.annotate_findings(&subject.shown(), &audited.elf.findings);
    Ok(if sound { Exit::Success } else { Exit::Failure })
}

fn failed(subject: &Subject, error: &Error, format: Format, terminal: Terminal) -> Result<(), Stop> {
    if format == Format::Json {
        terminal.document(&report::error_document(&subject.shown(), error)?)?;
    }
    terminal.wheel_error("verify", &subject.shown(), error);
    Ok(())
}
