//! Dependency trees for programs.

use serde_json::{Value, json};

use crate::elf::ElfFacts;
use crate::resolve::{Graph, Process, Resolution};

use super::json_text::render;

/// The process that loads an object; what it finds, too, where a limit ended the search before.
pub(super) fn process_of(graph: &Graph, root: usize) -> Process {
    let found = graph.processes.iter().find(|process| process.root() == Some(root));
    found.cloned().unwrap_or_else(|| Process { objects: vec![root], ..Process::default() })
}

/// The tree in the shape of auditwheel's `lddtree`: the object, and every library it leads to by name.
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

/// The tree with exactly the keys that auditwheel's `lddtree` has.
#[must_use]
pub fn tree_auditwheel(graph: &Graph, root: usize) -> String {
    let mut tree = tree_json(graph, root);
    let rewrite = |entry: &mut Value| {
        let Some(fields) = entry.as_object_mut() else { return };
        fields.remove("resolution");
        if let Some(platform) = fields.get_mut("platform").filter(|platform| !platform.is_null()) {
            *platform = auditwheel_platform(platform);
        }
    };
    rewrite(&mut tree);
    if let Some(libc) = tree.get_mut("libc").filter(|libc| !libc.is_null()) {
        let name = libc.as_str().unwrap_or_default().to_owned();
        *libc = Value::from(format!("<Libc.{}: '{name}'>", name.to_uppercase()));
    }
    tree.get_mut("libraries")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
        .for_each(|(_, library)| rewrite(library));
    render(&tree)
}

/// The platform of an object in auditwheel's words. The OS ABI is no fact that anything here depends on.
fn auditwheel_platform(platform: &Value) -> Value {
    let arch = platform.get("arch").and_then(Value::as_str);
    let machine = platform.get("machine").and_then(Value::as_u64).unwrap_or_default();
    let machine = match machine {
        3 => "EM_386".to_owned(),
        21 => "EM_PPC64".to_owned(),
        22 => "EM_S390".to_owned(),
        40 => "EM_ARM".to_owned(),
        62 => "EM_X86_64".to_owned(),
        183 => "EM_AARCH64".to_owned(),
        243 => "EM_RISCV".to_owned(),
        258 => "EM_LOONGARCH".to_owned(),
        other => other.to_string(),
    };
    json!({
        "_elf_osabi": null,
        "_elf_class": if platform.get("class").and_then(Value::as_str) == Some("elf32") { 32 } else { 64 },
        "_elf_little_endian": platform.get("endian").and_then(Value::as_str) == Some("little"),
        "_elf_machine": machine,
        "_base_arch": arch.map(|arch| format!("<Architecture.{arch}: '{arch}'>")),
        "_ext_arch": null,
        "_error_msg": if arch.is_none() { Value::from("unknown architecture") } else { Value::Null },
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
