//! Trees of libraries for programs.

use serde_json::{Value, json};

use crate::elf::ElfFacts;
use crate::resolve::{Graph, Process, Resolution};

/// The process that loads an object, even if a limit ended the search before.
pub(super) fn process_of(graph: &Graph, root: usize) -> Process {
    let found = graph.processes.iter().find(|process| process.root() == Some(root));
    found.cloned().unwrap_or_else(|| Process { objects: vec![root], ..Process::default() })
}

/// The tree with the keys of auditwheel's `lddtree` and some more: the object, and its closure of libraries
/// by name.
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
