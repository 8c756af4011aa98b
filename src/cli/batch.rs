//! Many wheels in one call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use muslrepair::Limits;
use muslrepair::audit::{Audit, AuditOptions, WheelKind, audit};
use muslrepair::repair::{
    Outcome, Patcher, Plan, RepairError, RepairOptions, SharedGrafts, apply_sharing, compare, plan,
};
use muslrepair::report::SummaryEntry;
use muslrepair::resolve::{Resolver, SystemPackages};
use muslrepair::wheel::Wheel;

use super::claims::{Claim, OutputClaims};
use super::compat::{self, OutputMode};
use super::excludes::Excludes;
use super::inputs;
use super::job_summary::JobSummary;
use super::outcome::{WheelOutcome, Written};
use super::progress::Progress;
use super::turns::{Turns, in_turn};

/// What is to be done, resolved: files found, names parsed, the environment taken into account.
pub(super) struct Batch {
    pub(super) wheels: Vec<PathBuf>,
    pub(super) options: RepairOptions,
    pub(super) resolver: Resolver,
    pub(super) audit_options: AuditOptions,
    /// Whose files libraries are.
    pub(super) packages: SystemPackages,
    /// What the resolver leaves to the user, and where it is said.
    pub(super) excludes: Excludes,
    pub(super) limits: Limits,
    pub(super) directory: PathBuf,
    pub(super) dry_run: bool,
    pub(super) fail_fast: bool,
    /// What `--summary` says, if there is one.
    pub(super) summary: Option<JobSummary>,
    /// auditwheel has nothing to do for a pure wheel and says so with its exit status, unless it is allowed.
    pub(super) copy_pure: bool,
    pub(super) mode: OutputMode,
    pub(super) progress: Option<Arc<Progress>>,
}

/// A wheel with its plan.
struct Planned {
    wheel: Wheel,
    audit: Audit,
    plan: Plan,
}

/// What the wheels of one call have to do with each other.
struct Run<'a> {
    claims: OutputClaims<'a>,
    turns: Turns,
    shared: SharedGrafts,
    /// The first wheel that failed, by its place in the order.
    first_failed: AtomicUsize,
}

impl Batch {
    /// Repairs every wheel: each is opened, audited, planned, carried out and forgotten, one at a time on each thread. What
    /// becomes of them is reported in no order.
    pub(super) fn run(&self, report: impl Fn(usize, WheelOutcome) + Sync) {
        let alone = self.dry_run || self.wheels.len() < 2 || self.options.patcher == Patcher::None;
        let run = Run {
            claims: OutputClaims::new(&self.wheels, &self.directory),
            turns: Turns::default(),
            shared: SharedGrafts::new(if alone { 0 } else { self.limits.in_flight }),
            first_failed: AtomicUsize::new(usize::MAX),
        };
        let order = run.claims.order(&self.options);
        in_turn(order.len(), |number| {
            let Some((index, may_be_result)) = order.get(number).copied() else { return };
            let Some(path) = self.wheels.get(index) else { return };
            let outcome = self.outcome(&run, number, (index, path), may_be_result);
            if let Some(progress) = &self.progress {
                progress.finished(&inputs::shown(path));
            }
            report(index, outcome);
        });
    }

    /// Takes what became of a wheel into the summary.
    pub(super) fn summarise(&self, index: usize, outcome: &WheelOutcome) {
        let (Some(summary), Some(path)) = (&self.summary, self.wheels.get(index)) else { return };
        let (said, failure) = match outcome {
            WheelOutcome::Done(plan, None) if plan.is_copy() => ("would be copied", Vec::new()),
            WheelOutcome::Done(_, None) => ("would be repaired", Vec::new()),
            WheelOutcome::Done(_, Some(written)) if written.result.outcome == Outcome::Copied => {
                ("copied", Vec::new())
            }
            WheelOutcome::Done(..) => ("repaired", Vec::new()),
            WheelOutcome::ResultOf(_) | WheelOutcome::Skipped => ("skipped", Vec::new()),
            WheelOutcome::Failed(error) => ("failed", error.lines()),
            WheelOutcome::Refused(message) => ("failed", vec![message.clone()]),
            WheelOutcome::Pure | WheelOutcome::Conflict(_) => ("failed", Vec::new()),
        };
        summary.update(index, |entry| {
            entry.outcome = said.to_owned();
            if let WheelOutcome::Failed(error) = outcome {
                entry.findings = error.findings().to_vec();
            }
            entry.failure = failure;
            if entry.name.is_empty() {
                entry.name = inputs::shown(path);
            }
        });
    }

