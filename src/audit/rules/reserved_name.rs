//! `reserved-name`: a library with a name that musl reserves for itself.

use std::collections::BTreeMap;

use crate::audit::finding::{Code, Finding, Severity, grouped, listed};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::musl;
use crate::resolve::{Object, Origin, Resolution};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("reserved-name"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A library has a name that musl reserves, so it is never loaded.",
    explanation: "\
musl is a single library for all of libc, and answers the names of its parts itself, before any search: every name
that begins with `libc.`, `libpthread.`, `librt.`, `libm.`, `libdl.`, `libutil.` or `libxnet.`. A library with such a
name (`libutil.so`) is never loaded for an object that needs it, and the symbols that only it defines are missing.
`libutil-1a2b3c4d.so` is not reserved, because the dot is part of the name.",
    source: "`load_library` in musl's `ldso/dynlink.c`: `reserved[]`.",
    symptom: Some("Error relocating /path/x.so: demo_helper: symbol not found"),
    fix: "\
Give the library another name, and link the objects that need it with that name. `repair` does not rename a library in
the wheel. It grafts such a library from outside the wheel if the library defines a needed symbol that musl lacks; the
name of the graft is not reserved.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    inside(audit).into_iter().chain(outside(audit)).collect()
}

/// The findings about libraries outside, which a repair grafts under other names.
fn outside(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::ReservedName { library } = &requirement.kind else { return None };
        let target = audit.library_of(requirement.index, library)?;
        Some(((library.as_str(), target.origin.display_name()), requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|((name, library), requesters)| {
        let message = never_loaded(library, name, &requesters);
        let mut finding = RULE.finding_about(&requesters, message);
        finding.fixed_by_repair = true;
        finding.with_hint("`muslrepair repair` grafts it under another name")
    });
    findings.collect()
}

fn never_loaded(library: &str, name: &str, requesters: &[&str]) -> String {
    let need = if requesters.len() == 1 { "needs" } else { "need" };
    let requesters = listed(requesters);
    format!("`{library}` is never loaded: musl answers the name `{name}` itself, which {requesters} {need}")
}

/// The findings about libraries in the wheel.
fn inside(audit: &Subject<'_>) -> Vec<Finding> {
    let is_sibling = |object: &Object| matches!(object.origin, Origin::Sibling { .. });
    let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in &audit.graph.objects {
        for dependency in object.dependencies.iter().filter(|found| found.resolution == Resolution::Libc) {
            let name = dependency.name.as_str();
            let inside = audit.layout.named(name).find_map(|index| audit.graph.objects.get(index));
            // A problem within another wheel is reported for that wheel.
            let concerns_this = inside.is_some_and(|library| !is_sibling(library) || !is_sibling(object));
            if musl::is_reserved(name) && concerns_this {
                needed.entry(name).or_default().push(object.origin.display_name());
            }
        }
    }
    let findings = needed.into_iter().filter_map(|(name, requesters)| {
        let library = audit.layout.named(name).find_map(|index| audit.graph.objects.get(index))?;
        let library = library.origin.display_name();
        let message = never_loaded(library, name, &requesters);
        Some(RULE.finding(library, message).with_hint("give the library another name"))
    });
    findings.collect()
}
