//! What goes wrong only when objects are loaded, in the order in which musl does it.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::{Graph, Object, Origin, Process, Resolution};

use super::findings::{Code, Finding, listed};

/// Libraries that are found in some processes and not in others, and libraries that share a name.
pub(super) fn loading(graph: &Graph) -> Vec<Finding> {
    let mut findings = not_found_everywhere(graph);
    findings.extend(duplicate_names(graph));
    findings
}

/// Names that lead to a library by themselves or with the help of one process, but not in every process.
fn not_found_everywhere(graph: &Graph) -> Vec<Finding> {
    let mut found: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for process in &graph.processes {
        let root = process.root().and_then(|root| graph.objects.get(root));
        let root = root.map_or("", |root| root.origin.shown());
        for (place, here) in &process.departures {
            if matches!(here, Resolution::Missing { .. }) {
                found.entry(*place).or_default().insert(root);
            }
        }
    }
    let findings = found.into_iter().filter_map(|((index, position), roots)| {
        let object = graph.objects.get(index)?;
        let dependency = object.dependencies.get(position)?;
        let Resolution::Object { index: library } = dependency.resolution else { return None };
        let by_neighbour = matches!(object.origin, Origin::Neighbour { .. });
        let library = graph.objects.get(library).filter(|_| !by_neighbour)?;
        Some(not_found(object, &dependency.name, library, &roots))
    });
    findings.collect()
}

fn not_found(object: &Object, name: &str, library: &Object, roots: &BTreeSet<&str>) -> Finding {
    let (shown, library) = (object.origin.shown(), library.origin.shown());
    if name.contains('/') {
        let message =
            format!("`{shown}` needs `{name}`, a path that musl opens as it is, from the working directory");
        let hint = format!(
            "`muslrepair repair` makes it the name of `{library}`; libraries linked with `-soname` are needed by name"
        );
        return Finding::new(Code::NeededPath, shown, message).with_hint(hint);
    }
    let message = format!(
        "`{shown}` does not find `{name}` when {} is loaded first: only another object's run path leads to `{library}`",
        listed(&roots.iter().copied().collect::<Vec<_>>())
    );
    let hint = format!("`muslrepair repair` gives `{shown}` a run path of its own");
    Finding::new(Code::BorrowedRunPath, shown, message).with_hint(hint)
}

/// Different libraries that are found under one name by what an interpreter loads: the first one counts for all
/// (`load_library` compares with `shortname`).
fn duplicate_names(graph: &Graph) -> Vec<Finding> {
    let mut found: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for process in graph.processes.iter().filter(|process| is_interpreters(graph, process)) {
        let objects = process.objects.iter().filter_map(|index| graph.objects.get(*index));
        for (name, target) in objects.flat_map(Object::edges).filter(|(name, _)| !name.contains('/')) {
            found.entry(name).or_default().insert(target);
        }
    }
    let findings = found.into_iter().filter_map(|(name, targets)| {
        // Of libraries outside, a repair makes grafts with names of their own.
        let objects = targets.iter().filter_map(|index| graph.objects.get(*index));
        let inside = objects.filter(|object| !matches!(object.origin, Origin::File { .. }));
        let inside: Vec<&Object> = inside.collect();
        let (first, rest) = inside.split_first()?;
        let differs = rest.iter().any(|other| !is_same(first, other));
        let own = inside.iter().find(|object| matches!(object.origin, Origin::Member { .. }))?;
        let message = format!(
            "`{name}` is the name of different libraries, and one process loads the first it is led to for all: {}",
            listed(&inside.iter().map(|object| object.origin.shown()).collect::<Vec<_>>())
        );
        let hint = "give them names of their own, in `DT_NEEDED` too";
        let finding = Finding::new(Code::DuplicateName, own.origin.shown(), message).with_hint(hint);
        differs.then_some(finding)
    });
    findings.collect()
}

/// Whether a process is one of an interpreter, which loads what others of them load, too.
fn is_interpreters(graph: &Graph, process: &Process) -> bool {
    let root = process.root().and_then(|root| graph.objects.get(root));
    root.is_some_and(|root| !root.starts_a_process())
}

/// Whether two objects are copies of one.
fn is_same(a: &Object, b: &Object) -> bool {
    a.size == b.size && a.facts == b.facts && a.symbols == b.symbols
}
