//! The tree of libraries as logged by auditwheel's `lddtree`.

use serde_json::{Map, Value, json};

use crate::elf::{Class, ElfFacts, Endian};
use crate::resolve::{Graph, OpenedPaths, Origin, Resolution};

use super::json_text::render;
use super::tree::process_of;

/// The tree with exactly the keys and values of auditwheel's `lddtree`: `file` is the given path, `paths` are
/// those in the file. musl itself is not searched, except as the interpreter of a program.
#[must_use]
pub fn tree_auditwheel(graph: &Graph, root: usize, file: &str, paths: &OpenedPaths) -> String {
    let Some(object) = graph.objects.get(root) else { return String::new() };
    let libc = crate::audit::libc_name(graph, root);
    render(&json!({
        "interpreter": object.facts.interpreter,
        "libc": libc.map(|name| format!("<Libc.{}: '{name}'>", name.to_uppercase())),
        "path": file,
        "realpath": file,
        "platform": platform(&object.facts),
        "needed": object.facts.needed,
        "rpath": paths.rpath,
        "runpath": paths.runpath,
        "libraries": libraries(graph, root, paths),
    }))
}

/// The interpreter and the closure of libraries of the object, by name.
fn libraries(graph: &Graph, root: usize, paths: &OpenedPaths) -> Map<String, Value> {
    let mut libraries = Map::new();
    let mut add = |name: &str, path: Option<&str>, realpath: Option<&str>, facts: Option<&ElfFacts>| {
        let entry = json!({
            "soname": name,
            "path": path,
            "realpath": realpath,
            "platform": facts.map(platform),
            "needed": facts.map_or(&[][..], |facts| &facts.needed),
        });
        libraries.entry(name.to_owned()).or_insert(entry);
    };
    let facts = graph.objects.get(root).map(|object| &object.facts);
    if let Some((facts, interpreter)) = facts.and_then(|facts| Some((facts, facts.interpreter.as_deref()?))) {
        let name = interpreter.rsplit('/').next().unwrap_or(interpreter);
        // The interpreter is not read: it gets the platform of the program, and no dependencies.
        let unread = ElfFacts { needed: Vec::new(), ..facts.clone() };
        add(name, Some(interpreter), paths.interpreter.as_deref(), Some(&unread));
    }
    let process = process_of(graph, root);
    for current in &process.objects {
        for (name, resolution) in process.dependencies(&graph.objects, *current) {
            match resolution {
                // Excluded libraries are not part of the tree.
                Resolution::Excluded { .. } => {}
                Resolution::Object { index } => {
                    let Some(target) = graph.objects.get(*index) else { continue };
                    let realpath = target.origin.display_name();
                    let path = match &target.origin {
                        Origin::File { found, .. } => found,
                        Origin::Member { .. } | Origin::Sibling { .. } => realpath,
                    };
                    add(name, Some(path), Some(realpath), Some(&target.facts));
                }
                Resolution::Allowed { file: Some(file), .. } => {
                    add(name, Some(&file.path), Some(&file.path), Some(&file.facts));
                }
                Resolution::Allowed { file: None, .. }
                | Resolution::Libc
                | Resolution::Interpreter
                | Resolution::Missing { .. } => add(name, None, None, None),
            }
        }
    }
    libraries
}

/// The platform of an object in auditwheel's terms, which are those of pyelftools.
fn platform(facts: &ElfFacts) -> Value {
    let machine = match facts.machine {
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
    let os_abi = match facts.os_abi {
        0 => Value::from("ELFOSABI_SYSV"),
        3 => Value::from("ELFOSABI_LINUX"),
        9 => Value::from("ELFOSABI_FREEBSD"),
        97 => Value::from("ELFOSABI_ARM"),
        other => Value::from(other),
    };
    json!({
        "_elf_osabi": os_abi,
        "_elf_class": if facts.class == Class::Elf32 { 32 } else { 64 },
        "_elf_little_endian": facts.endian == Endian::Little,
        "_elf_machine": machine,
        // auditwheel does not distinguish the two 32-bit ARM architectures.
        "_base_arch": facts.arch.map(|arch| format!("<Architecture.{arch}: '{arch}'>")),
        "_ext_arch": extended_architecture(facts),
        "_error_msg": if facts.arch.is_none() { Value::from("Unknown architecture") } else { Value::Null },
    })
}

/// The x86-64 level that the code requires, above the baseline.
fn extended_architecture(facts: &ElfFacts) -> Option<String> {
    let levels = [(8, "x86_64_v4"), (4, "x86_64_v3"), (2, "x86_64_v2")];
    let (_, name) = levels.into_iter().find(|(bit, _)| facts.isa_needed & bit != 0)?;
    Some(format!("<Architecture.{name}: '{name}'>"))
}
