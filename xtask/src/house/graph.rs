//! The graph of imports: which file takes which names from which other file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::File;
use super::source::{Module, Source, Tree};

/// The number of re-exports that are followed before a name counts as defined where it was last seen.
const MOST_REEXPORTS: usize = 16;

/// The files of a crate and the imports between them. A re-exported name counts for the file that defines it.
pub struct Graph {
    arrows: BTreeMap<File, BTreeMap<File, Vec<String>>>,
}

impl Graph {
    pub fn of(tree: &Tree) -> Self {
        let mut arrows: BTreeMap<File, BTreeMap<File, Vec<String>>> = BTreeMap::new();
        for source in tree.values() {
            let targets = arrows.entry(source.file.clone()).or_default();
            for path in &source.mentions {
                // An imported module is used through paths that begin with its name.
                let Some((definer, name)) = definer(tree, path, MOST_REEXPORTS) else { continue };
                if definer.file != source.file {
                    let names = targets.entry(definer.file.clone()).or_default();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        Self { arrows }
    }

    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.arrows.keys().map(File::as_path)
    }

    /// Every import, with the names that the first file takes from the second.
    pub fn arrows(&self) -> impl Iterator<Item = (&Path, &Path, &[String])> {
        self.arrows.iter().flat_map(|(from, targets)| {
            targets.iter().map(|(to, names)| (from.as_path(), to.as_path(), names.as_slice()))
        })
    }

    /// The sets of files that import each other, directly or indirectly.
    pub fn circles(&self) -> Vec<BTreeSet<&Path>> {
        let reachable: BTreeMap<&Path, BTreeSet<&Path>> =
            self.files().map(|file| (file, self.reachable(file))).collect();
        let mut circles: Vec<BTreeSet<&Path>> = Vec::new();
        for file in self.files() {
            let leads_to = |from: &Path, to: &Path| reachable.get(from).is_some_and(|all| all.contains(to));
            if leads_to(file, file) && !circles.iter().any(|circle| circle.contains(file)) {
                let others = self.files().filter(|other| leads_to(file, other) && leads_to(other, file));
                circles.push(others.collect());
            }
        }
        circles
    }

    fn reachable(&self, from: &Path) -> BTreeSet<&Path> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![from];
        while let Some(file) = waiting.pop() {
            for target in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if found.insert(target.as_path()) {
                    waiting.push(target);
                }
            }
        }
        found
    }
}

/// The module that defines `path`, and the first name of the path that is not a module; `None` for a module
/// itself.
fn definer<'t>(tree: &'t Tree, path: &[String], reexports: usize) -> Option<(&'t Source, String)> {
    let mut module: Module = Vec::new();
    for (index, name) in path.iter().enumerate() {
        let child = [module.clone(), vec![name.clone()]].concat();
        if tree.contains_key(&child) {
            module = child;
            continue;
        }
        let source = tree.get(&module)?;
        let rest = path.get(index + 1..).unwrap_or_default();
        let reexports = reexports.checked_sub(1)?;
        if let Some(target) = source.aliases.get(name).filter(|target| **target != child) {
            return definer(tree, &[target.as_slice(), rest].concat(), reexports);
        }
        for glob in &source.globs {
            let globbed = [glob.as_slice(), std::slice::from_ref(name)].concat();
            let is_there = tree.contains_key(&globbed)
                || tree.get(glob).is_some_and(|source| source.aliases.contains_key(name));
            if is_there {
                return definer(tree, &[globbed.as_slice(), rest].concat(), reexports);
            }
        }
        return Some((source, name.clone()));
    }
    None
}
