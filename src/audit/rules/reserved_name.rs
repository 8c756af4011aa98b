//! `reserved-name`: a library under a name that means musl itself.

use std::collections::BTreeMap;

use crate::audit::finding::{Code, Finding, Severity, listed};
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
musl is one library for all of libc, and answers the names of its parts itself, before any search: every name that begins with
`libc.`, `libpthread.`, `librt.`, `libm.`, `libdl.`, `libutil.` or `libxnet.`, whatever follows. A library of the wheel with such
a name (`libutil.so`) is never opened for those who need it; the symbols that only it defines are missing. A name such as
`libutil-1a2b3c4d.so` is none of these: the dot counts.",
    source: "`load_library` in musl's `ldso/dynlink.c`: `reserved[]`.",
    symptom: Some("Error relocating /path/x.so: demo_helper: symbol not found"),
    fix: "Give the library another name, and link what needs it with that name. `repair` does not rename it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let is_sibling = |object: &Object| matches!(object.origin, Origin::Neighbour { .. });
    let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in &audit.graph.objects {
        for dependency in object.dependencies.iter().filter(|found| found.resolution == Resolution::Libc) {
            let name = dependency.name.as_str();
            let inside = audit.layout.named(name).find_map(|index| audit.graph.objects.get(index));
            // What another wheel needs of itself is said of that one.
            let concerns_this = inside.is_some_and(|library| !is_sibling(library) || !is_sibling(object));
            if musl::is_reserved(name) && concerns_this {
                needed.entry(name).or_default().push(object.origin.shown());
            }
        }
    }
    let findings = needed.into_iter().filter_map(|(name, requesters)| {
        let library = audit.layout.named(name).find_map(|index| audit.graph.objects.get(index))?;
        let library = library.origin.shown();
        let message = format!(
            "`{library}` is never loaded: musl answers the name `{name}` itself, which {} {}",
            listed(&requesters),
            if requesters.len() == 1 { "needs" } else { "need" },
        );
        Some(RULE.finding(library, message).with_hint("give the library another name"))
    });
    findings.collect()
}
