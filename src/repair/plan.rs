//! The plan of a repair: all decisions, and no I/O.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use super::error::RepairError;
use crate::audit::{Audit, Finding, ModuleRename, RequirementKind, WheelKind};
use crate::elf::ElfEdit;
use crate::error::Error;
use crate::resolve::{Dependency, Object, Origin, Resolution, directory_of};
use crate::wheel::{
    Directory, InstallLocation, PlatformTag, Scheme, Wheel, WheelFilename, WheelPath, relative_run_path,
};

use super::graft::{Graft, GraftDir, GraftNames, graft_dir};
use super::metadata::{MetadataEdit, check_minimum, dropped_tags, output_name, target};
use super::note::Note;
use super::options::{PlatformChoice, RepairOptions};
use super::published::{PublishedWheel, build_tag, decide};
use super::run_path::{self, replace, translate};
use super::shim::MovedProgram;

/// All changes that a repair will make to one wheel.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The input wheel.
    pub input: WheelFilename,
    /// The file name of the result.
    pub output: WheelFilename,
    /// The platform of the result; `None` for a wheel without ELF files.
    pub target: Option<PlatformTag>,
    /// How the wheel is handled because it was published; `None` for any other wheel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedWheel>,
    /// The libraries to copy into the wheel, by member name.
    pub grafts: Vec<Graft>,
    /// The members to edit, in archive order.
    pub edits: Vec<MemberEdit>,
    /// The modules to rename.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<ModuleRename>,
    /// Programs that are moved and replaced with a script.
    pub moved: Vec<MovedProgram>,
    /// Libraries to remove, in archive order. Directories that become empty are removed too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<WheelPath>,
    /// The changes to `WHEEL`.
    pub metadata: MetadataEdit,
    /// Whether `RECORD` has to be rewritten even if nothing else changes, because it is incomplete or wrong.
    pub complete_record: bool,
    /// Notes for the user.
    pub notes: Vec<Note>,
    /// The warnings and errors of the audit that this plan does not fix.
    pub findings: Vec<Finding>,
}

/// One edited member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemberEdit {
    /// The member.
    pub member: WheelPath,
    /// The changes to it.
    pub edit: ElfEdit,
}

