//! `forbidden-symbol`: symbols that are private to one build of a library.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::{Code, Finding, Severity, grouped, listed, subject};
use crate::audit::subject::Subject;
use crate::policy::Policy;
use crate::resolve::Object;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("forbidden-symbol"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object needs a symbol that is private to one build of a library.",
    explanation: "\
The policy leaves zlib to the system: every musl system has `libz.so.1` with its public functions. This object also
needs private functions of zlib, such as `inflate_table`. Some builds of zlib export them and others do not, so the
wheel does not load everywhere.",
    source: "The `blacklist` of the musllinux policies of auditwheel.",
    symptom: Some("Error relocating /path/x.so: inflate_table: symbol not found"),
    fix: "\
`muslrepair repair --bundle-zlib` grafts the zlib that the wheel was built with. Or build the object so that it only
uses public functions.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    if audit.options.tolerate_forbidden_symbols {
        return Vec::new();
    }
    let found = audit.objects().flat_map(|object| {
        // A library with that name in the wheel is the build that the object was linked with.
        let is_bundled = |library: &str| object.edges().any(|(needed, _)| needed == library);
        let private = private_symbols(object).into_iter().filter(move |(library, _)| !is_bundled(library));
        private.map(|cause| (cause, object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|((library, symbols), objects)| {
        let symbols: Vec<&str> = symbols.into_iter().collect();
        let message = format!(
            "{} symbols of `{library}` that are private to one build of it: {}",
            subject(&objects, "needs", "need"),
            listed(&symbols)
        );
        RULE.finding_about(&objects, message).with_hint("pass `--bundle-zlib` to `muslrepair repair`")
    });
    findings.collect()
}

/// The symbols that an object needs although a policy lists them as private to one build of their library, by library.
pub(crate) fn private_symbols(object: &Object) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut by_library: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (library, symbols) in Policy::all().iter().flat_map(|policy| policy.forbidden_symbols) {
        if object.facts.needed.iter().any(|needed| needed == library) {
            let taken = symbols.iter().filter(|symbol| object.symbols.must_find(symbol.as_bytes()));
            by_library.entry(library).or_default().extend(taken);
        }
    }
    by_library.retain(|_, symbols| !symbols.is_empty());
    by_library
}
