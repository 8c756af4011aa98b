//! Prints the outcomes for the wheels of a repair, in order.

use std::sync::{Mutex, PoisonError};

use muslrepair::Escaped;
use muslrepair::audit::Severity;
use muslrepair::repair::{Note, Plan, RepairError};
use muslrepair::report::{self, Failure};
use serde_json::Value;

use super::batch::Batch;
use super::compat::{self, OutputMode};
use super::excludes::Unmatched;
use super::exit::Exit;
use super::format::Format;
use super::inputs;
use super::outcome::{WheelOutcome, Written};
use super::repair_text::{RepairText, SKIPPED};
use super::term::{CliError, Terminal};
use super::turns::Sorted;

/// Prints the outcomes for wheels, in order.
pub(super) struct Printer<'a> {
    batch: &'a Batch,
    format: Format,
    /// Whether to keep the documents for `--report`.
    keep: bool,
    terminal: Terminal,
    state: Mutex<State<'a>>,
}

struct State<'a> {
    outcomes: Sorted<WheelOutcome>,
    worst: Exit,
    output: Result<(), CliError>,
    documents: Vec<Value>,
    text: RepairText<'a>,
    unmatched: Unmatched,
}

impl<'a> Printer<'a> {
    pub(super) fn new(batch: &'a Batch, format: Format, keep: bool, terminal: Terminal) -> Self {
        let state = State {
            outcomes: Sorted::default(),
            worst: Exit::Success,
            output: Ok(()),
            documents: Vec::new(),
            text: RepairText::new(batch, format, terminal),
            unmatched: Unmatched::default(),
        };
        Self { batch, format, keep, terminal, state: Mutex::new(state) }
    }

    /// Records the outcome for a wheel. It is printed when all earlier ones are.
    pub(super) fn done(&self, index: usize, outcome: WheelOutcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        state.outcomes.add(index, outcome);
        while let Some((next, outcome)) = state.outcomes.take() {
            state.worst = state.worst.max(self.exit(&outcome));
            let said = match self.terminal.mode() {
                OutputMode::Own => state.text.add(next, &outcome),
                OutputMode::Auditwheel => {
                    self.log(next, &outcome);
                    Ok(())
                }
            };
            look(&outcome, &mut state.unmatched);
            let told = self.emit_json(next, &outcome, &mut state.documents);
            // auditwheel prints the paths of results last, after everything else about a wheel.
            if let (OutputMode::Auditwheel, WheelOutcome::Done(_, Some(written))) =
                (self.terminal.mode(), &outcome)
            {
                self.terminal.say_lines(&format!("\n{}", Escaped(&written.line())));
            }
            state.output = std::mem::replace(&mut state.output, Ok(())).and(said).and(told);
        }
    }

    /// The worst exit status, including errors in writing to standard output, and the documents of all wheels
    /// if they are kept.
    pub(super) fn finish(self) -> (Exit, Vec<Value>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.unmatched.warn(&self.batch.excludes, self.terminal);
        let mut output = state.output;
        if self.terminal.mode() == OutputMode::Own {
            output = output.and(state.text.finish());
        }
        (self.terminal.at_the_end(state.worst, output), state.documents)
    }

    fn shown(&self, index: usize) -> String {
        self.batch.wheels.get(index).map_or_else(String::new, |path| inputs::shown(path))
    }

    /// The exit status of one wheel.
    fn exit(&self, outcome: &WheelOutcome) -> Exit {
        match outcome {
            WheelOutcome::Done(..) | WheelOutcome::ResultOf(_) => Exit::Success,
            WheelOutcome::Refused(_)
            | WheelOutcome::Failed(RepairError::WrongPlatform { .. } | RepairError::NoPolicy(_)) => {
                Exit::Usage
            }
            WheelOutcome::Failed(error) if self.gate("", error).is_some() => Exit::Usage,
            WheelOutcome::Skipped
            | WheelOutcome::Pure
            | WheelOutcome::Conflict(_)
            | WheelOutcome::Failed(_) => Exit::Failure,
        }
    }

