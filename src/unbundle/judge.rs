//! Decides whether everything loads as before when some grafts are replaced.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audit::{Audit, AuditOptions, ElfAudit, Requirement, ScannedWheel, Severity, audit_objects};
use crate::error::Error;
use crate::resolve::{Object, Process, Resolution, Resolver};
use crate::wheel::Wheel;

use super::binding::Scope;
use super::blame::Blame;
use super::bundled::Bundled;
use super::comparison::Comparison;
use super::conflicts::{Conflict, Conflicts};
use super::planned::PlannedWheel;
use super::reason::Reason;
use super::symbols::{FileId, SymbolReader};

/// The inputs of the decision.
pub(super) struct Judge<'a> {
    pub(super) wheel: &'a Wheel,
    pub(super) scanned: &'a ScannedWheel,
    pub(super) audit: &'a Audit,
    pub(super) resolver: &'a Resolver,
    pub(super) options: &'a AuditOptions,
    pub(super) bundled: &'a BTreeMap<usize, Bundled>,
    pub(super) symbols: &'a SymbolReader<'a>,
}

/// A wheel without some of its grafts, audited.
pub(super) struct Trial {
    pub(super) planned: PlannedWheel,
    pub(super) after: ElfAudit,
}

impl Judge<'_> {
    /// The wheel with these grafts replaced, audited together with the libraries of the system.
    pub(super) fn trial(&self, replaced: &BTreeSet<usize>) -> Trial {
        let mut planned = PlannedWheel::without(replaced, self.bundled, self.wheel, self.scanned, self.audit);
        let after = audit_objects(std::mem::take(&mut planned.set), self.resolver, self.options);
        Trial { planned, after }
    }

    /// The reasons against replacing these grafts together: missing or changed symbols, names and symbols
    /// that would resolve differently, and errors in the audit of the result.
    ///
    /// # Errors
    ///
    /// If a file cannot be read again.
    pub(super) fn conflicts(&self, replaced: &BTreeSet<usize>) -> Result<Vec<Conflict>, Error> {
        let trial = self.trial(replaced);
        let blame = Blame::new(&trial.after.graph, replaced, self.bundled);
        let mut found = self.found_elsewhere(replaced, &trial.after);
        found.extend(self.bound_elsewhere(replaced, &trial.after, &blame)?);
        if found.is_empty() {
            found = self.does_not_load(&trial.after, &blame);
        }
        Ok(found)
    }

    /// Finds objects that would not get the system's library under its name.
    fn found_elsewhere(&self, replaced: &BTreeSet<usize>, after: &ElfAudit) -> Vec<Conflict> {
        let places: HashMap<FileId, &Object> =
            after.members().map(|(.., object)| (FileId::of(object), object)).collect();
        let mut conflicts = Vec::new();
        for (_, _, _, before) in self.audit.elf.members() {
            let Some(object) = places.get(&FileId::of(before)) else { continue };
            for graft in before.edges().map(|(_, target)| target).filter(|target| replaced.contains(target)) {
                let Some(Ok(counterpart)) = self.bundled.get(&graft).map(|graft| &graft.counterpart) else {
                    continue;
                };
                let dependency = object.dependencies.iter().find(|one| one.name == counterpart.name);
                let found = dependency.and_then(|dependency| match &dependency.resolution {
                    Resolution::Object { index } => {
                        let found = after.graph.objects.get(*index)?;
                        Some((FileId::of(found), found.origin.display_name().to_owned()))
                    }
                    Resolution::Allowed { file: Some(file), .. } => {
                        Some((FileId::System(file.location.clone()), file.path.clone()))
                    }
                    _ => None,
                });
                let meant = FileId::System(counterpart.file.location.clone());
                if found.as_ref().is_some_and(|(found, _)| *found == meant) {
                    continue;
                }
                let reason = Reason::FoundElsewhere {
                    object: object.origin.display_name().to_owned(),
                    name: counterpart.name.clone(),
                    found: found.map(|(_, found)| found),
                };
                conflicts.push(Conflict { graft, reason, settled: false });
            }
        }
        conflicts
    }

    /// Finds symbols that would come from another library than before, or would have another meaning there.
    fn bound_elsewhere(
        &self,
        replaced: &BTreeSet<usize>,
        after: &ElfAudit,
        blame: &Blame<'_>,
    ) -> Result<Vec<Conflict>, Error> {
        let processes: HashMap<FileId, &Process> = (self.audit.elf.graph.processes.iter())
            .filter_map(|process| {
                Some((FileId::of(self.audit.elf.graph.objects.get(process.root()?)?), process))
            })
            .collect();
        let mut conflicts = Conflicts::default();
        for process in &after.graph.processes {
            let root = process.root().and_then(|root| after.graph.objects.get(root));
            let Some(before) = root.and_then(|root| processes.get(&FileId::of(root))) else { continue };
            let mut comparison = Comparison {
                audit: self.audit,
                bundled: self.bundled,
                symbols: self.symbols,
                replaced,
                after,
                blame,
                then: Scope::of(&self.audit.elf.graph, before, self.options.root_musl),
                now: Scope::of(&after.graph, process, self.options.root_musl),
            };
            for looker in &process.objects {
                comparison.compare(*looker, &mut conflicts)?;
            }
        }
        Ok(conflicts.finish())
    }

    /// The errors in the audit of the result, by the grafts that cause them.
    fn does_not_load(&self, after: &ElfAudit, blame: &Blame<'_>) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let mut add = |grafts: BTreeSet<usize>, reason: &Reason| {
            for graft in grafts {
                conflicts.push(Conflict { graft, reason: reason.clone(), settled: false });
            }
        };
        for module in &after.modules {
            let unmet = |requirement: &&Requirement| match self.options.root_musl {
                Some(musl) => !requirement.met_by.contains(musl),
                None => requirement.met_by.is_empty(),
            };
            let loads = match self.options.root_musl {
                Some(musl) => module.loads_on.contains(musl),
                None => !module.loads_on.is_empty(),
            };
            // A module that loads only after another one was not an error in the original wheel, so it is
            // none here.
            let requirements = after.requirements_of(module).filter(unmet);
            let requirements: Vec<&Requirement> =
                requirements.filter(|requirement| !self.was_conditional(requirement)).collect();
            for requirement in &requirements {
                let because = requirement.to_string();
                let reason = match (self.options.root_musl, requirement.met_by.since()) {
                    (Some(has), Some(needs)) => Reason::NewerMusl { has, needs, arch: after.arch, because },
                    _ => Reason::DoesNotLoad { because },
                };
                add(blame.of(requirement.index), &reason);
            }
            if !loads && requirements.is_empty() && after.requirements_of(module).find(unmet).is_none() {
                let because = format!("`{}` would load on no release of musl", module.path);
                add(blame.of(module.object), &Reason::DoesNotLoad { because });
            }
        }
        if conflicts.is_empty() {
            for finding in after.findings.iter().filter(|finding| finding.severity == Severity::Error) {
                let about =
                    |object: &Object| finding.objects.iter().any(|name| name == object.origin.display_name());
                let objects = after.graph.objects.iter().enumerate().filter(|(_, object)| about(object));
                let mut grafts: BTreeSet<usize> = objects.flat_map(|(index, _)| blame.of(index)).collect();
                if grafts.is_empty() {
                    grafts = blame.all();
                }
                let because = format!("{} ({})", finding.message, finding.code);
                for graft in grafts {
                    let reason = Reason::DoesNotLoad { because: because.clone() };
                    conflicts.push(Conflict { graft, reason, settled: false });
                }
            }
        }
        conflicts
    }

    /// Whether the wheel already had this requirement, and it was not an error.
    fn was_conditional(&self, requirement: &Requirement) -> bool {
        let same = |other: &Requirement| {
            (&other.object, &other.kind, other.met_by)
                == (&requirement.object, &requirement.kind, requirement.met_by)
        };
        requirement.kind.is_conditional() && self.audit.elf.requirements.iter().any(same)
    }
}
