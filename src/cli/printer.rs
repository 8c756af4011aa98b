//! What is printed about the wheels of a repair, in their order.

use std::sync::{Mutex, PoisonError};

use muslrepair::Escaped;
use muslrepair::audit::{Finding, Severity};
use muslrepair::repair::{Note, Outcome, Plan, RepairError, RepairResult};
use muslrepair::report::{self, Failure};
use serde_json::Value;

use super::batch::Batch;
use super::compat::{self, OutputMode};
use super::excludes::Unmatched;
use super::exit::Exit;
use super::format::Format;
use super::inputs;
use super::outcome::{OutputConflict, WheelOutcome, Written};
use super::summary::Summary;
use super::term::{CliError, Terminal};
use super::turns::Sorted;

/// Prints what becomes of the wheels, in their order.
pub(super) struct Printer<'a> {
    batch: &'a Batch,
    format: Format,
    /// Whether the documents are kept for `--report`.
    keep: bool,
    terminal: Terminal,
    state: Mutex<State>,
}

struct State {
    outcomes: Sorted<WheelOutcome>,
    worst: Exit,
    output: Result<(), CliError>,
    documents: Vec<Value>,
    summary: Summary,
    unmatched: Unmatched,
}

impl<'a> Printer<'a> {
    pub(super) fn new(batch: &'a Batch, format: Format, keep: bool, terminal: Terminal) -> Self {
        let state = State {
            outcomes: Sorted::default(),
            worst: Exit::Success,
            output: Ok(()),
            documents: Vec::new(),
            summary: Summary::default(),
            unmatched: Unmatched::default(),
        };
        Self { batch, format, keep, terminal, state: Mutex::new(state) }
    }

    /// A wheel is done; it is printed when all before it are.
    pub(super) fn done(&self, index: usize, outcome: WheelOutcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.outcomes.add(index, outcome);
        while let Some((next, outcome)) = state.outcomes.take() {
            let exit = self.print(next, &outcome);
            state.worst = state.worst.max(exit);
            state.summary.count(&outcome);
            look(&outcome, &mut state.unmatched);
            let told = self.tell(next, &outcome, &mut state.documents);
            // The paths of results come last, when everything else about a wheel is said.
            if let WheelOutcome::Done(_, Some(written)) = &outcome {
                self.written(written);
            }
            state.output = std::mem::replace(&mut state.output, Ok(())).and(told);
        }
    }

    /// The worst that happened, writing to standard output among it, and the documents of all wheels if they are kept.
    pub(super) fn finish(self) -> (Exit, Vec<Value>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.unmatched.warn(&self.batch.excludes, self.terminal);
        if self.terminal.mode() == OutputMode::Own && !self.batch.dry_run && self.batch.wheels.len() > 1 {
            self.terminal.info(&state.summary.to_string());
        }
        (self.terminal.at_the_end(state.worst, state.output), state.documents)
    }

    /// The path as it was given: wheels in several directories may have one name.
    fn path(&self, index: usize) -> String {
        self.batch.wheels.get(index).map_or_else(String::new, |path| path.display().to_string())
    }

    fn because(&self, conflict: &OutputConflict) -> String {
        match conflict {
            OutputConflict::SameOutput(other, output) => {
                format!("`{}` of this call gives `{output}` as well", self.path(*other))
            }
            OutputConflict::ReplacesInput(other) => format!(
                "its result would replace `{}`, another input of this call, which differs from it",
                self.path(*other)
            ),
        }
    }

    fn shown(&self, index: usize) -> String {
        self.batch.wheels.get(index).map_or_else(String::new, |path| inputs::shown(path))
    }

    /// For people, to standard error.
    fn print(&self, index: usize, outcome: &WheelOutcome) -> Exit {
        let shown = self.shown(index);
        let terminal = self.terminal;
        match outcome {
            WheelOutcome::Skipped => {
                terminal.warning(&format!("`{shown}` was not tried: one before it failed"));
                Exit::Failure
            }
            WheelOutcome::ResultOf(other) => {
                let other = self.shown(*other);
                terminal.info(&format!(
                    "Passing over {shown}: it is the result of {other}, which is repaired again"
                ));
                Exit::Success
            }
            WheelOutcome::Pure => {
                terminal.info(compat::not_a_platform_wheel());
                Exit::Failure
            }
            WheelOutcome::Refused(message) => {
                terminal.error(message);
                Exit::Usage
            }
            WheelOutcome::Conflict(conflict) => {
                terminal.error(&format!("cannot repair `{}`: {}", self.path(index), self.because(conflict)));
                terminal.hint(match conflict {
                    OutputConflict::SameOutput(..) => {
                        "repair each in a call of its own, into another `--wheel-dir`"
                    }
                    OutputConflict::ReplacesInput(_) => {
                        "name only the wheels to repair, or another `--wheel-dir`"
                    }
                });
                Exit::Failure
            }
            WheelOutcome::Failed(error) => self.failed(&shown, error),
            WheelOutcome::Done(plan, Some(written)) => {
                self.repaired(&shown, plan, written);
                Exit::Success
            }
            WheelOutcome::Done(plan, None) => {
                terminal.annotate_findings(&shown, &plan.findings);
                Exit::Success
            }
        }
    }

