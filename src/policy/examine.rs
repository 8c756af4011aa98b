//! What there is to say of ELF files that are installed together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::limits::Limits;
use crate::musl::{self, Release, Releases};
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Rejected, Resolution, Resolver, is_apk_name};
use crate::wheel::{Arch, MuslVersion, PlatformTag};

use super::arch::decide;
use super::audit::{AuditOptions, Examination};
use super::binding::{self, Cause, Module, minimum};
use super::checks::judge;
use super::findings::{Code, Finding, Severity, listed, quoted};
use super::include::include;
use super::loading::loading;

/// Resolves and judges. `platforms` are the tags that the file name claims, none for a tree of files.
pub(super) fn examine(
    own: Vec<Object>,
    neighbours: Vec<Object>,
    mut layout: InstalledLayout,
    platforms: &[PlatformTag],
    resolver: &Resolver,
    options: &AuditOptions,
) -> Examination {
    let members = own.len();
    let (arch, mut findings) =
        decide(platforms, own.iter().map(|object| (object.origin.shown(), &object.facts)));
    let included = include(&own, resolver, &options.include, &mut findings);
    let first_included = members + neighbours.len();
    let included_roots = first_included..first_included + included.len();
    let roots: Vec<Object> = own.into_iter().chain(neighbours).chain(included).collect();
    for (index, object) in roots.iter().enumerate() {
        if let Some(place) = object.origin.place() {
            layout.insert(place, index);
        }
    }
    let graph = resolver.resolve(roots, &layout);
    let loaded_by_programs = graph.loaded_by_programs();
    for (index, object) in graph.objects.iter().enumerate() {
        if !matches!(object.origin, Origin::Neighbour { .. }) {
            let program = loaded_by_programs.get(&index).and_then(|program| graph.objects.get(*program));
            judge(object, program, &layout, options, &mut findings);
        }
    }
    if let Some(exceeded) = &graph.exceeded {
        let finding = Finding::new(Code::LimitExceeded, exceeded.object.as_str(), exceeded.to_string());
        findings.push(finding.with_hint(Limits::hint(exceeded.what)));
    }
    let modules = binding::modules(&graph);
    findings.extend(missing_libraries(&graph, &layout));
    findings.extend(loading(&graph));
    findings.extend(reserved_names(&graph, &layout));
    findings.extend(interposed(&graph));
    findings.extend(mixed_time(&graph, members));
    findings.extend(passed_over(&modules));
    findings.extend(unbound(&modules, promised(platforms)));
    findings.extend(relative_relocations(&graph, promised(platforms)));
    findings.retain(|finding| !options.allow.contains(&finding.code));
    Examination {
        arch,
        minimum_musl: minimum(&modules, |cause| !cause.is_conditional()),
        minimum_musl_repaired: minimum(&modules, |cause| !cause.is_conditional() && !cause.is_mended()),
        modules,
        included: included_roots.collect(),
        graph,
        layout,
        findings,
    }
}

/// The oldest musl that the tags promise; what a repair would promise where they promise none.
fn promised(platforms: &[PlatformTag]) -> Release {
    let versions = platforms.iter().filter_map(|tag| match tag {
        PlatformTag::Musllinux { version, .. } => Some(Release::oldest_of(*version)),
        _ => None,
    });
    versions.min().unwrap_or_else(|| Release::oldest_of(MuslVersion::V1_2))
}

/// Symbols that some release from the promised one on does not have: because they came later, or because it lost them.
fn new_symbols(object: &str, symbols: &str, met_by: Releases, promised: Release) -> Finding {
    let since = met_by.since().unwrap_or(Release::NEWEST);
    let alpine = since.first_alpine().map_or_else(String::new, |alpine| format!(" (Alpine {alpine})"));
    if met_by.contains(promised) {
        let without: Vec<String> = Release::ALL
            .into_iter()
            .filter(|release| *release > promised && !met_by.contains(*release))
            .map(|release| release.to_string())
            .collect();
        let message =
            format!("`{object}` needs {symbols}, which is missing from musl {}", without.join(" and "));
        let hint = format!("avoid the symbol; musl has it again since {since}{alpine}");
        return Finding::new(Code::NewSymbol, object, message).with_hint(hint);
    }
    let message = format!(
        "`{object}` needs {symbols}, which musl has since {since}{alpine}; the tag promises {promised}"
    );
    let hint = "build on an older Alpine, or say which one the wheel needs";
    Finding::new(Code::NewSymbol, object, message).with_hint(hint)
}

