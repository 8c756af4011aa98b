//! The audit of a wheel: what it is, what it needs, what is wrong with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::elf::{self, ElfFacts, Kind};
use crate::error::Error;
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Rejected, Resolution, Resolver};
use crate::wheel::{Arch, Place, PlatformTag, Sha256Digest, Wheel, WheelFilename, WheelPath};

use super::arch::decide;
use super::findings::{Code, Finding, Severity};
use super::glibc::glibc_evidence;
use super::symbols::SymbolSummary;

/// What an audit goes by.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Whether symbols that are private to one build of an allowed library are tolerated; set where the
    /// library itself is grafted.
    pub tolerate_forbidden_symbols: bool,
}

/// What a wheel is and needs. Plain data: the text and the JSON of `show` are two renderings of it, and the plan of a
/// repair is made from it without looking at any file again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// The file name of the wheel.
    pub wheel: WheelFilename,
    /// What kind of wheel.
    pub kind: WheelKind,
    /// The architecture its ELF files are for.
    pub arch: Option<Arch>,
    /// Every loadable ELF file of the wheel, in archive order, then every library outside it.
    pub graph: Graph,
    /// Where the members are installed.
    #[serde(skip)]
    pub layout: InstalledLayout,
    /// The hash of every file, in archive order.
    #[serde(skip)]
    pub hashes: Vec<(WheelPath, Sha256Digest)>,
    /// Members that `RECORD` does not list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<WheelPath>,
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

/// A library the wheel needs and does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalLibrary {
    /// The name that is asked for.
    pub name: String,
    /// The index of the object in the graph, where one was found.
    pub object: Option<usize>,
}

impl Audit {
    /// The objects of the wheel itself.
    pub fn members(&self) -> impl Iterator<Item = (usize, &WheelPath, &Place, &Object)> {
        self.graph.objects.iter().enumerate().filter_map(|(index, object)| match &object.origin {
            Origin::Member { path, place } => Some((index, path, place, object)),
            Origin::File { .. } => None,
        })
    }

    /// The libraries the wheel needs from outside, sorted by name: those found, those missing, and the
    /// interpreter's. One name may lead different requesters to different files.
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

    /// Whether an object of the graph lies outside the wheel.
    #[must_use]
    pub fn is_outside(&self, index: usize) -> bool {
        matches!(self.graph.objects.get(index), Some(Object { origin: Origin::File { .. }, .. }))
    }

    /// The findings that stand in the way of a repair.
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
    let filename = wheel.filename().clone();
    let scan = wheel.scan(|member, bytes| -> Result<Option<Object>, Error> {
        if !elf::is_elf(bytes) {
            return Ok(None);
        }
        let damaged = |source| Error::elf(member.path.as_str(), source);
        let facts = ElfFacts::parse(bytes).map_err(damaged)?;
        let symbols = SymbolSummary::read(bytes, &facts).map_err(damaged)?;
        if !matches!(facts.kind, Kind::Dynamic | Kind::Executable) {
            return Ok(None);
        }
        let origin = Origin::Member { path: member.path.clone(), place: wheel.place(&member.path)? };
        Ok(Some(Object { origin, facts, symbols, size: member.size, dependencies: Vec::new() }))
    })?;
    let mut hashes = Vec::with_capacity(scan.files.len());
    let mut roots = Vec::new();
    for file in scan.files {
        hashes.push((file.path, file.sha256));
        roots.extend(file.value?);
    }

    let mut layout = InstalledLayout::new(filename.python_version());
    for (index, object) in roots.iter().enumerate() {
        if let Origin::Member { place, .. } = &object.origin {
            layout.insert(place, index);
        }
    }
    let (arch, mut findings) =
        decide(&filename, roots.iter().map(|object| (object.origin.shown(), &object.facts)));
    let kind = match (roots.is_empty(), filename.platforms().iter().all(|tag| *tag == PlatformTag::Any)) {
        (false, _) => WheelKind::Platform,
        (true, true) => WheelKind::Pure,
        (true, false) => WheelKind::PlatformWithoutElf,
    };
    let graph = resolver.resolve(roots, &layout);
    for object in &graph.objects {
        judge(object, options, &mut findings);
    }
    findings.extend(missing_libraries(&graph, &layout));
    Ok(Audit { wheel: filename, kind, arch, graph, layout, hashes, unlisted: scan.unlisted, findings })
}

