//! `duplicate-name`: different libraries with the same name.

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
musl remembers the name under which it found a library, and uses that library for every object in the process that
needs the name, whatever its run path. If two different libraries have the same name, in one wheel or in wheels that
are installed together, the one that is loaded first is used for both. If it lacks a symbol, the import fails; if it
is another version, functions behave differently from what their callers expect. Copies of the same library may share
a name.",
    source: "`load_library` in musl's `ldso/dynlink.c`: the loop that compares `shortname`.",
    symptom: Some("Error relocating /path/x.so: foo_new: symbol not found"),
    fix: "\
Give the libraries different names, and link the objects that need them with these names. `repair` puts a hash into
the names of libraries that it grafts, so they never collide; it does not rename libraries that are already in the
wheel.",
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

/// The finding about the libraries found under this name.
fn shared_name(name: &str, targets: &[&Object]) -> Option<Finding> {
    // Libraries outside become grafts with unique names.
    let mut inside: Vec<&Object> =
        targets.iter().copied().filter(|object| !matches!(object.origin, Origin::File { .. })).collect();
    let (first, rest) = inside.split_first()?;
    if !rest.iter().any(|other| !is_same(first, other)) {
        return None;
    }
    // A conflict between other wheels is reported for those wheels.
    let is_own = |object: &Object| matches!(object.origin, Origin::Member { .. });
    inside.sort_by_key(|object| !is_own(object));
    inside.first().filter(|first| is_own(first))?;
    let libraries: Vec<&str> = inside.iter().map(|object| object.origin.display_name()).collect();
    let message = format!(
        "different libraries are named `{name}`, and a process uses the first one loaded for all: {}",
        listed(&libraries)
    );
    let finding = RULE.finding_about(&libraries, message);
    Some(finding.with_hint("give them different names, in `DT_NEEDED` too"))
}

/// Whether a process is that of an interpreter, which also loads what other such processes load.
fn is_interpreters(graph: &Graph, process: &Process) -> bool {
    process.root().is_some_and(|root| !graph.starts_a_process(root))
}

/// Whether two objects are copies of the same file.
fn is_same(a: &Object, b: &Object) -> bool {
    a.size == b.size && a.facts == b.facts && a.symbols == b.symbols
}