/// One finding for each missing name and set of places searched, with everyone who needs it.
fn missing_libraries(graph: &Graph, layout: &InstalledLayout) -> Vec<Finding> {
    type Search<'a> = (&'a [String], &'a [Rejected]);
    let mut missing: Vec<(&str, Search<'_>, Vec<&str>)> = Vec::new();
    let mut known: BTreeMap<(&str, Search<'_>), usize> = BTreeMap::new();
    for object in graph.objects.iter().filter(|object| !matches!(object.origin, Origin::Neighbour { .. })) {
        for dependency in &object.dependencies {
            let Resolution::Missing { searched, rejected } = &dependency.resolution else { continue };
            let search: Search<'_> = (searched, rejected);
            let requester = object.origin.shown();
            let index = *known.entry((&dependency.name, search)).or_insert_with(|| {
                missing.push((&dependency.name, search, Vec::new()));
                missing.len() - 1
            });
            if let Some((_, _, requesters)) = missing.get_mut(index) {
                requesters.push(requester);
            }
        }
    }
    (missing.into_iter())
        .map(|(name, (searched, rejected), requesters)| {
            let by = quoted(requesters.iter().copied());
            let message = format!("`{name}`, needed by {by}, was not found");
            let object = requesters.first().copied().unwrap_or_default();
            let mut finding = Finding::new(Code::MissingLibrary, object, message);
            if !searched.is_empty() {
                finding.details.push(format!("searched: {}", quoted(searched.iter().map(String::as_str))));
            }
            for candidate in rejected {
                finding.details.push(format!("rejected: `{}` ({})", candidate.path, candidate.reason));
            }
            let inside = layout.named(name).find_map(|index| graph.objects.get(index));
            finding.with_hint(match inside {
                Some(object) => format!(
                    "there is `{}`, but no run path leads there: link with `-Wl,-rpath,'$ORIGIN/...'` \
                     (musl does not take a library that was opened by path for one of the same name)",
                    object.origin.shown()
                ),
                None if is_apk_name(name) => {
                    format!("`apk add so:{name}`, or pass `--exclude {name}` if the user must provide it")
                }
                None if name.split('/').all(|part| part.is_empty() || is_apk_name(part)) => format!(
                    "link with a library that has a `DT_SONAME`, so that it is needed by its name, or pass \
                     `--exclude {name}` if the user must provide it"
                ),
                None => "no package can provide a library of that name: build the object again".to_owned(),
            })
        })
        .collect()
}

/// Names that musl takes for itself although the wheel has a library of that name which is not musl.
fn reserved_names(graph: &Graph, layout: &InstalledLayout) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for object in &graph.objects {
        for dependency in object.dependencies.iter().filter(|d| d.resolution == Resolution::Libc) {
            let name = dependency.name.as_str();
            if said.contains(name) {
                continue;
            }
            let inside = layout.named(name).find_map(|index| graph.objects.get(index));
            if let (true, Some(bundled)) = (musl::is_reserved(name), inside)
                && said.insert(name)
            {
                let message = format!(
                    "`{}` is never loaded for `{}`, which needs it: musl takes every `{name}` for itself",
                    bundled.origin.shown(),
                    object.origin.shown()
                );
                let finding = Finding::new(Code::ReservedName, bundled.origin.shown(), message);
                findings.push(finding.with_hint("give the library another name"));
            }
        }
    }
    findings
}

/// Symbols wanted from a library of the closure that musl defines too.
fn interposed(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in graph.objects.iter().filter(|object| !matches!(object.origin, Origin::Neighbour { .. })) {
        if object.symbols.interposed.is_empty() {
            continue;
        }
        let providers: HashMap<&str, usize> = object.edges().collect();
        let mut by_library: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (library, symbol) in &object.symbols.interposed {
            let provider = providers.get(library.as_str()).and_then(|index| graph.objects.get(*index));
            if provider.is_some_and(|provider| provider.symbols.defines(symbol.as_bytes())) {
                by_library.entry(library).or_default().push(symbol);
            }
        }
        for (library, symbols) in by_library {
            let name = object.origin.shown();
            let message = format!(
                "`{name}` wants {} of `{library}`, but musl has its own and that is taken",
                listed(&symbols)
            );
            let hint = "rename the symbols in the library, or link it statically";
            findings.push(Finding::new(Code::Interposed, name, message).with_hint(hint));
        }
    }
    findings
}

/// On 32-bit architectures: objects built for musl 1.2 and for musl 1.1 disagree on the size of `time_t`.
fn mixed_time(graph: &Graph, members: usize) -> Option<Finding> {
    let mut with: Option<(&str, String)> = None;
    let mut without: Option<(&str, String)> = None;
    for object in graph.objects.iter().take(members) {
        let Some(arch @ (Arch::I686 | Arch::Armv7l | Arch::Armv6l)) = object.facts.arch else { continue };
        for name in &object.symbols.undefined {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if is_time64(arch, name) {
                with.get_or_insert((object.origin.shown(), name.to_owned()));
            } else if has_time64_sibling(arch, name) {
                without.get_or_insert((object.origin.shown(), name.to_owned()));
            }
        }
    }
    let ((wide, wide_symbol), (narrow, narrow_symbol)) = (with?, without?);
    let message = format!(
        "`{wide}` uses 64-bit time (`{wide_symbol}`), `{narrow}` uses 32-bit time (`{narrow_symbol}`): \
         what they hand each other does not fit"
    );
    Some(Finding::new(Code::MixedTime, narrow, message).with_hint("build all of it against musl 1.2"))
}

/// One of the names that musl 1.2.0 added on 32-bit architectures for 64-bit time: `__clock_gettime64`, `__stat_time64`.
fn is_time64(arch: Arch, name: &str) -> bool {
    let spelt_so = name.starts_with("__") && (name.ends_with("64") || name.ends_with("64_r"));
    spelt_so && musl::exports(arch, name.as_bytes()).and_then(|on| on.since()) == Some(Release::V1_2_0)
}

fn has_time64_sibling(arch: Arch, name: &str) -> bool {
    let stem = name.strip_suffix("_r").unwrap_or(name);
    let siblings = [format!("__{name}_time64"), format!("__{name}64"), format!("__{stem}64_r")];
    siblings.iter().any(|sibling| is_time64(arch, sibling))
}

/// Definitions that musl does not see, and what it crashes without.
fn passed_over(modules: &[Module]) -> Vec<Finding> {
    let mut indirect: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut own: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut weak: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for requirement in modules.iter().flat_map(|module| &module.requirements) {
        let (by_object, symbol) = match &requirement.cause {
            Cause::Ifunc { symbol } => (&mut indirect, symbol.as_deref()),
            Cause::PassedOver { symbol } => (&mut own, Some(symbol.as_str())),
            Cause::WeakThreadLocal { symbol } => (&mut weak, Some(symbol.as_str())),
            _ => continue,
        };
        by_object.entry(&requirement.object).or_default().extend(symbol);
    }
    let names = |symbols: &BTreeSet<&str>| listed(&symbols.iter().copied().collect::<Vec<_>>());
    let mut findings = Vec::new();
    for (object, symbols) in indirect {
        let evidence = match symbols.len() {
            0 => "it has IRELATIVE relocations".to_owned(),
            _ => format!("it refers to indirect functions of its own: {}", names(&symbols)),
        };
        let message = format!("`{object}` cannot be loaded by musl: {evidence}");
        let hint =
            "build the object without indirect functions (`ifunc` attributes, function multiversioning)";
        findings.push(Finding::new(Code::Ifunc, object, message).with_hint(hint));
    }
    for (object, symbols) in own {
        let message = format!(
            "`{object}` refers to symbols of its own that musl passes over, and nothing it is loaded with defines \
             them: {}",
            names(&symbols)
        );
        let hint =
            "musl does not see definitions with a version that is not the default, or with the value 0";
        findings.push(Finding::new(Code::UnresolvedSymbol, object, message).with_hint(hint));
    }
    for (object, symbols) in weak {
        let message = format!(
            "`{object}` has weak thread-local variables that nothing it is loaded with defines, and musl crashes: {}",
            names(&symbols)
        );
        let hint = "musl leaves weak symbols undefined, but not thread-local ones";
        findings.push(Finding::new(Code::UnresolvedSymbol, object, message).with_hint(hint));
    }
    findings
}

/// Initial-exec TLS in libraries, symbols that no release has, and symbols that the promised release does not have.
fn unbound(modules: &[Module], promised: Release) -> Vec<Finding> {
    let mut never: BTreeMap<(&str, Option<&str>), BTreeSet<&str>> = BTreeMap::new();
    let mut later: BTreeMap<(&str, Releases), BTreeSet<&str>> = BTreeMap::new();
    let mut static_tls: BTreeSet<&str> = BTreeSet::new();
    for requirement in modules.iter().flat_map(|module| &module.requirements) {
        if requirement.cause == Cause::InitialExecTls {
            static_tls.insert(&requirement.object);
        }
        let Cause::Symbol { symbol, elsewhere } = &requirement.cause else { continue };
        match requirement.met_by.since() {
            None => never.entry((&requirement.object, elsewhere.as_deref())).or_default().insert(symbol),
            Some(since) if since > promised => {
                later.entry((&requirement.object, requirement.met_by)).or_default().insert(symbol)
            }
            Some(_) => continue,
        };
    }
    let mut findings = Vec::new();
    for object in static_tls {
        let message =
            format!("`{object}` has initial-exec TLS, which musl refuses in a library that is opened later");
        let hint =
            "compile without `-ftls-model=initial-exec` (allocators such as mimalloc and jemalloc set it)";
        findings.push(Finding::new(Code::InitialExecTls, object, message).with_hint(hint));
    }
    for ((object, elsewhere), symbols) in never {
        let symbols: Vec<&str> = symbols.into_iter().collect();
        let glibc = symbols.iter().find(|symbol| musl::is_glibc_only(symbol.as_bytes()));
        let listed = listed(&symbols);
        let mut finding = match elsewhere {
            Some(elsewhere) => {
                let message = format!("`{object}` does not lead to `{elsewhere}`, which defines {listed}");
                let mut finding = Finding::new(Code::UnresolvedSymbol, object, message);
                // It works where something else has loaded that object with RTLD_GLOBAL.
                finding.severity = Severity::Warning;
                finding.with_hint(format!("link `{object}` with that library"))
            }
            None => {
                let message = format!(
                    "`{object}` needs what no musl has and nothing it is loaded with defines: {listed}"
                );
                Finding::new(Code::UnresolvedSymbol, object, message)
            }
        };
        if let Some(symbol) = glibc {
            finding.hint = Some(format!(
                "only glibc has `{symbol}`: build `{object}` on Alpine or with a musl toolchain"
            ));
        }
        findings.push(finding);
    }
    for ((object, met_by), symbols) in later {
        let symbols: Vec<&str> = symbols.into_iter().collect();
        findings.push(new_symbols(object, &listed(&symbols), met_by, promised));
    }
    findings
}

fn relative_relocations(graph: &Graph, promised: Release) -> Option<Finding> {
    if promised >= Release::V1_2_4 {
        return None;
    }
    let objects = (graph.objects.iter())
        .filter(|object| object.facts.relr && !object.facts.is_static_program())
        .filter(|object| !matches!(object.origin, Origin::Neighbour { .. }));
    let names: Vec<&str> = objects.map(|object| object.origin.shown()).collect();
    let first = names.first()?;
    let message = format!(
        "DT_RELR, which musl applies since 1.2.4 (Alpine 3.18) while the tag promises {promised}, is in {}",
        listed(&names)
    );
    let hint = "`muslrepair repair` lowers it to ordinary relocations";
    Some(Finding::new(Code::Relr, *first, message).with_hint(hint))
}
