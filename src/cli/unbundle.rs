//! `unbundle`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueHint};
use muslrepair::audit::{AuditOptions, Severity, Siblings, audit_scanned, scan_wheel};
use muslrepair::repair::{Outcome, RepairError, RepairOptions, RepairResult, apply};
use muslrepair::report::{self, Failure};
use muslrepair::resolve::{Pattern, Resolver, SystemPackages};
use muslrepair::unbundle::{UnbundleOptions, Unbundling, plan};
use muslrepair::wheel::Wheel;
use serde_json::{Value, json};

use super::checks::Checks;
use super::claims::OutputClaims;
use super::exit::Exit;
use super::format::Format;
use super::heading;
use super::inputs;
use super::limits::LimitArgs;
use super::outcome::WheelOutcome;
use super::repair::build_tag;
use super::results::{DocumentArgs, ResultArgs};
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct UnbundleArgs {
    /// Wheels, or directories of wheels
    #[arg(required = true, value_name = "WHEEL|DIR", value_hint = ValueHint::FilePath)]
    wheels: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    documents: DocumentArgs,
    /// Replace only matching libraries (repeatable)
    #[arg(long, value_name = "PATTERN", help_heading = heading::GRAFTING)]
    only: Vec<Pattern>,
    /// Keep matching libraries (repeatable)
    #[arg(long, value_name = "PATTERN", help_heading = heading::GRAFTING)]
    keep: Vec<Pattern>,
    /// Build tag of the changed wheels, such as 1
    ///
    /// Only wheels in which a library was replaced get it.
    #[arg(long, value_name = "TAG", help_heading = heading::TAGS)]
    build_tag: Option<String>,
    /// Use the libraries of this root file system
    ///
    /// Its libraries take the place of the grafted ones: `/` on Alpine, or an unpacked Alpine container.
    #[arg(long, value_name = "DIR", required = true, value_hint = ValueHint::DirPath)]
    #[arg(help_heading = heading::SEARCHING)]
    sysroot: PathBuf,
    #[command(flatten)]
    checks: Checks,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(arguments: &UnbundleArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let start = Instant::now();
    let wheels = inputs::wheels(&arguments.wheels)?;
    if let Some(report) = &arguments.documents.report {
        let taken = arguments.results.dry_run || arguments.documents.format == Format::Json;
        report.check(
            "--report",
            taken.then_some("plans or documents"),
            wheels.iter().map(PathBuf::as_path),
        )?;
    }
    let search = SearchArgs::in_root(&arguments.sysroot);
    let resolver = search.resolver_for_verify(Vec::new(), arguments.limits.limits())?;
    let packages = SystemPackages::read(search.sysroot())?;
    let options = UnbundleOptions {
        only: arguments.only.clone(),
        keep: arguments.keep.clone(),
        build_tag: arguments.build_tag.as_deref().map(build_tag).transpose()?,
        audit: AuditOptions {
            root_musl: packages.musl(),
            system: search.system_for_verify(),
            allow: arguments.checks.allowed(),
            ..AuditOptions::default()
        },
    };
    if options.audit.root_musl.is_none() {
        terminal.warning(&format!(
            "the musl of `{}` is not known: it has no apk database and no loader in /lib",
            arguments.sysroot.display()
        ));
    }
    let claims = OutputClaims::new(&wheels, &arguments.results.wheel_dir);
    let call = Call { arguments, wheels: &wheels, claims, resolver, packages, options };
    let mut printed = Printed::new(&call, *terminal);
    for (index, path) in wheels.iter().enumerate() {
        let outcome = call.one(index, path);
        printed.add(path, outcome);
    }
    Ok(printed.finish(start))
}

/// What all wheels of a call have in common.
struct Call<'a> {
    arguments: &'a UnbundleArgs,
    wheels: &'a [PathBuf],
    claims: OutputClaims<'a>,
    resolver: Resolver,
    packages: SystemPackages,
    options: UnbundleOptions,
}

/// What became of one wheel: its plan, and what was written unless this is a dry run.
type Unbundled = (Unbundling, Option<RepairResult>);

