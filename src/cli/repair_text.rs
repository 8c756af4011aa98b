//! The messages of `repair` about its wheels, in muslrepair's own mode.

use std::time::Instant;

use muslrepair::audit::Severity;
use muslrepair::repair::{Note, Plan};
use muslrepair::report::{self, Failure, FindingGroups, RepairStatus, RepairTotals, StyledText};

use super::batch::Batch;
use super::format::Format;
use super::inputs;
use super::missing::install_all;
use super::outcome::{WheelOutcome, Written};
use super::summary;
use super::term::{CliError, Terminal};

/// Why `--fail-fast` skips a wheel.
pub(super) const SKIPPED: &str = "skipped: an earlier wheel failed";

/// Prints the outcomes in order: a line for each wheel, and at the end the reasons for failures, the
/// remaining problems, and the totals. A repair prints to standard error, because its results are files; a
/// dry run prints to standard output.
pub(super) struct RepairText<'a> {
    batch: &'a Batch,
    format: Format,
    terminal: Terminal,
    /// The width of the column of names.
    width: usize,
    /// The paths of failed wheels, and the reasons.
    failures: Vec<(String, Failure)>,
    findings: FindingGroups,
    totals: RepairTotals,
    started: Instant,
}

impl<'a> RepairText<'a> {
    pub(super) fn new(batch: &'a Batch, format: Format, terminal: Terminal) -> Self {
        // Most results have the name of their input with another tag.
        let names = batch.wheels.iter().map(|path| inputs::shown(path).replace("-linux_", "-musllinux_1_2_"));
        Self {
            batch,
            format,
            terminal,
            width: report::column_width(names),
            failures: Vec::new(),
            findings: FindingGroups::default(),
            totals: RepairTotals::default(),
            started: Instant::now(),
        }
    }

    /// The path as it was given: wheels in several directories may have the same name.
    fn path(&self, index: usize) -> String {
        self.batch.wheels.get(index).map_or_else(String::new, |path| path.display().to_string())
    }

    fn name(&self, index: usize) -> String {
        self.batch.wheels.get(index).map_or_else(String::new, |path| inputs::shown(path))
    }

    /// Prints the outcome for a wheel.
    pub(super) fn add(&mut self, index: usize, outcome: &WheelOutcome) -> Result<(), CliError> {
        let short_name =
            self.batch.wheels.get(index).map_or_else(String::new, |path| inputs::short_name(path));
        summary::count(&mut self.totals, &short_name, outcome);
        match outcome {
            WheelOutcome::Done(plan, written) => self.done(index, &short_name, plan, written.as_ref()),
            WheelOutcome::Skipped => self.unrepaired(RepairStatus::Skipped, index, "an earlier wheel failed"),
            WheelOutcome::ResultOf(other) => {
                let why = format!("result of {}, which is repaired again", self.name(*other));
                self.unrepaired(RepairStatus::Skipped, index, &why)
            }
            WheelOutcome::Failed(error) => self.failed(index, Failure::from(error)),
            WheelOutcome::Pure => self.failed(index, failure(report::no_elf_sentence().to_owned(), None)),
            WheelOutcome::Refused(message) => self.failed(index, failure(message.clone(), None)),
            WheelOutcome::Conflict(conflict) => {
                let failure = failure(conflict.because(&self.batch.wheels), Some(conflict.hint("repair")));
                self.failures.push((self.path(index), failure));
                self.unrepaired(RepairStatus::Failed, index, conflict.in_short())
            }
        }
    }

    fn unrepaired(&self, status: RepairStatus, index: usize, why: &str) -> Result<(), CliError> {
        let is_quiet = self.terminal.is_quiet() && status != RepairStatus::Failed;
        let line = report::unrepaired_line(status, &self.name(index), self.width, why);
        if is_quiet { Ok(()) } else { self.say(line) }
    }

    fn failed(&mut self, index: usize, failure: Failure) -> Result<(), CliError> {
        let first = failure.lines.first().cloned().unwrap_or_default();
        self.failures.push((self.path(index), failure));
        self.unrepaired(RepairStatus::Failed, index, &first)
    }

    fn done(
        &mut self,
        index: usize,
        short_name: &str,
        plan: &Plan,
        written: Option<&Written>,
    ) -> Result<(), CliError> {
        let terminal = self.terminal;
        terminal.annotate_findings(&self.name(index), &plan.findings);
        self.findings.add(short_name, &plan.findings);
        if terminal.is_quiet() {
            return Ok(());
        }
        let is_alone = self.batch.wheels.len() == 1;
        self.say(report::repaired_line(plan, written.map(|written| &written.result), self.width))?;
        if let Some(written) = written {
            terminal.info(&written.line());
        }
        if terminal.is_verbose() || (is_alone && self.batch.dry_run) {
            self.say(report::plan_text(plan))?;
        } else {
            self.notes(plan, is_alone);
        }
        if let Some(written) = written.filter(|_| terminal.is_verbose()) {
            self.say(report::grafts_text(&written.result))?;
        }
        if is_alone || terminal.is_verbose() {
            self.say(report::findings_text(&plan.findings, Severity::Warning))?;
        }
        if written.is_some_and(|written| written.over_input) {
            terminal.warning("the result replaces its input: do not delete the input afterwards");
        }
        Ok(())
    }

    /// Prints the notes of a plan; for several wheels only the warnings.
    fn notes(&self, plan: &Plan, is_alone: bool) {
        // Unused patterns are known only after all wheels are planned.
        for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
            if note.is_warning() {
                self.terminal.warning(&note.to_string());
            } else if is_alone {
                self.terminal.info(&note.to_string());
            }
        }
    }

    /// Prints the reasons for failures, the remaining problems, and the totals.
    pub(super) fn finish(&self) -> Result<(), CliError> {
        let several = self.batch.wheels.len() > 1;
        for (number, (path, failure)) in self.failures.iter().enumerate() {
            if several && number == 0 && !self.terminal.is_quiet() {
                self.terminal.say(StyledText::default().after_blank());
            }
            self.terminal.wheel_error("repair", path, failure);
        }
        if let Some(hint) = install_all(self.failures.iter().map(|(_, failure)| failure)) {
            self.terminal.hint(&hint);
        }
        if !several || self.terminal.is_quiet() {
            return Ok(());
        }
        let findings = self.findings.text();
        if !findings.is_empty() && !self.terminal.is_verbose() {
            self.say(findings.after_blank())?;
        }
        let took = (!self.batch.dry_run).then(|| self.started.elapsed());
        self.say(self.totals.text(took).after_blank())
    }

    fn say(&self, text: StyledText) -> Result<(), CliError> {
        match (self.batch.dry_run, self.format) {
            (false, _) => {
                self.terminal.say(text);
                Ok(())
            }
            (true, Format::Text) => self.terminal.print(text),
            // Standard output has only documents.
            (true, Format::Json) => Ok(()),
        }
    }
}

fn failure(line: String, hint: Option<String>) -> Failure {
    Failure { lines: vec![line], hints: hint.into_iter().collect(), ..Failure::default() }
}
