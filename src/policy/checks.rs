//! What is wrong with one object by itself.

use std::collections::BTreeMap;

use crate::elf::{ElfFacts, Segment};
use crate::musl::{self, RunPath};
use crate::resolve::{InstalledLayout, Object, Origin, Resolution};
use crate::wheel::{Arch, Suffix};

use super::audit::AuditOptions;
use super::findings::{Code, Finding, quoted};
use super::glibc::glibc_evidence;
use super::refusals::{is_empty_within_page, refused};

/// Libraries that programs open by name on glibc systems and that musl systems do not have. (`libc.so.6` is not among
/// them: musl takes it for itself.)
pub(super) const OPENED_NAMES: [&[u8]; 5] =
    [b"libcrypt.so.1", b"libresolv.so.2", b"libnss_dns.so.2", b"libnss_files.so.2", b"libgomp.so.1"];

/// `PT_LOAD`.
const PT_LOAD: u32 = 1;

/// The pages that kernels of aarch64, ppc64le and loongarch64 may be built with.
const LARGE_PAGE: u64 = 64 << 10;

/// How long a run path entry may be, unexpanded, before it is likely to overflow the 512 bytes in which musl joins it
/// to a library's name: virtual environments lie under paths of about 100 bytes.
const LONG_ENTRY: usize = 300;

/// Everything that can be said of an object without looking at others.
pub(super) fn judge(
    object: &Object,
    layout: &InstalledLayout,
    options: &AuditOptions,
    findings: &mut Vec<Finding>,
) {
    let name = object.origin.shown();
    let facts = &object.facts;
    if let Some(evidence) = glibc_evidence(facts) {
        let message = format!("`{name}` was built for glibc: {evidence}");
        let hint = "build the wheel on Alpine or with a musl toolchain; a glibc object cannot be repaired into a musl one";
        findings.push(Finding::new(Code::GlibcObject, name, message).with_hint(hint));
    }
    refused(object, findings);
    interpreter(object, findings);
    segments(object, findings);
    if matches!(object.origin, Origin::Member { .. }) {
        suffix(object, findings);
        run_path(object, layout, findings);
        threads_and_names(object, findings);
    }
    forbidden_symbols(object, options, findings);
}

fn interpreter(object: &Object, findings: &mut Vec<Finding>) {
    let (name, facts) = (object.origin.shown(), &object.facts);
    if let (Some(interpreter), Some(arch)) = (&facts.interpreter, facts.arch) {
        let expected = format!("/lib/ld-musl-{}.so.1", arch.musl_loader_name());
        if *interpreter != expected && glibc_evidence(facts).is_none() {
            let message =
                format!("`{name}` asks for the loader `{interpreter}`; musl of {arch} is `{expected}`");
            findings.push(
                Finding::new(Code::WrongInterpreter, name, message)
                    .with_hint("link the program with a musl toolchain"),
            );
        }
    }
    if object.starts_a_process() {
        let libpython = object.dependencies.iter().find(|d| d.resolution == Resolution::Interpreter);
        if let Some(dependency) = libpython {
            let message = format!(
                "`{name}` is a program that needs `{}`; only the interpreter itself has that library",
                dependency.name
            );
            let hint = "link the program without libpython, or start it through a Python module";
            findings.push(Finding::new(Code::LibpythonInProgram, name, message).with_hint(hint));
        }
    } else if let Some(dependency) =
        object.dependencies.iter().find(|d| d.resolution == Resolution::Interpreter)
    {
        let message = format!(
            "`{name}` needs `{}`, and is not loaded by an interpreter that is not linked with a library of that name",
            dependency.name
        );
        let hint = "`muslrepair repair` takes the name out: the process has the interpreter already";
        findings.push(Finding::new(Code::LibpythonNeeded, name, message).with_hint(hint));
    }
}

/// Layouts that musl's `map_library` and `dl_iterate_phdr` take badly.
fn segments(object: &Object, findings: &mut Vec<Finding>) {
    let (name, facts) = (object.origin.shown(), &object.facts);
    if !facts.dynamic {
        return;
    }
    let loads = || facts.segments.iter().filter(|segment| segment.kind == PT_LOAD);
    if loads().any(|segment| segment.memory_size == 0 && !is_empty_within_page(segment)) {
        let message = format!("`{name}` has a segment of no size, which musl before 1.2.3 does not map");
        findings.push(Finding::new(Code::EmptySegment, name, message).with_hint("link with another linker"));
    }
    if !facts.headers_mapped {
        let message =
            format!("the program headers of `{name}` are not mapped: exceptions cannot pass through it");
        findings.push(Finding::new(Code::UnmappedHeaders, name, message).with_hint("build the object again"));
    }
    let large = matches!(facts.arch, Some(Arch::Aarch64 | Arch::Ppc64le | Arch::Loongarch64));
    if large && let Some(segment) = loads().find(|segment| overlaps_at(segment, facts)) {
        let message = format!(
            "`{name}` is aligned to {} bytes; kernels of its architecture may have pages of 64 KiB",
            segment.align
        );
        findings.push(
            Finding::new(Code::SmallAlignment, name, message).with_hint("link with `-z max-page-size=65536`"),
        );
    }
    let arm = matches!(facts.arch, Some(Arch::Aarch64 | Arch::Armv7l | Arch::Armv6l));
    if arm && facts.legacy_init_only {
        let message =
            format!("`{name}` has `DT_INIT` or `DT_FINI` only, which musl does not call on its architecture");
        findings.push(
            Finding::new(Code::LegacyInit, name, message).with_hint("use constructors (`.init_array`)"),
        );
    }
}