    /// What becomes of one wheel.
    fn outcome(
        &self,
        run: &Run<'_>,
        number: usize,
        (index, path): (usize, &Path),
        may_be_result: bool,
    ) -> WheelOutcome {
        let turn = run.turns.turn(number);
        let stop = || self.fail_fast && run.first_failed.load(Ordering::Relaxed) < number;
        let noted = |outcome: WheelOutcome| {
            if outcome.is_failure() {
                run.first_failed.fetch_min(number, Ordering::Relaxed);
            }
            outcome
        };
        if may_be_result {
            turn.wait();
            if let Some(other) = run.claims.result_of(index) {
                return WheelOutcome::ResultOf(other);
            }
        }
        if stop() {
            return WheelOutcome::Skipped;
        }
        let planned = match self.plan(path) {
            Ok(planned) => planned,
            Err(outcome) => return noted(outcome),
        };
        let Planned { wheel, audit, plan } = &*planned;
        if let Some(summary) = &self.summary {
            let entry = SummaryEntry::of_repair(audit, plan, &self.packages);
            summary.update(index, |there| *there = entry);
        }
        turn.wait();
        let claim = run.claims.claim(index, &plan.output.to_string(), |path| {
            compare(wheel, audit, plan, &self.options, path, &self.packages, &run.shared)
        });
        let claim = match claim {
            Ok(claim) => claim,
            Err(outcome) => return noted(outcome),
        };
        let stop = stop();
        // Whether it can be written or not, what the others may write is settled.
        drop(turn);
        if self.dry_run {
            return WheelOutcome::Done(Box::new(planned.plan), None);
        }
        if stop {
            return WheelOutcome::Skipped;
        }
        match self.apply(&planned, claim, &run.shared) {
            Ok(written) => WheelOutcome::Done(Box::new(planned.plan), Some(written)),
            Err(error) => noted(WheelOutcome::Failed(error)),
        }
    }

    /// Opens a wheel, audits it and plans its repair.
    fn plan(&self, path: &Path) -> Result<Box<Planned>, WheelOutcome> {
        if let (OutputMode::Auditwheel, Some(message)) =
            (self.mode, compat::name_gate(path, &self.options.platform))
        {
            return Err(WheelOutcome::Refused(message));
        }
        let failed = |error: RepairError| WheelOutcome::Failed(error);
        let mut wheel = Wheel::open(path, &self.limits).map_err(|error| failed(error.into()))?;
        if let Some(progress) = &self.progress {
            wheel = wheel.observed_by(progress.clone());
        }
        let wheel = wheel.keeping_largest();
        let audit =
            audit(&wheel, &self.resolver, &self.audit_options).map_err(|error| failed(error.into()))?;
        if audit.kind == WheelKind::Pure && !self.copy_pure {
            return Err(WheelOutcome::Pure);
        }
        let plan = plan(&wheel, &audit, &self.options).map_err(failed)?;
        Ok(Box::new(Planned { wheel, audit, plan }))
    }

    fn apply(&self, planned: &Planned, claim: Claim, shared: &SharedGrafts) -> Result<Written, RepairError> {
        let Planned { wheel, audit, plan } = planned;
        let output = self.directory.join(plan.output.to_string());
        let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        let over_input = same(wheel.path(), &output);
        let result = match claim {
            Claim::Keep(result) => *result,
            Claim::Write => {
                let (options, packages) = (&self.options, &self.packages);
                apply_sharing(wheel, audit, plan, options, &self.directory, packages, shared)?
            }
        };
        Ok(Written { result, over_input })
    }
}
