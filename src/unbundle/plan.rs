//! The plan of an unbundling.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::audit::{Audit, Module, Need, ScannedWheel, Severity, needs};
use crate::musl::MuslRelease;
use crate::repair::{Plan, RepairError, original_names, renamed};
use crate::resolve::{Graph, Package, Pattern, Resolver, SystemPackages};
use crate::wheel::{PlatformTag, Sha256Digest, Wheel, WheelPath};

use super::bundled::{Bundled, libraries, named_in_code, opened, reach};
use super::judge::Judge;
use super::options::UnbundleOptions;
use super::reason::Reason;
use super::select::choose;
use super::symbols::SymbolReader;
use super::system::{Counterpart, counterpart};

/// All changes that an unbundling will make to one wheel, and the reasons for those it does not make.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Unbundling {
    /// The plan for [`crate::repair::apply()`]. It is a copy if nothing is replaced.
    pub plan: Plan,
    /// The musl of the root file system, if known.
    pub musl: Option<MuslRelease>,
    /// The grafts that a library of the system replaces, by their names in the wheel.
    pub replaced: Vec<ReplacedLibrary>,
    /// The grafts that are removed because nothing in the wheel needs them after the replacements.
    pub unneeded: Vec<UnneededLibrary>,
    /// The grafts that stay.
    pub kept: Vec<KeptLibrary>,
    /// The modules of the result, and the releases of musl they load on.
    pub modules: Vec<Module>,
    /// The libraries that the result needs from the system.
    pub needs: Vec<Need>,
    /// The patterns that no library of the wheel matches.
    pub unused_patterns: Vec<String>,
}

/// A graft that is replaced with a library of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReplacedLibrary {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// Its size in the wheel, uncompressed, in bytes.
    pub size: u64,
    /// The name by which the library of the system is now needed.
    pub library: String,
    /// The file that this name resolves to.
    pub path: String,
    /// The hash of that file.
    pub sha256: Sha256Digest,
    /// The package that installed it, if a database has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
}

/// A graft that nothing needs any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnneededLibrary {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// Its size in the wheel, uncompressed, in bytes.
    pub size: u64,
}

/// A graft that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptLibrary {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// Its size in the wheel, uncompressed, in bytes.
    pub size: u64,
    /// The reason.
    #[serde(flatten)]
    pub reason: Reason,
}

impl Unbundling {
    /// The number of bytes that an installation of the result saves.
    #[must_use]
    pub fn installed_bytes_saved(&self) -> u64 {
        let replaced = self.replaced.iter().map(|library| library.size);
        replaced.chain(self.unneeded.iter().map(|library| library.size)).fold(0, u64::saturating_add)
    }
}

/// Plans the unbundling of a wheel that was scanned and audited with this resolver, which must search
/// libraries only in the root file system. Files of the wheel and of the system are read again for their
/// symbols.
///
/// # Errors
///
/// If a file cannot be read again, or the result would have an invalid name.
pub fn plan(
    wheel: &Wheel,
    scanned: &ScannedWheel,
    audit: &Audit,
    resolver: &Resolver,
    options: &UnbundleOptions,
    packages: &SystemPackages,
) -> Result<Unbundling, RepairError> {
    let (bundled, unused_patterns) = bundled(wheel, audit, resolver, options)?;
    // Files for an architecture without a tag are in no result.
    let fits = |graft: &Bundled| graft.counterpart.is_ok() && audit.elf.arch.is_some();
    let candidates: BTreeSet<usize> =
        bundled.iter().filter(|(_, graft)| fits(graft)).map(|(index, _)| *index).collect();
    let symbols = SymbolReader::new(wheel);
    let judge = Judge {
        wheel,
        scanned,
        audit,
        resolver,
        options: &options.audit,
        bundled: &bundled,
        symbols: &symbols,
    };
    let needed = needed_grafts(&audit.elf.graph, &candidates);
    let choice = choose(candidates, &needed, |replaced| judge.conflicts(replaced))?;
    let mut unbundling = Unbundling {
        plan: Plan::unchanged(&audit.wheel),
        musl: options.audit.root_musl,
        replaced: Vec::new(),
        unneeded: Vec::new(),
        kept: Vec::new(),
        modules: Vec::new(),
        needs: Vec::new(),
        unused_patterns,
    };
    let trial = (!choice.replaced.is_empty()).then(|| judge.trial(&choice.replaced));
    if let (Some(trial), Some(arch)) = (&trial, audit.elf.arch) {
        let plan = &mut unbundling.plan;
        (plan.output, plan.metadata) = renamed(wheel, arch, options.build_tag.as_deref())?;
        plan.target = Some(PlatformTag::Linux(arch.to_string()));
        plan.complete_record = !audit.record_is_right;
        plan.edits = trial.planned.edits.clone();
    }
    let removed = trial.as_ref().map(|trial| trial.planned.removed.clone()).unwrap_or_default();
    let after = trial.as_ref().map_or(&audit.elf, |trial| &trial.after);
    for (index, graft) in &bundled {
        let (member, size) = (graft.path.clone(), graft.size);
        match (removed.contains(index), &graft.counterpart) {
            (true, Ok(counterpart)) if choice.replaced.contains(index) => {
                unbundling.replaced.push(replaced(member, size, counterpart, packages));
            }
            (true, _) => unbundling.unneeded.push(UnneededLibrary { member, size }),
            (false, Err(reason)) => {
                unbundling.kept.push(KeptLibrary { member, size, reason: reason.clone() })
            }
            (false, Ok(_)) => {
                let reason = choice.kept.get(index).cloned().unwrap_or(Reason::NotSelected);
                unbundling.kept.push(KeptLibrary { member, size, reason });
            }
        }
        if removed.contains(index) {
            unbundling.plan.removed.push(graft.path.clone());
        }
    }
    let warned = after.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
    unbundling.plan.findings = warned.cloned().collect();
    unbundling.modules = after.modules.clone();
    unbundling.needs = needs(after, packages);
    Ok(unbundling)
}

