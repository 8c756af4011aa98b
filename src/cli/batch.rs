//! Many wheels in one call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muslrepair::policy::{Audit, AuditOptions, WheelKind, audit};
use muslrepair::repair::{
    Patcher, Plan, Receipt, RepairOptions, SharedGrafts, apply_sharing, include, plan_including,
};
use muslrepair::resolve::{ApkDatabase, Resolver};
use muslrepair::wheel::Wheel;
use muslrepair::{Error, Limits};
use rayon::prelude::*;

use super::compat::{self, Voice};
use super::inputs;
use super::printer::Printer;
use super::progress::Progress;

/// What is to be done, resolved: files found, names parsed, the environment taken into account.
pub(super) struct Batch {
    pub(super) wheels: Vec<PathBuf>,
    pub(super) options: RepairOptions,
    pub(super) resolver: Resolver,
    pub(super) audit_options: AuditOptions,
    pub(super) packages: Option<ApkDatabase>,
    pub(super) include: Vec<String>,
    pub(super) limits: Limits,
    pub(super) pool: rayon::ThreadPool,
    pub(super) directory: PathBuf,
    pub(super) dry_run: bool,
    pub(super) fail_fast: bool,
    /// auditwheel has nothing to do for a pure wheel and says so with its exit status, unless it is allowed.
    pub(super) copy_pure: bool,
    pub(super) voice: Voice,
    pub(super) progress: Option<Arc<Progress>>,
}

/// One wheel after planning.
enum Planned {
    /// It can be repaired, or copied.
    Ready(Box<Ready>),
    /// It is pure, and pure wheels are not copied.
    Pure,
    /// The call makes no sense for it.
    Refused(String),
}

struct Ready {
    wheel: Wheel,
    audit: Audit,
    plan: Plan,
}

/// What became of one wheel.
pub(super) enum Done {
    /// The plan, and what was written unless this is a dry run.
    Fine(Box<Plan>, Option<Written>),
    /// It is pure, and pure wheels are not copied.
    Pure,
    /// The call makes no sense for it.
    Refused(String),
    /// It failed.
    Failed(Error),
    /// Another wheel of the call gives the same file.
    Collision(String),
    /// It was not tried: another failed before.
    Skipped,
}

/// A result.
pub(super) struct Written {
    pub(super) receipt: Receipt,
    /// Whether it lies where its input lay.
    pub(super) over_input: bool,
}

impl Batch {
    /// Plans every wheel, then carries the plans out, so that two wheels that give the same file are seen before either
    /// is written. What is printed comes in the order of the arguments, each wheel as soon as those before it are done.
    pub(super) fn run(&self, printer: &Printer<'_>) {
        let failed = AtomicBool::new(false);
        let stop = || self.fail_fast && failed.load(Ordering::Relaxed);
        let planned: Vec<Option<Result<Planned, Error>>> = self.pool.install(|| {
            let plan = |path: &PathBuf| {
                if stop() {
                    return None;
                }
                let planned = self.plan(path);
                if planned.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                Some(planned)
            };
            self.wheels.par_iter().with_max_len(1).map(plan).collect()
        });
        let taken = first_of_each_output(&planned);
        let shared = self.shared(&planned);
        self.pool.install(|| {
            planned.into_par_iter().with_max_len(1).enumerate().for_each(|(index, planned)| {
                let done = match planned {
                    None => Done::Skipped,
                    Some(Err(error)) => Done::Failed(error),
                    Some(Ok(Planned::Pure)) => Done::Pure,
                    Some(Ok(Planned::Refused(message))) => Done::Refused(message),
                    Some(Ok(Planned::Ready(ready))) => match taken.get(&ready.plan.output.to_string()) {
                        Some(first) if *first != index => Done::Collision(ready.plan.output.to_string()),
                        _ if self.dry_run => Done::Fine(Box::new(ready.plan), None),
                        _ if stop() => Done::Skipped,
                        _ => match self.apply(&ready, &shared) {
                            Ok(written) => Done::Fine(Box::new(ready.plan), Some(written)),
                            Err(error) => Done::Failed(error),
                        },
                    },
                };
                if !matches!(done, Done::Fine(..)) {
                    failed.store(true, Ordering::Relaxed);
                }
                if let (Some(progress), Some(path)) = (&self.progress, self.wheels.get(index)) {
                    progress.finished(&inputs::shown(path));
                }
                printer.done(index, done);
            });
        });
    }

    fn plan(&self, path: &Path) -> Result<Planned, Error> {
        if let (Voice::Auditwheel, Some(message)) =
            (self.voice, compat::name_gate(path, &self.options.platform))
        {
            return Ok(Planned::Refused(message));
        }
        let mut wheel = Wheel::open(path, &self.limits)?;
        if let Some(progress) = &self.progress {
            wheel = wheel.observed_by(progress.clone());
        }
        // Of several, none may keep memory while the others are looked at.
        if self.wheels.len() == 1 {
            wheel = wheel.keeping_largest();
        }
        let mut audit = audit(&wheel, &self.resolver, &self.audit_options)?;
        if audit.kind == WheelKind::Pure && !self.copy_pure {
            return Ok(Planned::Pure);
        }
        let included = include(&mut audit, &self.resolver, &self.include)?;
        let plan = plan_including(&wheel, &audit, &included, &self.options)?;
        Ok(Planned::Ready(Box::new(Ready { wheel, audit, plan })))
    }

    /// What several wheels graft is made once.
    fn shared(&self, planned: &[Option<Result<Planned, Error>>]) -> SharedGrafts {
        if self.dry_run || self.wheels.len() < 2 || self.options.patcher == Patcher::None {
            return SharedGrafts::none();
        }
        let plans = planned.iter().filter_map(|planned| match planned {
            Some(Ok(Planned::Ready(ready))) => Some(&ready.plan),
            _ => None,
        });
        self.pool.install(|| SharedGrafts::of(plans, &self.options, &self.limits))
    }

    fn apply(&self, ready: &Ready, shared: &SharedGrafts) -> Result<Written, Error> {
        let root = &self.resolver.options().places.sysroot;
        let owners = (root, self.packages.as_ref());
        let output = self.directory.join(ready.plan.output.to_string());
        let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        let over_input = same(ready.wheel.path(), &output);
        let Ready { wheel, audit, plan } = ready;
        let receipt = apply_sharing(wheel, audit, plan, &self.options, &self.directory, owners, shared)?;
        Ok(Written { receipt, over_input })
    }
}

/// For each file name that results, the first wheel that gives it.
fn first_of_each_output(planned: &[Option<Result<Planned, Error>>]) -> BTreeMap<String, usize> {
    let mut first = BTreeMap::new();
    for (index, planned) in planned.iter().enumerate() {
        if let Some(Ok(Planned::Ready(ready))) = planned {
            first.entry(ready.plan.output.to_string()).or_insert(index);
        }
    }
    first
}