    /// auditwheel's message for an error with a policy.
    fn gate(&self, shown: &str, error: &RepairError) -> Option<String> {
        let asked = match &self.batch.options.platform {
            muslrepair::repair::PlatformChoice::Tag(tag) => tag.to_string(),
            _ => "musllinux".to_owned(),
        };
        let is_auditwheel = self.terminal.mode() == OutputMode::Auditwheel;
        is_auditwheel.then(|| compat::gate(shown, &asked, error)).flatten()
    }

    /// Prints auditwheel's log records for a wheel.
    fn log(&self, index: usize, outcome: &WheelOutcome) {
        let shown = self.shown(index);
        let terminal = self.terminal;
        match outcome {
            WheelOutcome::Skipped => terminal.warning(&format!("`{shown}`: {SKIPPED}")),
            WheelOutcome::ResultOf(other) => {
                let other = self.shown(*other);
                terminal
                    .info(&format!("Skipping {shown}: it is the result of {other}, which is repaired again"));
            }
            WheelOutcome::Pure => terminal.info(compat::not_a_platform_wheel()),
            WheelOutcome::Refused(message) => terminal.error(message),
            WheelOutcome::Conflict(conflict) => {
                let path =
                    self.batch.wheels.get(index).map_or_else(String::new, |path| path.display().to_string());
                terminal.error(&format!("cannot repair `{path}`: {}", conflict.because(&self.batch.wheels)));
                terminal.hint(&conflict.hint("repair"));
            }
            WheelOutcome::Failed(error) => match self.gate(&shown, error) {
                Some(message) => terminal.error(&message),
                None => terminal.wheel_error("repair", &shown, &Failure::from(error)),
            },
            WheelOutcome::Done(plan, Some(written)) => self.log_repair(&shown, plan, written),
            WheelOutcome::Done(plan, None) => terminal.annotate_findings(&shown, &plan.findings),
        }
    }

    fn log_repair(&self, shown: &str, plan: &Plan, written: &Written) {
        let terminal = self.terminal;
        terminal.info(&format!("Repairing {shown}"));
        for note in plan.notes.iter().filter(|note| !matches!(note, Note::PatternUnused { .. })) {
            terminal.log_record(compat::note(note));
        }
        match &plan.target {
            None => terminal.info(compat::not_a_platform_wheel()),
            Some(_) => {
                for line in compat::tag_lines(plan) {
                    terminal.log_record(("INFO", "wheeltools", line));
                }
            }
        }
        for finding in &plan.findings {
            terminal.log_record(("WARNING", "main_repair", finding.message.clone()));
        }
        terminal.annotate_findings(shown, &plan.findings);
        if written.over_input {
            terminal.warning("the result replaces its input: do not delete the input afterwards");
        }
        terminal.detail_lines(&report::plan_text(plan).to_string());
    }

    /// For programs, to standard output and for the report.
    fn emit_json(
        &self,
        index: usize,
        outcome: &WheelOutcome,
        documents: &mut Vec<Value>,
    ) -> Result<(), CliError> {
        let document = match self.format == Format::Json || self.keep {
            true => self.document(index, outcome)?,
            false => None,
        };
        // First, because writing to standard output may fail.
        if self.keep {
            documents.extend(document.clone());
        }
        match (self.format, document, outcome) {
            (Format::Json, Some(document), _) => self.terminal.document(&document),
            (Format::Text, _, WheelOutcome::Done(plan, None))
                if self.terminal.mode() == OutputMode::Auditwheel =>
            {
                self.terminal.print(report::plan_text(plan))?;
                self.terminal.print(report::findings_text(&plan.findings, Severity::Warning))
            }
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
            WheelOutcome::Conflict(conflict) => failed(conflict.because(&self.batch.wheels))?,
            WheelOutcome::Skipped => failed(SKIPPED.to_owned())?,
            // The other wheel already has the document for this file.
            WheelOutcome::ResultOf(_) => return Ok(None),
        }))
    }
}

/// Records the unused patterns of a wheel's plan. A wheel without ELF files does not count.
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
