//! Many wheels in one call.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use muslrepair::audit::{Audit, AuditOptions, WheelKind, audit};
use muslrepair::repair::{
    Patcher, Plan, Receipt, RepairError, RepairOptions, SharedGrafts, apply_sharing, compare, plan,
};
use muslrepair::resolve::{ApkDatabase, Resolver, Sysroot};
use muslrepair::wheel::{Sha256Digest, Wheel};
use muslrepair::{Error, Limits};
use rayon::prelude::*;

use super::clashes::{Clash, Clashes};
use super::compat::{self, Voice};
use super::excludes::Excludes;
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
    /// What the resolver leaves to the user, and where it is said.
    pub(super) excludes: Excludes,
    /// Whether somebody reads documents about the results.
    pub(super) documents: bool,
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
pub(super) enum Planned {
    /// It can be repaired, or copied.
    Ready(Box<Ready>),
    /// It is pure, and pure wheels are not copied.
    Pure,
    /// The call makes no sense for it.
    Refused(String),
}

/// A wheel with its plan.
pub(super) struct Ready {
    wheel: Wheel,
    audit: Audit,
    pub(super) plan: Plan,
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
    Failed(RepairError),
    /// Another wheel of the call gives the same file: which wheel, and which file.
    Collision(usize, String),
    /// Its result would replace another wheel of the call: which wheel.
    Replaces(usize),
    /// It is what another wheel of the call gives: a result of an earlier call.
    Result(usize),
    /// It was not tried: one before it failed.
    Skipped,
}

/// A result.
pub(super) struct Written {
    pub(super) receipt: Receipt,
    /// Whether it lies where its input lay.
    pub(super) over_input: bool,
    /// Its hash, if somebody reads that.
    pub(super) sha256: Option<Sha256Digest>,
}

impl Batch {
    /// Plans every wheel, then carries the plans out, so that two wheels that give the same file, and results that would
    /// replace other wheels, are seen before anything is written. What is printed comes in the order of the arguments, each wheel as soon as those before it are done.
    pub(super) fn run(&self, printer: &Printer<'_>) {
        let first_failed = AtomicUsize::new(usize::MAX);
        let failed = |index: usize| first_failed.fetch_min(index, Ordering::Relaxed);
        let stop = |index: usize| self.fail_fast && first_failed.load(Ordering::Relaxed) < index;
        let mut planned: Vec<Option<Result<Planned, RepairError>>> = self.pool.install(|| {
            let plan = |(index, path): (usize, &PathBuf)| {
                if stop(index) {
                    return None;
                }
                let planned = self.plan(path);
                if !matches!(planned, Ok(Planned::Ready(_))) {
                    failed(index);
                }
                Some(planned)
            };
            self.wheels.par_iter().with_max_len(1).enumerate().map(plan).collect()
        });
        let shared = self.shared(&planned);
        let clashes = self.pool.install(|| {
            Clashes::among(&self.wheels, &mut planned, &self.directory, |ready, path| {
                let Ready { wheel, audit, plan } = ready;
                compare(wheel, audit, plan, &self.options, path, self.owners(), &shared)
            })
        });
        self.pool.install(|| {
            planned.into_par_iter().with_max_len(1).enumerate().for_each(|(index, planned)| {
                let done = match (clashes.of(index), planned) {
                    (Some(Clash::Result(other)), _) => Done::Result(*other),
                    (_, None) => Done::Skipped,
                    (_, Some(Err(error))) => Done::Failed(error),
                    (_, Some(Ok(Planned::Pure))) => Done::Pure,
                    (_, Some(Ok(Planned::Refused(message)))) => Done::Refused(message),
                    (Some(Clash::Collision(other)), Some(Ok(Planned::Ready(ready)))) => {
                        Done::Collision(*other, ready.plan.output.to_string())
                    }
                    (Some(Clash::Replaces(other)), Some(Ok(Planned::Ready(_)))) => Done::Replaces(*other),
                    (clash, Some(Ok(Planned::Ready(ready)))) => match ready {
                        ready if self.dry_run => Done::Fine(Box::new(ready.plan), None),
                        _ if stop(index) => Done::Skipped,
                        ready => match self.apply(&ready, clash, &shared) {
                            Ok(written) => Done::Fine(Box::new(ready.plan), Some(written)),
                            Err(error) => Done::Failed(error),
                        },
                    },
                };
                if !matches!(done, Done::Fine(..) | Done::Result(_)) {
                    failed(index);
                }
                if let (Some(progress), Some(path)) = (&self.progress, self.wheels.get(index)) {
                    progress.finished(&inputs::shown(path));
                }
                printer.done(index, done);
            });
        });
    }

    fn plan(&self, path: &Path) -> Result<Planned, RepairError> {
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
        let audit = audit(&wheel, &self.resolver, &self.audit_options)?;
        if audit.kind == WheelKind::Pure && !self.copy_pure {
            return Ok(Planned::Pure);
        }
        let plan = plan(&wheel, &audit, &self.options)?;
        Ok(Planned::Ready(Box::new(Ready { wheel, audit, plan })))
    }

    /// What several wheels graft is made once.
    fn shared(&self, planned: &[Option<Result<Planned, RepairError>>]) -> SharedGrafts {
        if self.dry_run || self.wheels.len() < 2 || self.options.patcher == Patcher::None {
            return SharedGrafts::none();
        }
        let plans = planned.iter().filter_map(|planned| match planned {
            Some(Ok(Planned::Ready(ready))) => Some(&ready.plan),
            _ => None,
        });
        self.pool.install(|| SharedGrafts::of(plans, &self.options, &self.limits))
    }

    /// Whose files libraries are, by the package database of the root file system.
    fn owners(&self) -> (&Sysroot, Option<&ApkDatabase>) {
        (&self.resolver.options().places.sysroot, self.packages.as_ref())
    }

    fn apply(
        &self,
        ready: &Ready,
        clash: Option<&Clash>,
        shared: &SharedGrafts,
    ) -> Result<Written, RepairError> {
        let output = self.directory.join(ready.plan.output.to_string());
        let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        let over_input = same(ready.wheel.path(), &output);
        let Ready { wheel, audit, plan } = ready;
        let receipt = match clash {
            Some(Clash::There(receipt)) => receipt.as_ref().clone(),
            _ => {
                let owners = self.owners();
                apply_sharing(wheel, audit, plan, &self.options, &self.directory, owners, shared)?
            }
        };
        let sha256 = if self.documents { Some(digest(&receipt.path)?) } else { None };
        Ok(Written { receipt, over_input, sha256 })
    }
}

/// The hash of a result.
fn digest(path: &Path) -> Result<Sha256Digest, RepairError> {
    let read = File::open(path).and_then(Sha256Digest::of_reader);
    read.map_err(|source| Error::Io { action: "read", path: path.to_owned(), source }.into())
}