/// The grafts of a wheel, each with the library that may replace it, and the patterns that match none of
/// them.
fn bundled(
    wheel: &Wheel,
    audit: &Audit,
    resolver: &Resolver,
    options: &UnbundleOptions,
) -> Result<(BTreeMap<usize, Bundled>, Vec<String>), RepairError> {
    let graph = &audit.elf.graph;
    let found = libraries(audit);
    let indices: BTreeSet<usize> = found.keys().copied().collect();
    let members: Vec<usize> = audit.elf.members().map(|(index, ..)| index).collect();
    let opened = opened(graph, &indices, &members);
    let named = named_in_code(wheel, &found)?;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut bundled = BTreeMap::new();
    for (index, (path, size)) in found {
        let Some(object) = graph.objects.get(index) else { continue };
        let original = original_names(path.file_name());
        let names = || original.iter().map(String::as_str).chain([path.file_name()]);
        let matches = |pattern: &&Pattern| names().any(|name| pattern.matches(name));
        let only: Vec<&Pattern> = options.only.iter().filter(matches).collect();
        let keep: Vec<&Pattern> = options.keep.iter().filter(matches).collect();
        used.extend(only.iter().chain(&keep).map(|pattern| pattern.as_str()));
        let counterpart = match (keep.first(), only.is_empty() && !options.only.is_empty()) {
            (Some(pattern), _) => Err(Reason::Requested { pattern: pattern.to_string() }),
            (None, true) => Err(Reason::NotSelected),
            (None, false) if opened.contains(&index) => Err(Reason::Opened),
            (None, false) => match named.get(&index) {
                Some(member) => Err(Reason::Named { member: member.clone() }),
                None => counterpart(object, &wheel.read(&path)?, resolver),
            },
        };
        bundled.insert(index, Bundled { path, size, counterpart });
    }
    let patterns = options.only.iter().chain(&options.keep).map(Pattern::as_str);
    let unused = patterns.filter(|pattern| !used.contains(pattern)).map(str::to_owned).collect();
    Ok((bundled, unused))
}

/// For each graft, the other grafts that it needs.
fn needed_grafts(graph: &Graph, candidates: &BTreeSet<usize>) -> BTreeMap<usize, BTreeSet<usize>> {
    let leads_to =
        |graft: &usize| reach(graph, [*graft], |_| true).intersection(candidates).copied().collect();
    candidates.iter().map(|graft| (*graft, leads_to(graft))).collect()
}

fn replaced(
    member: WheelPath,
    size: u64,
    counterpart: &Counterpart,
    packages: &SystemPackages,
) -> ReplacedLibrary {
    let file = &counterpart.file;
    ReplacedLibrary {
        member,
        size,
        library: counterpart.name.clone(),
        path: file.path.clone(),
        sha256: file.sha256,
        package: packages.owner(file).cloned(),
    }
}
