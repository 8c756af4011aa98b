//! `cargo xtask house`: which room of `src/` imports which. A room may import only lower rooms, and no files
//! may import each other in a circle. [`ROOMS`] has the order of the rooms; `docs/architecture.md` describes
//! them.

mod graph;
#[cfg(test)]
mod page;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::process::root;
use graph::Graph;
use source::{Source, Tree};

/// The rooms from the lowest up: `elf` is `src/elf/`, `policy` is `src/policy.rs` with `src/policy/`. A file
/// belongs to the room with the longest matching name. Rooms on one line are on the same floor and do not
/// import each other.
const ROOMS: &[&[&str]] = &[
    &["escaped", "limits", "observer", "platform", "regular_file"],
    &["deflate", "policy"],
    &["elf"],
    &["musl"],
    &["wheel/metadata"],
    &["wheel/layout"],
    &["wheel/archive"],
    &["wheel"],
    &["error"],
    &["resolve"],
    &["audit"],
    &["repair"],
    &["unbundle"],
    &["report"],
    &["cli"],
    &["lib", "main"],
];

/// The faults of a house, one sentence each.
struct Faults(Vec<String>);

pub fn run() -> Result<()> {
    let (drawing, faults) = inspect(&root().join("src"), ROOMS)?;
    print!("{drawing}");
    if let Some(first) = faults.0.first() {
        for fault in &faults.0 {
            println!("{fault}");
        }
        bail!("{} in the structure of `src/`, the first: {first}", count(faults.0.len(), "fault"));
    }
    Ok(())
}

/// Reads the tree at `source` and checks it against `rooms`. Returns the floors as text, and the faults.
fn inspect(source: &Path, rooms: &[&[&str]]) -> Result<(String, Faults)> {
    let tree = source::read(source)?;
    let graph = Graph::of(&tree);
    let mut faults = Vec::new();
    for file in graph.files() {
        if room(file, rooms).is_none() {
            faults.push(format!(
                "`{}` belongs to no room: `ROOMS` in xtask/src/house/mod.rs lists them",
                file.display()
            ));
        }
    }
    for (from, to, names) in graph.arrows() {
        let (Some(below), Some(above)) = (room(from, rooms), room(to, rooms)) else { continue };
        if below.0 < above.0 || (below.0 == above.0 && below.1 != above.1) {
            faults.push(format!(
                "`{}` ({}) imports `{}` ({}), which is not below it: {}",
                from.display(),
                below.1,
                to.display(),
                above.1,
                list(names)
            ));
        }
    }
    for circle in graph.circles() {
        let ties: Vec<String> = graph
            .arrows()
            .filter(|(from, to, _)| circle.contains(*from) && circle.contains(*to))
            .map(|(from, to, names)| format!("\n  {} -> {}: {}", from.display(), to.display(), list(names)))
            .collect();
        faults.push(format!("a circle of {} files:{}", circle.len(), ties.concat()));
    }
    Ok((draw(&tree, &graph, rooms), Faults(faults)))
}

/// The floor and the name of a file's room.
fn room<'r>(file: &Path, rooms: &[&'r [&'r str]]) -> Option<(usize, &'r str)> {
    let all =
        rooms.iter().enumerate().flat_map(|(floor, names)| names.iter().map(move |name| (floor, *name)));
    all.filter(|(_, name)| file.starts_with(name) || file.with_extension("") == Path::new(name))
        .max_by_key(|(_, name)| name.len())
}

/// The floors from the top, each room with its size and its imports.
fn draw(tree: &Tree, graph: &Graph, rooms: &[&[&str]]) -> String {
    let mut sizes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for Source { file, lines, .. } in tree.values() {
        let Some((_, name)) = room(file, rooms) else { continue };
        let size = sizes.entry(name).or_default();
        *size = (size.0 + 1, size.1 + lines);
    }
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to, _) in graph.arrows() {
        let (Some((_, from)), Some((_, to))) = (room(from, rooms), room(to, rooms)) else { continue };
        let known = below.entry(from).or_default();
        if from != to && !known.contains(&to) {
            known.push(to);
        }
    }
    let order: Vec<&str> = rooms.iter().flat_map(|names| names.iter().copied()).collect();
    let mut drawing = String::new();
    for (floor, names) in rooms.iter().enumerate().rev() {
        for name in names.iter() {
            let Some((files, lines)) = sizes.get(name) else { continue };
            let mut imports = below.remove(name).unwrap_or_default();
            imports.sort_by_key(|name| order.iter().position(|other| other == name));
            let imports = if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") };
            let size = format!("{}, {lines} lines", count(*files, "file"));
            drawing.push_str(&format!("floor {floor:<2} {name:<15} {size:<21} imports {imports}\n"));
        }
    }
    drawing
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A path below `src/`.
type File = PathBuf;