impl Plan {
    /// The plan that writes the wheel unchanged.
    pub(crate) fn unchanged(wheel: &WheelFilename) -> Self {
        Self {
            input: wheel.clone(),
            output: wheel.clone(),
            target: None,
            published: None,
            grafts: Vec::new(),
            edits: Vec::new(),
            renamed: Vec::new(),
            moved: Vec::new(),
            removed: Vec::new(),
            metadata: MetadataEdit::default(),
            complete_record: false,
            notes: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Whether the result is an exact copy of the input.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.grafts.is_empty()
            && self.edits.is_empty()
            && self.moved.is_empty()
            && self.removed.is_empty()
            && self.renamed.is_empty()
            && self.metadata.is_empty()
            && !self.complete_record
    }

    /// The first object that has to be patched.
    pub(super) fn first_patched(&self) -> Option<String> {
        let member = self.edits.iter().map(|edit| edit.member.to_string()).next();
        member.or_else(|| self.grafts.iter().map(|graft| graft.source.clone()).next())
    }
}

/// Plans the repair of an audited wheel.
///
/// # Errors
///
/// If the audit found errors, if the requested platform does not match, or if a run path would have to
/// connect directories whose relative position is unknown.
pub fn plan(wheel: &Wheel, audit: &Audit, options: &RepairOptions) -> Result<Plan, RepairError> {
    // A wheel that keeps its linux tag promises nothing about the processor.
    let promises = !matches!(options.platform, PlatformChoice::Tag(PlatformTag::Linux(_)));
    let blocks =
        |finding: &&Finding| !finding.fixed_by_repair && (promises || finding.code != "unsupported-isa");
    let errors: Vec<Finding> = audit.elf.errors().filter(blocks).cloned().collect();
    if !errors.is_empty() {
        return Err(RepairError::Unrepairable { findings: errors });
    }
    let linux = audit.wheel.platforms().iter().find(|tag| matches!(tag, PlatformTag::Linux(_)));
    if let (WheelKind::PlatformWithoutElf, Some(tag)) = (audit.kind, linux) {
        return Err(RepairError::NoElf { platform: tag.to_string() });
    }
    let target = if audit.kind == WheelKind::Platform { Some(target(audit, options)?) } else { None };
    let published = decide(audit, target.as_ref(), options);
    let copies = published.is_some_and(PublishedWheel::is_copy);
    if let Some(target) = &target {
        check_minimum(audit, target, options, !copies && options.lowers_relr(target))?;
    }
    let repair = || repair(wheel, audit, options, target.clone());
    let mut plan = match published {
        Some(published) if copies => Plan::copy_of_published(audit, published, repair().ok(), target.clone()),
        _ => repair()?,
    };
    plan.published = published;
    if published == Some(PublishedWheel::Fixed)
        && !plan.is_copy()
        && options.update_tags
        && options.build_tag.is_none()
    {
        let build = build_tag(audit.wheel.build());
        plan.output = plan.output.with_build(Some(&build))?;
        plan.metadata.build = Some(build);
    }
    plan.with_findings(audit, options)
}

/// All changes that a repair makes to a wheel without errors, with notes.
fn repair(
    wheel: &Wheel,
    audit: &Audit,
    options: &RepairOptions,
    target: Option<PlatformTag>,
) -> Result<Plan, RepairError> {
    let output = match &target {
        Some(target) => output_name(audit, target, options)?,
        // The platform does not change, but a requested build tag still applies.
        None => match &options.build_tag {
            Some(build) => audit.wheel.with_build(Some(build))?,
            None => audit.wheel.clone(),
        },
    };
    let mut plan = Plan {
        metadata: match &target {
            Some(_) => MetadataEdit::between(wheel, &output),
            None if output == audit.wheel => MetadataEdit::default(),
            None => MetadataEdit { root_is_purelib: None, ..MetadataEdit::between(wheel, &output) },
        },
        output,
        target,
        renamed: audit.elf.renames.clone(),
        complete_record: audit.kind == WheelKind::Platform && !audit.record_is_right,
        ..Plan::unchanged(&audit.wheel)
    };
    if !options.update_tags {
        plan.metadata.tags = None;
    }
    plan.notes.extend(dropped_tags(audit, &plan.output));
    plan.notes.extend(plan.renamed.iter().map(Note::module_renamed));
    Planner::new(wheel, audit, options, &plan)?.run(&mut plan)?;
    // An excluded library is reported once, whichever objects need it.
    let mut said = BTreeSet::new();
    plan.notes.retain(|note| match note {
        Note::Excluded { library, pattern } => said.insert((library.clone(), pattern.clone())),
        _ => true,
    });
    // For a wheel without ELF files, patterns are not reported as unused.
    let unused = audit.elf.graph.unused_patterns.iter().filter(|_| plan.target.is_some());
    plan.notes.extend(unused.map(|pattern| Note::PatternUnused { pattern: pattern.clone() }));
    Ok(plan)
}

struct Planner<'a> {
    wheel: &'a Wheel,
    audit: &'a Audit,
    names: GraftNames,
    libs: String,
    data_dir: String,
    /// The stripping level for every ELF file.
    strip: Option<crate::elf::Strip>,
    lower_relr: bool,
    programs: Directory,
    /// Objects that programs load: their processes have the interpreter's library only if it is needed by
    /// name.
    loaded_by_programs: BTreeSet<usize>,
    /// (requester, library) pairs of members that some process cannot resolve.
    unresolved: BTreeSet<(usize, usize)>,
}

impl<'a> Planner<'a> {
    fn new(
        wheel: &'a Wheel,
        audit: &'a Audit,
        options: &RepairOptions,
        plan: &Plan,
    ) -> Result<Self, RepairError> {
        let distribution = audit.wheel.distribution();
        let scripts = format!("{distribution}.scripts");
        let programs = scripts.parse().map_err(|source| RepairError::Name { name: scripts, source })?;
        Ok(Self {
            wheel,
            audit,
            names: GraftNames::choose(audit),
            libs: format!("{distribution}{}", options.libs_suffix),
            data_dir: wheel.data_dir().to_owned(),
            strip: options.strip,
            lower_relr: plan.target.as_ref().is_some_and(|target| options.lowers_relr(target)),
            programs: Directory { scheme: Scheme::Site, path: Some(programs) },
            loaded_by_programs: audit.elf.graph.loaded_by_programs().into_keys().collect(),
            unresolved: unresolved(audit),
        })
    }

    fn run(&self, plan: &mut Plan) -> Result<(), RepairError> {
        for (index, member, place, object) in self.audit.elf.members() {
            let needs_graft = object.edges().any(|(_, target)| self.audit.elf.is_outside(target));
            let edit = if needs_graft && place.scheme == Scheme::Scripts {
                let moved = self.moved_program(member, place.path.as_str())?;
                plan.moved.push(moved);
                let wanted = self.run_path_entries(index, object, &self.programs, |_| true)?;
                let layout = &self.audit.elf.layout;
                let decision = translate(&object.facts, layout, place, &self.programs, &wanted);
                self.edit((index, object), member.as_str(), decision, &mut plan.notes)
            } else {
                let origin = place.directory();
                let is_unresolved = |target: usize| self.unresolved.contains(&(index, target));
                let wanted = self.run_path_entries(index, object, &origin, is_unresolved)?;
                let installed = self.audit.elf.layout.installed(place);
                let decision = run_path::decide(
                    &object.facts,
                    &self.audit.elf.layout,
                    directory_of(&installed),
                    &wanted,
                );
                if object.edges().any(|(_, target)| is_unresolved(target)) {
                    plan.notes.push(Note::RunPathAdded { object: member.to_string(), entries: wanted });
                }
                self.edit((index, object), member.as_str(), decision, &mut plan.notes)
            };
            if !edit.is_empty() {
                plan.edits.push(MemberEdit { member: member.clone(), edit });
            }
        }
        self.grafts(Scheme::Site, &self.audit.elf.included, plan)?;
        self.grafts(Scheme::Data, &[], plan)?;
        plan.grafts.sort_by(|a, b| a.member.cmp(&b.member));
        Ok(())
    }

