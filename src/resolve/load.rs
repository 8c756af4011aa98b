//! Loading: what each process loads, in musl's order.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::musl;

use super::closure::Search;
use super::graph::Graph;
use super::object::{Object, Resolution};
use super::process::Process;

/// The roots that are loaded separately: extension modules, roots that no other root needs, and the first
/// root of each dependency cycle that nothing else needs.
fn loaded_alone(roots: &[Object]) -> Vec<usize> {
    let edges = |index: usize| {
        let targets =
            roots.get(index).into_iter().flat_map(|object| object.edges().map(|(_, target)| target));
        targets.filter(move |target| *target != index && *target < roots.len())
    };
    let needed: BTreeSet<usize> = (0..roots.len()).flat_map(edges).collect();
    let mut reached: BTreeSet<usize> = BTreeSet::new();
    let mut reach = |start: usize| {
        let mut queue = vec![start];
        while let Some(index) = queue.pop() {
            if reached.insert(index) {
                queue.extend(edges(index));
            }
        }
        reached.len()
    };
    let mut alone: BTreeSet<usize> = (roots.iter().enumerate())
        .filter(|(index, object)| !needed.contains(index) || object.is_extension_module())
        .map(|(index, _)| index)
        .collect();
    let mut count = alone.iter().fold(0, |_, index| reach(*index));
    for index in 0..roots.len() {
        let more = reach(index);
        if more > count {
            alone.insert(index);
            count = more;
        }
    }
    alone.into_iter().collect()
}

/// One object in a process that is being loaded.
struct Loaded {
    object: usize,
    /// The position of the first object that needs it (`needed_by`).
    needed_by: Option<usize>,
}

impl Search<'_> {
    /// Searches, and loads every root that is loaded separately.
    pub(super) fn graph(mut self) -> Graph {
        let roots = self.objects.len();
        self.run((0..roots).collect());
        self.share_loaded_names();
        let processes = self.processes(roots);
        let unused_patterns = (self.finder.options().exclude.iter().enumerate())
            .filter(|(index, _)| !self.used_patterns.contains(index))
            .map(|(_, pattern)| pattern.to_string())
            .collect();
        let libraries = Graph::libraries_of(&self.objects);
        Graph { objects: self.objects, processes, libraries, unused_patterns, exceeded: self.exceeded }
    }

    /// Loads each of the first `roots` objects that is loaded separately.
    pub(super) fn processes(&mut self, roots: usize) -> Vec<Process> {
        let alone = loaded_alone(self.objects.get(..roots).unwrap_or_default());
        let found_before = self.objects.len();
        let mut processes = Vec::with_capacity(alone.len());
        for root in alone {
            let process = self.ordinary_process(root).unwrap_or_else(|| self.process(root));
            let steps = process.objects.len();
            processes.push(process);
            if !self.step(steps, root) {
                break;
            }
        }
        // Objects that were found only while loading, through a run path that is hidden by another in the
        // search.
        let new: VecDeque<usize> = (found_before..self.objects.len()).collect();
        if !new.is_empty() {
            self.run(new);
        }
        processes
    }

    /// The process for the common case: every object finds its dependencies with its own search, no run path
    /// is inherited, and no two libraries have the same name. `None` otherwise.
    fn ordinary_process(&self, root: usize) -> Option<Process> {
        let mut process = Process { objects: vec![root], overrides: BTreeMap::new() };
        let mut names: HashMap<&str, usize> = HashMap::new();
        let mut seen = BTreeSet::from([root]);
        let mut next = 0;
        while let Some(index) = process.objects.get(next).copied() {
            next += 1;
            if self.inherits.contains(&index) {
                return None;
            }
            for (name, target) in self.objects.get(index)?.edges() {
                if *names.entry(name).or_insert(target) != target {
                    return None;
                }
                if seen.insert(target) {
                    process.objects.push(target);
                }
            }
        }
        Some(process)
    }

    /// `load_deps`, `load_direct_deps` and `load_library` in `ldso/dynlink.c`: breadth first, each name once.
    fn process(&mut self, root: usize) -> Process {
        let mut loaded = vec![Loaded { object: root, needed_by: None }];
        let mut places: HashMap<usize, usize> = HashMap::from([(root, 0)]);
        // The file names found by searches (`shortname`). An object that was opened by its path has none.
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut overrides = BTreeMap::new();
        let mut next = 0;
        while let Some(Loaded { object, .. }) = loaded.get(next) {
            let (place, object) = (next, *object);
            next += 1;
            let Some(requester) = self.objects.get(object) else { continue };
            let known: Vec<Option<Resolution>> =
                requester.dependencies.iter().map(|dependency| Some(dependency.resolution.clone())).collect();
            let asked = requester.facts.needed.clone();
            let mut scope = None;
            for (position, (name, known)) in
                asked.iter().zip(known.into_iter().chain(std::iter::repeat(None))).enumerate()
            {
                let here = match names.get(name.as_str()) {
                    Some(object) => Resolution::Object { index: *object },
                    None => self.find_in_chain(object, name, &mut scope, || needed_by(&loaded, place)),
                };
                if let Resolution::Object { index } = here {
                    // musl records nothing for a name that it answers itself.
                    if !name.contains('/') && !musl::is_libc(name) {
                        names.insert(name.clone(), index);
                    }
                    places.entry(index).or_insert_with(|| {
                        loaded.push(Loaded { object: index, needed_by: Some(place) });
                        loaded.len() - 1
                    });
                }
                if known.is_some_and(|known| differ(&known, &here)) {
                    overrides.insert((object, position), here);
                }
            }
        }
        Process { objects: loaded.into_iter().map(|loaded| loaded.object).collect(), overrides }
    }
}

/// The object and those that loaded it, starting with the object.
fn needed_by(loaded: &[Loaded], place: usize) -> Vec<usize> {
    let steps = std::iter::successors(Some(place), |place| loaded.get(*place)?.needed_by);
    steps.filter_map(|place| Some(loaded.get(place)?.object)).collect()
}

/// Whether two searches gave different results. The directories searched in vain do not matter.
fn differ(a: &Resolution, b: &Resolution) -> bool {
    match (a, b) {
        (Resolution::Missing { .. }, Resolution::Missing { .. })
        | (Resolution::Allowed { .. }, Resolution::Allowed { .. }) => false,
        _ => a != b,
    }
}
