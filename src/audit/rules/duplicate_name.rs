//! `duplicate-name`: different libraries under one name.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::{Code, Finding, Severity, listed};
use crate::audit::subject::Subject;
use crate::resolve::{Graph, Object, Origin, Process};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("duplicate-name"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "Different libraries share a name; a process uses the first it loads.",
    explanation: "\
musl remembers the name under which a search found a library, and takes that library for everyone in the process who needs the
name from then on, whatever their run paths say. Of two different libraries with one name, in one wheel or in wheels that are
installed together, the one that is loaded first serves both. If it lacks a symbol, the import fails; if it is only
another version, functions do something else than their caller expects. Copies of one library may share a name.",
    source: "`load_library` in musl's `ldso/dynlink.c`: the loop that compares `shortname`.",
    symptom: Some("Error relocating /path/x.so: foo_new: symbol not found"),
    fix: "\
Give the libraries names of their own, and link what needs them with these names. `repair` names the libraries that it grafts
after their content, so they never collide; it does not rename what the wheel already has.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for process in audit.graph.processes.iter().filter(|process| is_interpreters(audit.graph, process)) {
        let objects = process.objects.iter().filter_map(|index| audit.graph.objects.get(*index));
        for (name, target) in objects.flat_map(Object::edges).filter(|(name, _)| !name.contains('/')) {
            found.entry(name).or_default().insert(target);
        }
    }
    let targets = |indices: BTreeSet<usize>| -> Vec<&Object> {
        indices.into_iter().filter_map(|index| audit.graph.objects.get(index)).collect()
    };
    found.into_iter().filter_map(|(name, indices)| shared_name(name, &targets(indices))).collect()
}

/// The finding about the libraries that are found under this name.
fn shared_name(name: &str, targets: &[&Object]) -> Option<Finding> {
    // Libraries outside become grafts with names of their own.
    let mut inside: Vec<&Object> =
        targets.iter().copied().filter(|object| !matches!(object.origin, Origin::File { .. })).collect();
    let (first, rest) = inside.split_first()?;
    if !rest.iter().any(|other| !is_same(first, other)) {
        return None;
    }
    // What only other wheels have is said of them.
    let is_own = |object: &Object| matches!(object.origin, Origin::Member { .. });
    inside.sort_by_key(|object| !is_own(object));
    inside.first().filter(|first| is_own(first))?;
    let libraries: Vec<&str> = inside.iter().map(|object| object.origin.display_name()).collect();
    let message = format!(
        "different libraries are named `{name}`, and a process uses the first one loaded for all: {}",
        listed(&libraries)
    );
    let finding = RULE.finding_about(&libraries, message);
    Some(finding.with_hint("give them names of their own, in `DT_NEEDED` too"))
}

/// Whether a process is one of an interpreter, which loads what others of them load, too.
fn is_interpreters(graph: &Graph, process: &Process) -> bool {
    process.root().is_some_and(|root| !graph.starts_a_process(root))
}

/// Whether two objects are copies of one.
fn is_same(a: &Object, b: &Object) -> bool {
    a.size == b.size && a.facts == b.facts && a.symbols == b.symbols
}
