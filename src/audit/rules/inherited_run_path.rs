//! `inherited-run-path`: a library that is found only through the run path of another object.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::{Code, Finding, Severity, grouped, listed, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("inherited-run-path"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: true,
    summary: "A library is found only through the run path of another object.",
    explanation: "\
musl searches the run path of the object that needs a library, then those of the objects that caused this one to be
loaded. So a library without a run path of its own finds what it needs if a module with the right run path loaded it,
and does not if another module loaded it first. Which module is first depends on the order of imports. The finding
names the modules that fail if they are imported first.",
    source: "`load_library` in musl's `ldso/dynlink.c`: the loop over `needed_by`.",
    symptom: Some("Error loading shared library libb.so: No such file or directory (needed by /path/liba.so)"),
    fix: "\
`muslrepair repair` gives the object a run path of its own. Or link it with `-Wl,-rpath,'$ORIGIN/...'`, where the dots
stand for the path to the directory of the library.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let failing = modules_that_fail(audit);
    let none = BTreeSet::new();
    let found = audit.requirements.iter().enumerate().filter_map(|(number, requirement)| {
        let RequirementKind::InheritedRunPath { library } = &requirement.kind else { return None };
        let target = audit.library_of(requirement.index, library)?;
        let modules: Vec<&str> = failing.get(&number).unwrap_or(&none).iter().copied().collect();
        Some(((library.as_str(), target.origin.display_name(), modules), requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|((library, target, modules), objects)| {
        let first = match modules.as_slice() {
            // It fails when a module of another wheel loads it.
            [] => "a module of another wheel".to_owned(),
            [module] => format!("`{module}`"),
            modules => format!("one of {}", listed(modules)),
        };
        let message = format!(
            "{} `{library}` when {first} is loaded first: only another object's run path finds `{target}`",
            subject(&objects, "does not find", "do not find"),
        );
        let own = if objects.len() == 1 { "it a run path of its own" } else { "them run paths of their own" };
        RULE.finding_about(&objects, message).with_hint(format!("`muslrepair repair` gives {own}"))
    });
    findings.collect()
}

/// The modules that cannot be loaded because of each requirement, by its index.
fn modules_that_fail<'a>(audit: &Subject<'a>) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut failing: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for module in audit.modules {
        for number in &module.requirements {
            failing.entry(*number).or_default().insert(&module.path);
        }
    }
    failing
}