    /// The edit of names, interpreter, RELR and stripping; the run path is decided before.
    fn edit(
        &self,
        (index, object): (usize, &Object),
        shown: &str,
        run_path: super::run_path::RunPathDecision,
        notes: &mut Vec<Note>,
    ) -> ElfEdit {
        if !run_path.dropped.is_empty() {
            notes.push(Note::RunPathDropped { object: shown.to_owned(), entries: run_path.dropped });
        }
        let mut edit = ElfEdit {
            run_path: run_path.edit,
            lower_relr: self.lower_relr
                && object.facts.relr
                && !self.audit.elf.graph.is_static_program(index),
            strip: self.strip,
            ..ElfEdit::default()
        };
        for dependency in &object.dependencies {
            match &dependency.resolution {
                Resolution::Object { index: target } => {
                    if let Some((_, name)) =
                        self.names.of(*target).filter(|(_, name)| *name != dependency.name)
                    {
                        edit.rename_needed.insert(dependency.name.clone(), name.to_owned());
                    } else if let Some(name) = self.member_needed_by_path(dependency) {
                        let path = dependency.name.clone();
                        edit.rename_needed.insert(path.clone(), name.to_owned());
                        let library = name.to_owned();
                        notes.push(Note::PathNeeded { object: shown.to_owned(), path, library });
                    }
                }
                Resolution::Interpreter if !self.loaded_by_programs.contains(&index) => {
                    edit.remove_needed.insert(dependency.name.clone());
                    let library = dependency.name.clone();
                    notes.push(Note::LibpythonRemoved { object: shown.to_owned(), library });
                }
                Resolution::Excluded { pattern, .. } => {
                    notes.push(Note::Excluded { library: dependency.name.clone(), pattern: pattern.clone() });
                }
                Resolution::Libc
                | Resolution::Allowed { .. }
                | Resolution::Interpreter
                | Resolution::Missing { .. } => {}
            }
        }
        edit
    }

    /// The file name of a member that a dependency names by a path.
    fn member_needed_by_path(&self, dependency: &Dependency) -> Option<&str> {
        let Resolution::Object { index } = dependency.resolution else { return None };
        let object = self.audit.elf.graph.objects.get(index).filter(|_| dependency.name.contains('/'))?;
        object.origin.place().map(|place| place.path.file_name())
    }

