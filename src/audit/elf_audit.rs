//! The audit of ELF files that are installed together, in a wheel or in a directory.

use serde::Serialize;

use crate::musl::MuslRelease;
use crate::platform::Arch;
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Resolution, Resolver};
use crate::wheel::{InstallLocation, PlatformTag, WheelPath};

use super::arch::decide;
use super::finding::{Finding, Severity};
use super::include::include;
use super::minimum::MinimumMusl;
use super::module_rename::ModuleRename;
use super::options::AuditOptions;
use super::promise::promised_musl;
use super::rename::renames;
use super::requirement::Requirement;
use super::requirements::{Module, Requirements};
use super::roles::{DataFile, Roles, Unloadable};
use super::rules::{Concern, findings};
use super::subject::{Package, Subject};

/// Audit result for ELF files that are installed together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ElfAudit {
    /// The architecture they are for.
    pub arch: Option<Arch>,
    /// Every loadable ELF file: those of the wheel or tree in archive order, then those of other wheels
    /// installed together with it, then every library outside.
    pub graph: Graph,
    /// Libraries that nothing in the graph needs and that were requested ([`AuditOptions::include`]), as
    /// indices.
    #[serde(skip)]
    pub included: Vec<usize>,
    /// The installed paths of all files.
    #[serde(skip)]
    pub layout: InstalledLayout,
    /// The requirements of objects on musl and on each other, without duplicates.
    pub requirements: Vec<Requirement>,
    /// The objects that are loaded separately, and the releases of musl they load on.
    pub modules: Vec<Module>,
    /// The oldest musl that the platform tags promise.
    #[serde(skip)]
    pub promised_musl: MuslRelease,
    /// The oldest musl from which on everything loads.
    pub minimum_musl: MinimumMusl,
    /// The same after `DT_RELR` is lowered, as `repair` does.
    pub minimum_musl_repaired: MinimumMusl,
    /// Modules that are found under another name only, and that a repair renames.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<ModuleRename>,
    /// The problems, in the order of the rules.
    pub findings: Vec<Finding>,
}

/// A library that is needed and is not part of the wheel or tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExternalLibrary {
    /// The requested name.
    pub name: String,
    /// The index of the object in the graph, if one was found.
    pub object: Option<usize>,
}

impl ElfAudit {
    /// The objects of the wheel or tree itself.
    pub fn members(&self) -> impl Iterator<Item = (usize, &WheelPath, &InstallLocation, &Object)> {
        self.graph.objects.iter().enumerate().filter_map(|(index, object)| match &object.origin {
            Origin::Member { path, place } => Some((index, path, place, object)),
            Origin::Sibling { .. } | Origin::File { .. } => None,
        })
    }

    /// The libraries needed from outside, sorted by name: those that were found, those that are missing, and
    /// the interpreter's. One name can resolve to different files for different objects.
    #[must_use]
    pub fn external_libraries(&self) -> Vec<ExternalLibrary> {
        let mut external: Vec<ExternalLibrary> = Vec::new();
        for dependency in self.graph.objects.iter().flat_map(|object| &object.dependencies) {
            let object = match dependency.resolution {
                Resolution::Object { index } if self.is_outside(index) => Some(index),
                Resolution::Missing { .. } | Resolution::Interpreter => None,
                _ => continue,
            };
            external.push(ExternalLibrary { name: dependency.name.clone(), object });
        }
        external.sort_by(|a, b| (&a.name, a.object).cmp(&(&b.name, b.object)));
        external.dedup();
        external
    }

    /// Whether an object of the graph is a file outside the wheel or tree.
    #[must_use]
    pub fn is_outside(&self, index: usize) -> bool {
        matches!(self.graph.objects.get(index), Some(Object { origin: Origin::File { .. }, .. }))
    }

    /// The requirements of a module that some releases of musl do not meet.
    pub fn requirements_of<'a>(&'a self, module: &'a Module) -> impl Iterator<Item = &'a Requirement> {
        module.requirements.iter().filter_map(|index| self.requirements.get(*index))
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }
}