/// Whether a segment cannot be mapped with large pages: address and offset differ within one.
fn overlaps_at(segment: &Segment, facts: &ElfFacts) -> bool {
    let congruent = segment.offset % LARGE_PAGE == segment.address % LARGE_PAGE;
    let shares_page = facts.segments.iter().any(|other| {
        other.kind == PT_LOAD && other.address > segment.address && {
            let end = segment.address.saturating_add(segment.memory_size);
            other.address / LARGE_PAGE == end.saturating_sub(1) / LARGE_PAGE
        }
    });
    segment.align < LARGE_PAGE && (!congruent || shares_page)
}

/// The name of an extension module that no interpreter on musl of the object's architecture looks for.
fn suffix(object: &Object, findings: &mut Vec<Finding>) {
    let name = object.origin.shown();
    let file = name.rsplit('/').next().unwrap_or(name);
    let Some((module, suffix)) = Suffix::of(file) else { return };
    let ending = file.strip_prefix(module).unwrap_or(file);
    if let Some(arch) = object.facts.arch
        && suffix.other_arch(arch).is_some()
    {
        let message =
            format!("`{name}` is for {arch}, whose interpreter does not look for names with `{ending}`");
        let hint =
            "name modules that are cross-compiled after the machine they are for, not the one that builds";
        findings.push(Finding::new(Code::WrongSuffix, name, message).with_hint(hint));
    } else if suffix.is_for_glibc() {
        let message = format!("`{name}` is named for glibc; no Python on musl looks for `{ending}`");
        let hint = "build the wheel with a Python that runs on musl";
        findings.push(Finding::new(Code::WrongSuffix, name, message).with_hint(hint));
    }
}

fn run_path(object: &Object, layout: &InstalledLayout, findings: &mut Vec<Finding>) {
    let (name, Origin::Member { place, .. }) = (object.origin.shown(), &object.origin) else { return };
    let Some(text) = object.facts.run_path() else { return };
    if RunPath::parse(text) == RunPath::Void {
        let message =
            format!("musl ignores the run path of `{name}`: it has a `$` other than `$ORIGIN`: `{text}`");
        findings.push(Finding::new(Code::VoidRunPath, name, message).with_hint("use `$ORIGIN` only"));
        return;
    }
    let installed = layout.installed(place);
    let origin = crate::resolve::directory_of(&installed);
    let leads_out =
        |entry: &&str| !layout.expand(entry, origin).is_some_and(|found| layout.is_reliable(&found));
    let outside: Vec<&str> = musl::search_path_entries(text).filter(leads_out).collect();
    if !outside.is_empty() {
        let message =
            format!("the run path of `{name}` leads out of the wheel: {}", quoted(outside.into_iter()));
        findings.push(
            Finding::new(Code::OutsideRunPath, name, message).with_hint("`muslrepair repair` drops it"),
        );
    }
    if let Some(entry) = musl::search_path_entries(text).find(|entry| entry.len() > LONG_ENTRY) {
        let message =
            format!("an entry of {} bytes in the run path of `{name}`; musl has room for 512", entry.len());
        findings.push(Finding::new(Code::LongRunPath, name, message).with_hint("shorten the path"));
    }
}

fn threads_and_names(object: &Object, findings: &mut Vec<Finding>) {
    let (name, symbols) = (object.origin.shown(), &object.symbols);
    if symbols.asks_for(b"pthread_create") && !symbols.asks_for(b"pthread_attr_setstacksize") {
        let message = format!("`{name}` starts threads with musl's default stack of 128 KiB");
        findings.push(Finding::new(Code::SmallStacks, name, message).with_hint(
            "set the size with `pthread_attr_setstacksize` if they recurse or hold large buffers",
        ));
    }
    if !symbols.opened.is_empty() {
        let opened = quoted(symbols.opened.iter().map(String::as_str));
        let message = format!("`{name}` may open by name what only glibc systems have: {opened}");
        findings.push(Finding::new(Code::OpenedName, name, message));
    }
}

fn forbidden_symbols(object: &Object, options: &AuditOptions, findings: &mut Vec<Finding>) {
    if options.tolerate_forbidden_symbols {
        return;
    }
    let name = object.origin.shown();
    let mut by_library: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (library, symbol) in &object.symbols.forbidden {
        by_library.entry(library).or_default().push(symbol);
    }
    for (library, symbols) in by_library {
        // A library of the wheel under that name is the build the object was made for.
        let bundled = object.edges().any(|(needed, _)| needed == library);
        if !bundled {
            let symbols = quoted(symbols.into_iter());
            let message = format!(
                "`{name}` takes symbols from `{library}` that are private to one build of it: {symbols}"
            );
            findings
                .push(Finding::new(Code::ForbiddenSymbol, name, message).with_hint("pass `--bundle-zlib`"));
        }
    }
}