    fn failed(&self, shown: &str, error: &RepairError) -> Exit {
        if self.terminal.mode() == OutputMode::Auditwheel {
            let asked = match &self.batch.options.platform {
                muslrepair::repair::PlatformChoice::Tag(tag) => tag.to_string(),
                _ => "musllinux".to_owned(),
            };
            if let Some(message) = compat::gate(shown, &asked, error) {
                self.terminal.error(&message);
                return Exit::Usage;
            }
        }
        self.terminal.wheel_error("repair", shown, &Failure::from(error));
        match error {
            RepairError::WrongPlatform { .. } | RepairError::NoPolicy(_) => Exit::Usage,
            _ => Exit::Failure,
        }
    }

    fn repaired(&self, shown: &str, plan: &Plan, written: &Written) {
        let terminal = self.terminal;
        terminal.info(&match (terminal.mode(), written.result.outcome) {
            (OutputMode::Auditwheel, _) | (OutputMode::Own, Outcome::Repaired) => {
                format!("Repairing {shown}")
            }
            (OutputMode::Own, Outcome::Copied) => format!("Copying {shown}: there is nothing to repair"),
        });
        for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
            match terminal.mode() {
                OutputMode::Auditwheel => terminal.log_record(compat::note(note)),
                OutputMode::Own if note.is_warning() => terminal.warning(&note.to_string()),
                OutputMode::Own => terminal.info(&note.to_string()),
            }
        }
        match (terminal.mode(), &plan.target) {
            (OutputMode::Own, _) => {}
            (OutputMode::Auditwheel, None) => terminal.info(compat::not_a_platform_wheel()),
            (OutputMode::Auditwheel, Some(_)) => {
                for line in compat::tag_lines(plan) {
                    terminal.log_record(("INFO", "wheeltools", line));
                }
            }
        }
        self.findings(shown, &plan.findings);
        if written.over_input {
            terminal.warning("the result replaces its input: do not delete the input afterwards");
        }
        terminal.detail_lines(&report::plan_text(plan));
        if terminal.mode() == OutputMode::Own {
            terminal.say_lines(&report::size_text(&written.result, terminal.is_verbose()));
        }
    }

    /// What the audit found and the plan does not fix, as `verify` prints it.
    fn findings(&self, shown: &str, findings: &[Finding]) {
        match self.terminal.mode() {
            OutputMode::Own => self.terminal.say_lines(&report::findings_text(findings, Severity::Warning)),
            OutputMode::Auditwheel => {
                for finding in findings {
                    self.terminal.log_record(("WARNING", "main_repair", finding.message.clone()));
                }
            }
        }
        self.terminal.annotate_findings(shown, findings);
    }

    /// The one line that scripts look for. In a log record the path has a line to itself.
    fn written(&self, written: &Written) {
        let RepairResult { path, .. } = &written.result;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let line = format!("Fixed-up wheel written to {}", path.display());
        match self.terminal.mode() {
            OutputMode::Own => self.terminal.info(&line),
            OutputMode::Auditwheel => self.terminal.say_lines(&format!("\n{}", Escaped(&line))),
        }
    }

    /// For programs, to standard output and for the report.
    fn tell(&self, index: usize, outcome: &WheelOutcome, documents: &mut Vec<Value>) -> Result<(), CliError> {
        let document = match self.format == Format::Json || self.keep {
            true => self.document(index, outcome)?,
            false => None,
        };
        // First, because standard output may take nothing more.
        if self.keep {
            documents.extend(document.clone());
        }
        match (self.format, document, outcome) {
            (Format::Text, _, WheelOutcome::Done(plan, None)) => {
                let findings = report::findings_text(&plan.findings, Severity::Warning);
                self.terminal.result(&(report::plan_text(plan) + &findings))
            }
            (Format::Json, Some(document), _) => self.terminal.document(&document),
            _ => Ok(()),
        }
    }

    fn document(&self, index: usize, outcome: &WheelOutcome) -> Result<Option<Value>, CliError> {
        let shown = self.shown(index);
        let failed = |text: String| {
            report::error_document(&shown, &Failure { lines: vec![text], ..Failure::default() })
        };
        Ok(Some(match outcome {
            WheelOutcome::Done(plan, None) => report::plan_document(plan)?,
            WheelOutcome::Done(plan, Some(written)) => report::outcome_document(&written.result, plan)?,
            WheelOutcome::Failed(error) => report::error_document(&shown, &Failure::from(error))?,
            WheelOutcome::Pure => failed(compat::not_a_platform_wheel().to_owned())?,
            WheelOutcome::Refused(message) => failed(message.clone())?,
            WheelOutcome::Conflict(conflict) => failed(self.because(conflict))?,
            WheelOutcome::Skipped => failed("it was not tried: one before it failed".to_owned())?,
            // The other wheel has the document of this file.
            WheelOutcome::ResultOf(_) => return Ok(None),
        }))
    }
}

/// What the patterns of a wheel's plan say. A wheel without ELF files says nothing.
fn look(outcome: &WheelOutcome, unmatched: &mut Unmatched) {
    match outcome {
        WheelOutcome::Done(plan, _) if plan.target.is_some() => {
            unmatched.saw(plan.notes.iter().filter_map(|note| match note {
                Note::PatternUnused { pattern } => Some(pattern.as_str()),
                _ => None,
            }));
        }
        WheelOutcome::Failed(_)
        | WheelOutcome::Refused(_)
        | WheelOutcome::Conflict(_)
        | WheelOutcome::Skipped => unmatched.missed(),
        WheelOutcome::Done(..) | WheelOutcome::Pure | WheelOutcome::ResultOf(_) => {}
    }
}
