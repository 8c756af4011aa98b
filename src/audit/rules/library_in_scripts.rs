//! `library-in-scripts`: a library in `.data/scripts` that needs grafts.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::subject::Subject;
use crate::resolve::{Object, Origin};
use crate::wheel::Scheme;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("library-in-scripts"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A library in `.data/scripts` cannot be given a run path to grafts.",
    explanation: "\
Installers put `.data/scripts` into the directory of programs, and everything else into site-packages. The relative
path between the two differs between a system, a virtual environment and `pip install --user`, so no run path can
contain it. `repair` moves a program that needs grafts into site-packages and puts a script in its place, which starts
it. A library cannot be moved, because the code that opens it expects it in its place.",
    source: "PEP 427, \"The .data directory\"; `fixup_rpath` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library libfoo.so.1: No such file or directory (needed by /path/bin/x.so)"),
    fix: "Install the library into the package, not as a script. `repair` refuses the wheel.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let in_scripts =
        |object: &Object| object.origin.place().is_some_and(|place| place.scheme == Scheme::Scripts);
    let needs_outside = |object: &Object| {
        let mut targets = object.edges().filter_map(|(_, index)| audit.graph.objects.get(index));
        targets.any(|target| matches!(target.origin, Origin::File { .. }))
    };
    // A program is moved, and a script starts it.
    let libraries = audit.members_and_indices().filter(|(index, _)| !audit.graph.starts_a_process(*index));
    let stuck = libraries.filter(|(_, object)| in_scripts(object) && needs_outside(object));
    let objects: Vec<&str> = stuck.map(|(_, object)| object.origin.display_name()).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "{} in `.data/scripts`, where no run path can point to grafts",
        subject(&objects, "is a shared library", "are shared libraries")
    );
    vec![
        RULE.finding_about(&objects, message).with_hint("install libraries into the package, not as scripts"),
    ]
}