/// What is wrong with one object by itself.
fn judge(object: &Object, options: &AuditOptions, findings: &mut Vec<Finding>) {
    let name = object.origin.shown();
    let facts = &object.facts;
    if let Some(evidence) = glibc_evidence(facts) {
        let message = format!("`{name}` was built for glibc: {evidence}");
        let hint = "build the wheel on Alpine or with a musl toolchain; a glibc object cannot be repaired into a musl one";
        findings.push(Finding::error(Code::GlibcObject, name, message).with_hint(hint));
    }
    let ifunc = match &object.symbols.ifunc {
        Some(symbol) => Some(format!("`{symbol}` is an indirect function")),
        None if facts.relocations.irelative > 0 => {
            Some(format!("it has {} IRELATIVE relocations", facts.relocations.irelative))
        }
        None => None,
    };
    // A static program relocates itself; only musl's dynamic loader lacks indirect functions.
    if let (Some(evidence), true) = (ifunc, facts.dynamic && !is_static_program(facts)) {
        let message = format!("`{name}` cannot be loaded by musl: {evidence}");
        let hint = "build the object without indirect functions (`ifunc` attributes, `-fmultiversion`)";
        findings.push(Finding::error(Code::Ifunc, name, message).with_hint(hint));
    }
    if !options.tolerate_forbidden_symbols {
        let mut by_library: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (library, symbol) in &object.symbols.forbidden {
            by_library.entry(library).or_default().push(symbol);
        }
        for (library, symbols) in by_library {
            let message = format!(
                "`{name}` takes symbols from `{library}` that are private to one build of it: {}",
                quoted(symbols.iter().copied())
            );
            findings
                .push(Finding::error(Code::ForbiddenSymbol, name, message).with_hint("pass `--bundle-zlib`"));
        }
    }
    if facts.is_program() {
        let interpreter = object.dependencies.iter().find(|d| d.resolution == Resolution::Interpreter);
        if let Some(dependency) = interpreter {
            let message = format!(
                "`{name}` is a program that needs `{}`; only the interpreter itself has that library",
                dependency.name
            );
            let hint = "link the program without libpython, or start it through a Python module";
            findings.push(Finding::error(Code::LibpythonInProgram, name, message).with_hint(hint));
        }
    }
}

/// A program without an interpreter that asks for nothing: it was linked statically.
fn is_static_program(facts: &ElfFacts) -> bool {
    facts.interpreter.is_none()
        && facts.needed.is_empty()
        && (facts.kind == Kind::Executable || facts.pie_flag)
}

/// One finding for each missing name and set of places searched, with everyone who needs it.
fn missing_libraries(graph: &Graph, layout: &InstalledLayout) -> Vec<Finding> {
    type Search<'a> = (&'a [String], &'a [Rejected]);
    let mut missing: Vec<(&str, Search<'_>, Vec<&str>)> = Vec::new();
    for object in &graph.objects {
        for dependency in &object.dependencies {
            let Resolution::Missing { searched, rejected } = &dependency.resolution else { continue };
            let search: Search<'_> = (searched, rejected);
            let requester = object.origin.shown();
            match missing.iter_mut().find(|(name, other, _)| *name == dependency.name && *other == search) {
                Some((_, _, requesters)) => requesters.push(requester),
                None => missing.push((&dependency.name, search, vec![requester])),
            }
        }
    }
    missing
        .into_iter()
        .map(|(name, (searched, rejected), requesters)| {
            let by = quoted(requesters.iter().copied());
            let message = format!("`{name}`, needed by {by}, was not found");
            let mut finding = Finding::error(
                Code::MissingLibrary,
                requesters.first().copied().unwrap_or_default(),
                message,
            );
            if !searched.is_empty() {
                finding.details.push(format!("searched: {}", quoted(searched.iter().map(String::as_str))));
            }
            for candidate in rejected {
                finding.details.push(format!("rejected: `{}` ({})", candidate.path, candidate.reason));
            }
            let inside = layout.named(name).find_map(|index| graph.objects.get(index));
            finding.with_hint(match inside {
                Some(object) => format!(
                    "the wheel has `{}`, but no run path leads there: link with `-Wl,-rpath,'$ORIGIN/...'` \
                     (musl does not take a library that was opened by path for one of the same name)",
                    object.origin.shown()
                ),
                None => {
                    format!("`apk add so:{name}`, or pass `--exclude {name}` if the user must provide it")
                }
            })
        })
        .collect()
}

/// Names in backticks with commas between them.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