impl Call<'_> {
    fn one(&self, index: usize, path: &Path) -> Result<Unbundled, Failure> {
        let failed = |error: RepairError| Failure::from(&error);
        let read = |error: muslrepair::Error| Failure::from(&error);
        let wheel = Wheel::open(path, &self.resolver.options().limits).map_err(|error| read(error.into()))?;
        let scanned = scan_wheel(&wheel).map_err(read)?;
        let audited =
            audit_scanned(&wheel, scanned.clone(), Siblings::default(), &self.resolver, &self.options.audit);
        let audit = audited.map_err(read)?;
        let unbundling = plan(&wheel, &scanned, &audit, &self.resolver, &self.options, &self.packages);
        let unbundling = unbundling.map_err(failed)?;
        // Unbundling has no results of earlier calls among its inputs: those have another tag.
        let claim = self.claims.claim(index, &unbundling.plan.output.to_string(), |_| Ok(None));
        if let Err(WheelOutcome::Conflict(conflict)) = claim {
            return Err(Failure {
                lines: vec![conflict.because(self.wheels)],
                hints: vec![conflict.hint("unbundle")],
                ..Failure::default()
            });
        }
        if self.arguments.results.dry_run {
            return Ok((unbundling, None));
        }
        let repair = RepairOptions { sbom: false, ..RepairOptions::default() };
        let directory = &self.arguments.results.wheel_dir;
        let result = apply(&wheel, &audit, &unbundling.plan, &repair, directory, &self.packages);
        Ok((unbundling, Some(result.map_err(failed)?)))
    }
}

/// What was printed, and counts for the call.
struct Printed<'a> {
    call: &'a Call<'a>,
    terminal: Terminal,
    worst: Exit,
    output: Result<(), CliError>,
    documents: Vec<Value>,
    unbundled: usize,
    copied: usize,
    failed: Vec<String>,
    replaced: usize,
    wheel_bytes_saved: u64,
    installed_bytes_saved: u64,
    needs: BTreeSet<String>,
    /// How many wheels some library of which each pattern might have matched, and those in which it did not.
    unmatched: BTreeMap<String, usize>,
}

impl<'a> Printed<'a> {
    fn new(call: &'a Call<'a>, terminal: Terminal) -> Self {
        Self {
            call,
            terminal,
            worst: Exit::Success,
            output: Ok(()),
            documents: Vec::new(),
            unbundled: 0,
            copied: 0,
            failed: Vec::new(),
            replaced: 0,
            wheel_bytes_saved: 0,
            installed_bytes_saved: 0,
            needs: BTreeSet::new(),
            unmatched: BTreeMap::new(),
        }
    }

    fn add(&mut self, path: &Path, outcome: Result<Unbundled, Failure>) {
        let printed = match outcome {
            Ok((unbundling, result)) => self.done(path, &unbundling, result.as_ref()),
            Err(failure) => {
                self.worst = self.worst.max(Exit::Failure);
                self.failed.push(inputs::shown(path));
                self.terminal.wheel_error("unbundle", &path.display().to_string(), &failure);
                let document = report::error_document(&inputs::shown(path), &failure);
                document.map_err(CliError::from).and_then(|document| self.emit_json(document))
            }
        };
        self.output = std::mem::replace(&mut self.output, Ok(())).and(printed);
    }

    fn done(
        &mut self,
        path: &Path,
        unbundling: &Unbundling,
        result: Option<&RepairResult>,
    ) -> Result<(), CliError> {
        let terminal = self.terminal;
        let is_copy = unbundling.plan.is_copy();
        *(if is_copy { &mut self.copied } else { &mut self.unbundled }) += 1;
        self.replaced += unbundling.replaced.len();
        self.installed_bytes_saved =
            self.installed_bytes_saved.saturating_add(unbundling.installed_bytes_saved());
        self.needs.extend(unbundling.needs.iter().filter_map(|need| need.token.clone()));
        for pattern in &unbundling.unused_patterns {
            *self.unmatched.entry(pattern.clone()).or_default() += 1;
        }
        terminal.annotate_findings(&inputs::shown(path), &unbundling.plan.findings);
        let document = report::unbundle_document(unbundling, result)?;
        let text = match result {
            None if self.call.arguments.documents.format == Format::Text => {
                terminal.print(report::unbundle_text(unbundling))
            }
            None => Ok(()),
            Some(result) => {
                let saved = result.input_size.saturating_sub(result.output_size);
                self.wheel_bytes_saved = self.wheel_bytes_saved.saturating_add(saved);
                self.written(unbundling, result);
                Ok(())
            }
        };
        text.and(self.emit_json(document))
    }

