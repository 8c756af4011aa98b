//! Dependency trees.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::elf::ElfFacts;
use crate::resolve::{Graph, Process, Resolution};

use super::lines::Lines;

/// The tree below object `root`, one dependency a line, each subtree printed where it is met first.
#[must_use]
pub fn tree_text(graph: &Graph, root: usize) -> String {
    let mut text = Lines::default();
    let Some(object) = graph.objects.get(root) else { return String::new() };
    let process = process_of(graph, root);
    text.add(format_args!("{}", object.origin.display_name()));
    let mut printed = HashSet::from([root]);
    let mut stack = vec![(process.dependencies(&graph.objects, root), 1)];
    // An explicit stack: dependency chains may be thousands deep.
    while let Some((mut dependencies, depth)) = stack.pop() {
        let Some((name, resolution)) = dependencies.next() else { continue };
        stack.push((dependencies, depth));
        let indent = "    ".repeat(depth.min(64));
        let leads_to = match resolution {
            Resolution::Libc => "musl".to_owned(),
            Resolution::Interpreter => "the interpreter".to_owned(),
            Resolution::Allowed { file, .. } => {
                let found = file.as_ref().map_or("not found", |file| &file.path);
                format!("{found} (left to the system by policy)")
            }
            Resolution::Excluded { pattern, .. } => format!("excluded by {pattern}"),
            Resolution::Missing { .. } => "not found".to_owned(),
            Resolution::Object { index } => {
                let shown = graph.objects.get(*index).map_or("", |object| object.origin.display_name());
                if printed.insert(*index) {
                    stack.push((process.dependencies(&graph.objects, *index), depth + 1));
                    shown.to_owned()
                } else {
                    format!("{shown} (above)")
                }
            }
        };
        text.add(format_args!("{indent}{name} => {leads_to}"));
        if let Resolution::Missing { searched, rejected } = resolution {
            if !searched.is_empty() {
                text.add(format_args!("{indent}    searched: {}", searched.join(", ")));
            }
            for candidate in rejected {
                text.add(format_args!("{indent}    rejected: {} ({})", candidate.path, candidate.reason));
            }
        }
    }
    text.into_text()
}

/// The process that loads an object; what it finds, too, where a limit ended the search before.
pub(super) fn process_of(graph: &Graph, root: usize) -> Process {
    let found = graph.processes.iter().find(|process| process.root() == Some(root));
    found.cloned().unwrap_or_else(|| Process { objects: vec![root], ..Process::default() })
}

/// The tree with the keys of auditwheel's `lddtree` and some more: the object, and every library it leads to by name.
#[must_use]
pub fn tree_json(graph: &Graph, root: usize) -> Value {
    let Some(object) = graph.objects.get(root) else { return Value::Null };
    let process = process_of(graph, root);
    let mut libraries = serde_json::Map::new();
    for current in &process.objects {
        for (name, resolution) in process.dependencies(&graph.objects, *current) {
            let (path, platform, needed) = match resolution {
                Resolution::Object { index } => {
                    let target = graph.objects.get(*index);
                    (
                        target.map(|object| object.origin.display_name().to_owned()),
                        target.map(|object| platform(&object.facts)),
                        target.map(|object| object.facts.needed.clone()).unwrap_or_default(),
                    )
                }
                Resolution::Allowed { file: Some(file), .. } => {
                    (Some(file.path.clone()), Some(platform(&file.facts)), file.facts.needed.clone())
                }
                _ => (None, None, Vec::new()),
            };
            let entry = json!({
                "soname": name,
                "path": path,
                "realpath": path,
                "platform": platform,
                "needed": needed,
                "resolution": resolution_name(resolution),
            });
            libraries.entry(name.to_owned()).or_insert(entry);
        }
    }
    let entries = |path: Option<&str>| -> Vec<String> {
        path.into_iter().flat_map(crate::musl::search_path_entries).map(str::to_owned).collect()
    };
    json!({
        "interpreter": object.facts.interpreter,
        "libc": crate::audit::libc_name(graph, root),
        "path": object.origin.display_name(),
        "realpath": object.origin.display_name(),
        "platform": platform(&object.facts),
        "needed": object.facts.needed,
        "rpath": entries(object.facts.rpath.as_deref()),
        "runpath": entries(object.facts.runpath.as_deref()),
        "libraries": libraries,
    })
}

fn platform(facts: &ElfFacts) -> Value {
    json!({
        "class": facts.class,
        "endian": facts.endian,
        "machine": facts.machine,
        "arch": facts.arch,
    })
}

pub(super) fn resolution_name(resolution: &Resolution) -> &'static str {
    match resolution {
        Resolution::Libc => "libc",
        Resolution::Interpreter => "interpreter",
        Resolution::Allowed { .. } => "allowed",
        Resolution::Excluded { .. } => "excluded",
        Resolution::Object { .. } => "found",
        Resolution::Missing { .. } => "missing",
    }
}