    /// The run path entries for the dependencies of an object: the directory of the grafts, and those of the
    /// members for which `leads_to` is true.
    fn run_path_entries(
        &self,
        index: usize,
        object: &Object,
        from: &Directory,
        leads_to: impl Fn(usize) -> bool,
    ) -> Result<Vec<String>, RepairError> {
        let (mut entries, mut seen) = (Vec::new(), HashSet::new());
        for (name, target) in object.edges().filter(|(_, target)| *target != index) {
            let to = match self.audit.elf.graph.objects.get(target).map(|object| &object.origin) {
                Some(Origin::Member { place, .. }) if leads_to(target) => place.directory(),
                Some(Origin::File { .. }) => graft_dir(from.scheme, &self.libs, &self.data_dir)?.directory,
                _ => continue,
            };
            let entry = relative_run_path(from, &to).ok_or_else(|| RepairError::Unreachable {
                object: object.origin.display_name().to_owned(),
                target: name.to_owned(),
            })?;
            if seen.insert(entry.clone()) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn moved_program(&self, script: &WheelPath, path: &str) -> Result<MovedProgram, RepairError> {
        let directory = self.programs.to_string();
        let program: WheelPath = format!("{directory}/{path}")
            .parse()
            .map_err(|source| RepairError::Name { name: path.to_owned(), source })?;
        let place = InstallLocation { scheme: Scheme::Site, path: program.clone() };
        if self.wheel.member_at(&place).is_some() {
            return Err(RepairError::Occupied { member: program.to_string() });
        }
        Ok(MovedProgram { script: script.clone(), program })
    }

    /// Plans the grafts for the objects of one scheme, in the directory of that scheme.
    fn grafts(&self, scheme: Scheme, included: &[usize], plan: &mut Plan) -> Result<(), RepairError> {
        let directory = graft_dir(scheme, &self.libs, &self.data_dir)?;
        let here = |member: Scheme| (member == Scheme::Data) == (scheme == Scheme::Data);
        let mut queue: Vec<usize> = Vec::new();
        for (index, ..) in self.audit.elf.members().filter(|(_, _, place, _)| here(place.scheme)) {
            queue.push(index);
        }
        // The objects outside in the closure of these, and the names by which each is needed.
        let mut aliases: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let mut visited: BTreeSet<usize> = queue.iter().copied().collect();
        for index in included {
            let Some((stands_for, _)) = self.names.of(*index) else { continue };
            aliases.entry(stands_for).or_default();
            queue.extend([*index, stands_for].into_iter().filter(|index| visited.insert(*index)));
        }
        while let Some(object) = queue.pop().and_then(|index| self.audit.elf.graph.objects.get(index)) {
            for (name, target) in object.edges().filter(|(_, target)| self.audit.elf.is_outside(*target)) {
                let Some((stands_for, _)) = self.names.of(target) else { continue };
                aliases.entry(stands_for).or_default().insert(name.to_owned());
                for next in [target, stands_for] {
                    if visited.insert(next) {
                        queue.push(next);
                    }
                }
            }
        }
        for (index, aliases) in aliases {
            if aliases.is_empty() {
                let member = directory.member(self.names.of(index).map_or("", |(_, name)| name))?;
                plan.notes.push(Note::Included { member });
            }
            let Some(graft) = self.graft(index, aliases, &directory, &mut plan.notes)? else { continue };
            plan.grafts.push(graft);
        }
        Ok(())
    }

    fn graft(
        &self,
        index: usize,
        aliases: BTreeSet<String>,
        directory: &GraftDir,
        notes: &mut Vec<Note>,
    ) -> Result<Option<Graft>, RepairError> {
        let (Some(object), Some((_, name))) = (self.audit.elf.graph.objects.get(index), self.names.of(index))
        else {
            return Ok(None);
        };
        let Origin::File { file, .. } = &object.origin else { return Ok(None) };
        let member = directory.member(name)?;
        let place = self.wheel.place(&member).map_err(Error::from)?;
        if let Some(there) = self.wheel.member_at(&place) {
            // A wheel that was repaired before already has this library, with the same hash.
            return match there.path == member && self.is_graft_of(&member, object, name) {
                true => Ok(None),
                false => Err(RepairError::Occupied { member: there.path.to_string() }),
            };
        }
        let wanted = self.run_path_entries(index, object, &directory.directory, |_| true)?;
        let mut run_path = replace(&object.facts, &wanted);
        let entries = std::mem::take(&mut run_path.dropped);
        if !entries.is_empty() {
            notes.push(Note::GraftRunPathDropped { object: file.path.clone(), entries });
        }
        let mut edit = self.edit((index, object), &file.path, run_path, notes);
        if object.facts.soname.as_deref() != Some(name) {
            edit.soname = Some(name.to_owned());
        }
        let needs: BTreeSet<String> = object
            .edges()
            .filter_map(|(_, target)| self.names.of(target))
            .map(|(_, name)| name.to_owned())
            .collect();
        Ok(Some(Graft {
            member,
            source: file.path.clone(),
            in_sysroot: file.in_sysroot,
            location: file.location.clone(),
            size: file.size,
            sha256: file.sha256,
            aliases: aliases.into_iter().collect(),
            needs: needs.into_iter().collect(),
            edit,
        }))
    }

    /// Whether a member is the graft that a repair would make from a library: apart from its place, it has
    /// the same exports and imports.
    fn is_graft_of(&self, member: &WheelPath, library: &Object, name: &str) -> bool {
        let mut members = self.audit.elf.members();
        let there = members.find(|(_, path, ..)| *path == member).map(|(.., object)| object);
        there.is_some_and(|there| {
            there.facts.soname.as_deref() == Some(name)
                && there.facts.arch == library.facts.arch
                && there.symbols == library.symbols
        })
    }
}

/// (requester, library) pairs of members that some process cannot resolve.
fn unresolved(audit: &Audit) -> BTreeSet<(usize, usize)> {
    let targets = audit.elf.requirements.iter().filter_map(|requirement| {
        let (RequirementKind::InheritedRunPath { library } | RequirementKind::NeededPath { library }) =
            &requirement.kind
        else {
            return None;
        };
        let object = audit.elf.graph.objects.get(requirement.index)?;
        let (_, target) = object.edges().find(|(name, _)| name == library)?;
        (!audit.elf.is_outside(target)).then_some((requirement.index, target))
    });
    targets.collect()
}