/// The input of an audit.
#[derive(Debug, Default)]
pub struct ObjectSet {
    /// The name for messages: the wheel's file name, or the tree's path.
    pub name: String,
    /// The objects themselves.
    pub own: Vec<Object>,
    /// Files that should be objects and cannot be loaded.
    pub unloadable: Vec<Unloadable>,
    /// ELF files that nothing loads.
    pub data: Vec<DataFile>,
    /// The systems for which a wheel for any platform has programs, if there are several.
    pub systems: Vec<String>,
    /// Objects of other wheels that are installed together with it.
    pub siblings: Vec<Object>,
    /// The installed paths of all of them and of the other files.
    pub layout: InstalledLayout,
    /// The platform tags of the wheel's name; none for a tree.
    pub platforms: Vec<PlatformTag>,
}

impl ObjectSet {
    /// The input for a wheel or tree of this name, without files.
    #[must_use]
    pub fn of(name: String, roles: Roles) -> Self {
        let Roles { objects: own, unloadable, data, systems } = roles;
        Self { name, own, unloadable, data, systems, ..Self::default() }
    }
}

/// Audits a set of objects: resolves what they need, loads them, and checks them against the rules about
/// loading.
#[must_use]
pub fn audit_objects(set: ObjectSet, resolver: &Resolver, options: &AuditOptions) -> ElfAudit {
    audit_with(set, None, resolver, options).0
}

/// The same for a wheel, which is also checked against the rules about packaging.
pub(super) fn audit_with(
    set: ObjectSet,
    package: Option<Package<'_>>,
    resolver: &Resolver,
    options: &AuditOptions,
) -> (ElfAudit, Vec<Finding>) {
    let ObjectSet { name, own, siblings, mut layout, platforms, unloadable, data, systems } = set;
    let mut include_failures = Vec::new();
    let included = include(&own, &platforms, resolver, options, &mut include_failures);
    // Included libraries are for the architecture of the wheel's objects; they determine it only if there are
    // no objects.
    let telling = if own.is_empty() { &included } else { &own };
    let (arch, arch_conflicts) =
        decide(&platforms, telling.iter().map(|object| (object.origin.display_name(), &object.facts)));
    let first_included = own.len() + siblings.len();
    let included_roots = first_included..first_included + included.len();
    let roots: Vec<Object> = own.into_iter().chain(siblings).chain(included).collect();
    for (index, object) in roots.iter().enumerate() {
        if let Some(place) = object.origin.place() {
            layout.insert(place, index);
        }
    }
    let graph = resolver.resolve(roots, &layout);
    let Requirements { all: requirements, modules, .. } = Requirements::of(&graph);
    let of_modules = || {
        let indices = modules.iter().flat_map(|module| &module.requirements);
        indices.filter_map(|index| requirements.get(*index))
    };
    let minimum_musl = MinimumMusl::of(of_modules(), arch, |kind| !kind.is_conditional());
    let minimum_musl_repaired =
        MinimumMusl::of(of_modules(), arch, |kind| !kind.is_conditional() && !kind.fixed_by_repair());
    let met_by_some = of_modules().filter(|requirement| requirement.met_by.since().is_some());
    let minimum_of_musl = MinimumMusl::of(met_by_some, arch, |kind| !kind.is_conditional());
    let promised_musl = promised_musl(&platforms);
    let mut subject = Subject {
        name: &name,
        package,
        platforms: &platforms,
        promised: promised_musl,
        arch,
        arch_conflicts: &arch_conflicts,
        graph: &graph,
        layout: &layout,
        requirements: &requirements,
        modules: &modules,
        minimum_of_musl: &minimum_of_musl,
        include_failures: &include_failures,
        unloadable: &unloadable,
        data: &data,
        systems: &systems,
        renames: &[],
        options,
    };
    let renames =
        if options.allow.iter().any(|code| *code == "wrong-suffix") { Vec::new() } else { renames(&subject) };
    subject.renames = &renames;
    let loading = findings(&subject, Concern::Loading);
    let packaging = findings(&subject, Concern::Packaging);
    let elf = ElfAudit {
        arch,
        included: included_roots.collect(),
        renames,
        promised_musl,
        minimum_musl,
        minimum_musl_repaired,
        findings: loading,
        requirements,
        modules,
        graph,
        layout,
    };
    (elf, packaging)
}
