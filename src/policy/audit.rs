//! The audit of a wheel: what it is, what it needs, what is wrong with it.

use std::collections::HashSet;

use serde::Serialize;

use crate::elf::{self, ElfFacts, Kind};
use crate::error::Error;
use crate::limits::Limits;
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Resolution, Resolver};
use crate::wheel::{Arch, Place, PlatformTag, Sha256Digest, Wheel, WheelFilename, WheelPath};

use super::binding::{MinimumMusl, Module};
use super::examine::examine;
use super::findings::{Code, Finding, Severity};
use super::importable::importable;
use super::symbols::ObjectSymbols;

/// What an audit goes by.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Whether symbols that are private to one build of an allowed library are tolerated; set where the
    /// library itself is grafted.
    pub tolerate_forbidden_symbols: bool,
    /// Libraries that are looked at, and grafted, although nothing needs them, because only `dlopen` asks for them: names or
    /// paths.
    pub include: Vec<String>,
    /// Findings that are not wanted.
    pub allow: Vec<Code>,
}

/// What a wheel is and needs. Plain data: the text and the JSON of `show` are two renderings of it, and the plan of a
/// repair is made from it without looking at any file again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// The file name of the wheel.
    pub wheel: WheelFilename,
    /// What kind of wheel.
    pub kind: WheelKind,
    /// The hash of every file, in archive order.
    #[serde(skip)]
    pub hashes: Vec<(WheelPath, Sha256Digest)>,
    /// Members that `RECORD` does not list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<WheelPath>,
    /// What there is to say of its ELF files.
    #[serde(flatten)]
    pub elf: Examination,
}

/// What there is to say of a set of ELF files that are installed together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Examination {
    /// The architecture they are for.
    pub arch: Option<Arch>,
    /// Every loadable ELF file of the set, in archive order, then those of other wheels beside it, then every library
    /// outside.
    pub graph: Graph,
    /// Those of them that nothing needs ([`AuditOptions::include`]), as indices.
    #[serde(skip)]
    pub included: Vec<usize>,
    /// Where they are installed.
    #[serde(skip)]
    pub layout: InstalledLayout,
    /// What can be loaded by itself, and on which musl.
    pub modules: Vec<Module>,
    /// The oldest musl from which on everything loads.
    pub minimum_musl: MinimumMusl,
    /// The same after `DT_RELR` is lowered, as `repair` does.
    pub minimum_musl_repaired: MinimumMusl,
    /// What is wrong, in the order of the objects.
    pub findings: Vec<Finding>,
}

/// What kind of wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WheelKind {
    /// No ELF file, and the name says `any`.
    Pure,
    /// No ELF file, though the name has a platform.
    PlatformWithoutElf,
    /// ELF files.
    Platform,
}

/// A library that is needed and not part of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExternalLibrary {
    /// The name that is asked for.
    pub name: String,
    /// The index of the object in the graph, where one was found.
    pub object: Option<usize>,
}

impl Examination {
    /// The objects of the set itself.
    pub fn members(&self) -> impl Iterator<Item = (usize, &WheelPath, &Place, &Object)> {
        self.graph.objects.iter().enumerate().filter_map(|(index, object)| match &object.origin {
            Origin::Member { path, place } => Some((index, path, place, object)),
            Origin::Neighbour { .. } | Origin::File { .. } => None,
        })
    }

    /// The libraries needed from outside, sorted by name: those found, those missing, and the interpreter's. One name
    /// may lead different requesters to different files.
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

    /// Whether an object of the graph is a file outside.
    #[must_use]
    pub fn is_outside(&self, index: usize) -> bool {
        matches!(self.graph.objects.get(index), Some(Object { origin: Origin::File { .. }, .. }))
    }

    /// The findings that stand in the way.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }
}

/// Audits a wheel: reads every member once, in parallel, checks it against `RECORD`, and resolves what its ELF files
/// need.
///
/// # Errors
///
/// When a member cannot be read, does not match `RECORD`, or is a damaged ELF file. What keeps a sound wheel from being
/// repaired is no error here but a [`Finding`].
pub fn audit(wheel: &Wheel, resolver: &Resolver, options: &AuditOptions) -> Result<Audit, Error> {
    audit_beside(wheel, Vec::new(), resolver, options)
}

/// Audits a wheel that is installed together with others, whose objects are `neighbours`: see [`super::Neighbourhood`].
///
/// # Errors
///
/// As [`audit()`].
pub fn audit_beside(
    wheel: &Wheel,
    neighbours: Vec<Object>,
    resolver: &Resolver,
    options: &AuditOptions,
) -> Result<Audit, Error> {
    let filename = wheel.filename().clone();
    let scan = wheel.scan(|member, bytes| -> Result<Option<Object>, Error> {
        let origin = || Ok(Origin::Member { path: member.path.clone(), place: wheel.place(&member.path)? });
        object(member.path.as_str(), bytes, wheel.limits(), origin)
    })?;
    let mut hashes = Vec::with_capacity(scan.files.len());
    let mut own = Vec::new();
    for file in scan.files {
        hashes.push((file.path, file.sha256));
        own.extend(file.value?);
    }
    let pure = filename.platforms().iter().all(|tag| *tag == PlatformTag::Any);
    let kind = match (own.is_empty(), pure) {
        (false, _) => WheelKind::Platform,
        (true, true) => WheelKind::Pure,
        (true, false) => WheelKind::PlatformWithoutElf,
    };
    let mut layout = InstalledLayout::new(filename.python_version());
    for path in in_the_way(hashes.iter().map(|(path, _)| path), &own) {
        layout.insert_other(&wheel.place(path)?);
    }
    let mut elf = examine(own, neighbours, layout, filename.platforms(), resolver, options);
    if !options.allow.contains(&Code::WrongSuffix) {
        elf.findings.extend(importable(&filename, &elf));
    }
    Ok(Audit { wheel: filename, kind, hashes, unlisted: scan.unlisted, elf })
}

/// The files that have the name of a library which an object needs, or lie in a directory of that name: whether they can be
/// loaded or not, the loader finds them.
pub(super) fn in_the_way<'a>(
    files: impl Iterator<Item = &'a WheelPath>,
    objects: &[Object],
) -> impl Iterator<Item = &'a WheelPath> {
    let needed: HashSet<String> =
        objects.iter().flat_map(|object| object.facts.needed.iter().cloned()).collect();
    files.filter(move |path| path.components().any(|component| needed.contains(component)))
}

/// The object that these bytes are, if they can be loaded at all: no `.o` files, no debug files, no core dumps.
pub(super) fn object(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    origin: impl FnOnce() -> Result<Origin, Error>,
) -> Result<Option<Object>, Error> {
    if !elf::is_elf(bytes) {
        return Ok(None);
    }
    let damaged = |source| Error::elf(name, source);
    let facts = ElfFacts::parse_within(bytes, limits).map_err(damaged)?;
    if !matches!(facts.kind, Kind::Dynamic | Kind::Executable) {
        return Ok(None);
    }
    let symbols = ObjectSymbols::read(bytes, &facts).map_err(damaged)?;
    Ok(Some(Object { origin: origin()?, facts, symbols, size: bytes.len() as u64, dependencies: Vec::new() }))
}