    /// For people, to standard error. The path comes last.
    fn written(&self, unbundling: &Unbundling, result: &RepairResult) {
        let terminal = self.terminal;
        terminal.say_lines(&report::unbundled_line(unbundling, result));
        match terminal.is_verbose() {
            true => {
                terminal.say(report::unbundle_text(unbundling));
                terminal.say(report::findings_text(&unbundling.plan.findings, Severity::Warning));
            }
            false if terminal.is_quiet() => {}
            false => terminal.say(report::kept_text(unbundling)),
        }
        let path = std::path::absolute(&result.path).unwrap_or_else(|_| result.path.clone());
        if result.outcome == Outcome::Repaired && self.call.wheels.contains(&result.path) {
            terminal.warning("the result replaces its input: do not delete the input afterwards");
        }
        terminal.info(&format!("Fixed-up wheel written to {}", path.display()));
    }

    /// For programs, to standard output and for the report.
    fn emit_json(&mut self, document: Value) -> Result<(), CliError> {
        let told = match self.call.arguments.documents.format {
            Format::Json => self.terminal.document(&document),
            Format::Text => Ok(()),
        };
        self.documents.push(document);
        told
    }

    /// The totals, the report, and the exit status.
    fn finish(self, start: Instant) -> Exit {
        let terminal = self.terminal;
        let tried = self.call.wheels.len();
        for pattern in self.unmatched.iter().filter(|(_, count)| **count == tried).map(|(pattern, _)| pattern)
        {
            let options = &self.call.options;
            let option = if options.only.iter().any(|one| one.as_str() == pattern) { "only" } else { "keep" };
            terminal.warning(&format!("`--{option} {pattern}` matched no library"));
        }
        terminal.info(&self.summary(start));
        if self.replaced > 0 {
            let needs: Vec<&str> = self.needs.iter().map(String::as_str).collect();
            terminal.info(&format!("needed from the system: {}", needs.join(" ")));
        }
        let exit = terminal.at_the_end(self.worst, self.output);
        let Some(destination) = &self.call.arguments.documents.report else { return exit };
        let mut document = report::report_document(self.documents);
        if let Some(fields) = document.as_object_mut() {
            let totals = json!({
                "libraries_replaced": self.replaced,
                "wheel_bytes_saved": self.wheel_bytes_saved,
                "installed_bytes_saved": self.installed_bytes_saved,
                "needs": self.needs,
            });
            fields.insert("totals".to_owned(), totals);
        }
        terminal.at_the_end(exit, destination.write_document(&document, &terminal))
    }

    fn summary(&self, start: Instant) -> String {
        let what = if self.call.arguments.results.dry_run { "to unbundle" } else { "unbundled" };
        let copied = if self.call.arguments.results.dry_run { "to copy" } else { "copied" };
        let counts = [(self.unbundled, what), (self.copied, copied), (self.failed.len(), "failed")];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let wheels = match self.call.wheels.len() {
            1 => "1 wheel".to_owned(),
            count => format!("{count} wheels"),
        };
        let seconds = start.elapsed().as_millis() / 100;
        let mut text = format!("{wheels} in {}.{} s: {}", seconds / 10, seconds % 10, counts.join(", "));
        if !self.failed.is_empty() {
            text.push_str(&format!(" ({})", self.failed.join(", ")));
        }
        if self.replaced > 0 {
            let libraries = if self.replaced == 1 { "library" } else { "libraries" };
            text.push_str(&format!("; {} {libraries} replaced", self.replaced));
            if !self.call.arguments.results.dry_run {
                let saved = report::human_size(self.wheel_bytes_saved);
                text.push_str(&format!(", {saved} less to download"));
            }
            let saved = report::human_size(self.installed_bytes_saved);
            text.push_str(&format!(", {saved} less installed"));
        }
        text
    }
}
