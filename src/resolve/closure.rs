//! The closure: every library that a set of objects needs, directly or indirectly, found as musl would find
//! it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use crate::limits::Limits;
use crate::musl::{self, RunPath};

use super::answer::{Answer, Inside};
use super::expanded_run_path::ExpandedRunPath;
use super::finder::{Finder, Found};
use super::graph::Exceeded;
use super::layout::{Installed, InstalledLayout, directory_of};
use super::library::{LibraryFile, Rejected, Shape, is_libpython, unusable};
use super::object::{Dependency, Object, Origin, Resolution};
use super::reserved::{lacks_one_of, may_mean_another};
use super::search::Directory;

/// How many steps from object to object cost as much as one request to the file system, roughly measured.
const STEPS: u64 = 100;

/// How many steps it costs to follow an entry of a run path.
const ENTRY: u64 = 10;

/// The search for the closure of the objects.
pub(super) struct Search<'a> {
    pub(super) finder: &'a Finder,
    layout: &'a InstalledLayout,
    pub(super) objects: Vec<Object>,
    /// For each object, the objects that need it, in any process. (musl keeps only the first in each:
    /// `needed_by`.)
    parents: Vec<BTreeSet<usize>>,
    /// Objects whose dependencies are found, or not found, through an inherited run path: processes may
    /// differ in them.
    pub(super) inherits: BTreeSet<usize>,
    /// The expanded run path of each object.
    expanded_run_paths: Vec<Arc<ExpandedRunPath>>,
    files: BTreeMap<PathBuf, usize>,
    pub(super) used_patterns: BTreeSet<usize>,
    /// The cost so far, and the limit that ended the search.
    names: u64,
    lookups: u64,
    steps: u64,
    pub(super) exceeded: Option<Exceeded>,
}

/// Where the names of one object are looked up: the same for all its names, and expensive to compute.
pub(super) struct Scope {
    wanted: Shape,
    /// The object, and those whose run paths it inherits.
    chain: Vec<usize>,
    directories: Vec<Directory>,
    shown: Arc<[String]>,
}

impl<'a> Search<'a> {
    pub(super) fn new(finder: &'a Finder, roots: Vec<Object>, layout: &'a InstalledLayout) -> Self {
        let files = roots.iter().enumerate().filter_map(|(index, root)| match &root.origin {
            Origin::File { file, .. } => Some((file.location.clone(), index)),
            Origin::Member { .. } | Origin::Sibling { .. } => None,
        });
        Self {
            finder,
            layout,
            parents: vec![BTreeSet::new(); roots.len()],
            inherits: BTreeSet::new(),
            files: files.collect(),
            expanded_run_paths: ExpandedRunPath::of_all(&roots, layout, &finder.options().search_paths),
            objects: roots,
            used_patterns: BTreeSet::new(),
            names: 0,
            lookups: 0,
            steps: 0,
            exceeded: None,
        }
    }

    fn limits(&self) -> &'a Limits {
        &self.finder.options().limits
    }

    /// Ends the search if `found` exceeds the limit. Only the first limit is reported.
    fn check(&mut self, what: &'static str, found: u64, limit: u64, object: usize) -> bool {
        if found > limit && self.exceeded.is_none() {
            let object =
                self.objects.get(object).map_or("", |object| object.origin.display_name()).to_owned();
            self.exceeded = Some(Exceeded { what, limit, object });
        }
        self.exceeded.is_none()
    }

    pub(super) fn run(&mut self, mut queue: VecDeque<usize>) {
        if !self.check("objects", self.objects.len() as u64, self.limits().objects, 0) {
            return;
        }
        let mut queued: HashSet<usize> = queue.iter().copied().collect();
        while let Some(index) = queue.pop_front() {
            queued.remove(&index);
            let Some(object) = self.objects.get_mut(index) else { continue };
            let names = object.facts.needed.clone();
            let mut known = std::mem::take(&mut object.dependencies).into_iter();
            let mut dependencies = Vec::with_capacity(names.len());
            let mut scope = None;
            for name in names {
                let resolution = match known.next() {
                    Some(dependency) if !matches!(dependency.resolution, Resolution::Missing { .. }) => {
                        dependency.resolution
                    }
                    _ => self.find_in_any_process(index, &name, &mut scope),
                };
                if let Resolution::Object { index: target } = resolution {
                    self.reached(target, index, &mut queue, &mut queued);
                }
                dependencies.push(Dependency { name, resolution });
            }
            if let Some(object) = self.objects.get_mut(index) {
                object.dependencies = dependencies;
            }
        }
    }

    /// Records that `parent` needs `target`. A target with missing libraries may now find them through the
    /// run path of the parent.
    fn reached(
        &mut self,
        target: usize,
        parent: usize,
        queue: &mut VecDeque<usize>,
        queued: &mut HashSet<usize>,
    ) {
        let Some(parents) = self.parents.get_mut(target) else { return };
        if !parents.insert(parent) || queued.contains(&target) {
            return;
        }
        let incomplete = self.objects.get(target).is_some_and(|object| {
            object.dependencies.len() < object.facts.needed.len()
                || object.dependencies.iter().any(|d| matches!(d.resolution, Resolution::Missing { .. }))
        });
        if incomplete {
            queue.push_back(target);
            queued.insert(target);
        }
    }

    /// What a name resolves to with the run paths of every object that needs the requester, in any process.
    fn find_in_any_process(&mut self, requester: usize, name: &str, scope: &mut Option<Scope>) -> Resolution {
        self.names += 1;
        if !self.check("dependencies", self.names, self.limits().dependencies, requester) {
            return Resolution::Missing { searched: Arc::default(), rejected: Vec::new() };
        }
        let Answer { resolution, inherited } =
            self.find(requester, name, scope, |search| search.chain(requester));
        // A library without a `DT_SONAME` that was linked by its path is needed by that path. If the wheel
        // has it, it is clear what is meant, although the loader does not find it (`find` returns no more
        // than that).
        let by_path = match &resolution {
            Resolution::Missing { .. } if name.contains('/') => self.linked_by_path(requester, name),
            _ => None,
        };
        if inherited || matches!(resolution, Resolution::Missing { .. }) {
            self.inherits.insert(requester);
        }
        by_path.map_or(resolution, |index| Resolution::Object { index })
    }

    /// What a name resolves to in a process with this chain of objects: the requester first, then the objects
    /// that loaded it.
    pub(super) fn find_in_chain(
        &mut self,
        requester: usize,
        name: &str,
        scope: &mut Option<Scope>,
        chain: impl Fn() -> Vec<usize>,
    ) -> Resolution {
        self.find(requester, name, scope, |_| chain()).resolution
    }

    /// Counts steps from object to object. `false` if there were too many.
    pub(super) fn step(&mut self, steps: usize, object: usize) -> bool {
        self.steps += steps as u64;
        let spent = self.lookups.saturating_add(self.steps / STEPS);
        self.check("lookups", spent, self.limits().lookups, object)
    }

    /// What a name resolves to for an object of this shape without a run path, and the object if it is part
    /// of the graph.
    pub(super) fn by_name(mut self, name: &str, wanted: Shape) -> (Resolution, Option<Object>) {
        let mut scope = Some(self.scope(Vec::new(), wanted));
        let nobody = self.objects.len();
        let resolution = self.find(nobody, name, &mut scope, |_| Vec::new()).resolution;
        let object = match resolution {
            Resolution::Object { index } => self.objects.into_iter().nth(index),
            _ => None,
        };
        (resolution, object)
    }

    /// What musl's `load_library` loads for a name, with this chain of requesting objects.
    fn find(
        &mut self,
        requester: usize,
        name: &str,
        scope: &mut Option<Scope>,
        chain: impl Fn(&mut Self) -> Vec<usize>,
    ) -> Answer {
        let reserved = musl::is_libc(name);
        if reserved && !may_mean_another(self.objects.get(requester), self.layout, name) {
            return Resolution::Libc.into();
        }
        if let Some(pattern) = self.excluded(name) {
            return Resolution::Excluded { pattern, path: None }.into();
        }
        // The interpreter's library is never taken from a file; it is searched only because `--exclude` may
        // name its path.
        let interpreters = is_libpython(name);
        if interpreters && self.finder.options().exclude.is_empty() {
            return Resolution::Interpreter.into();
        }
        let missing = |searched, rejected| Answer::from(Resolution::Missing { searched, rejected });
        let unsearched = || missing(Arc::default(), Vec::new());
        let scope = match scope {
            Some(scope) => scope,
            None => {
                let Some(facts) = self.objects.get(requester).map(|object| &object.facts) else {
                    return unsearched();
                };
                let wanted = Shape::of(facts);
                let chain = chain(self);
                scope.insert(self.scope(chain, wanted))
            }
        };
        let wanted = scope.wanted;
        self.steps += scope.chain.len() as u64;
        if !name.contains('/') && !interpreters && !reserved {
            match self.in_wheel(&scope.chain, wanted, name) {
                Inside::Object { index, inherited } => {
                    return Answer { resolution: Resolution::Object { index }, inherited };
                }
                Inside::Unusable(rejected) => return missing(scope.shown.clone(), vec![rejected]),
                Inside::Nothing => {}
            }
        }
        let allowed = self.finder.options().allowed.iter().any(|allowed| allowed == name);
        let absolute;
        let (directories, file, shown) = match name.rsplit_once('/') {
            // A name with a slash is opened unchanged, `$ORIGIN` not expanded (`load_library`).
            Some((directory, file)) if name.starts_with('/') => {
                absolute = [Directory::Inside(directory.to_owned())];
                (&absolute[..], file, Arc::from([directory.to_owned()]))
            }
            Some((_, file)) => (&[][..], file, Arc::default()),
            None => (&scope.directories[..], name, scope.shown.clone()),
        };
        let limits = self.limits();
        self.lookups += directories.len() as u64;
        let spent = self.lookups.saturating_add(self.steps / STEPS);
        if !self.check("search-path", directories.len() as u64, limits.search_path, requester)
            || !self.check("lookups", spent, limits.lookups, requester)
        {
            return unsearched();
        }
        let mut rejected = Vec::new();
        for directory in directories {
            match self.finder.candidate(directory, file) {
                Ok(None) => {}
                Err(rejection) => rejected.push(rejection),
                Ok(Some(Found { found, file })) => match unusable(&file.facts, wanted) {
                    Some(reason) => rejected.push(Rejected { path: found, reason }),
                    // However it was found, musl never maps a second libc (`load_library` looks for these two
                    // symbols).
                    None if [&b"__libc_start_main"[..], b"stdin"]
                        .iter()
                        .all(|name| file.symbols.defines(name)) =>
                    {
                        return Resolution::Libc.into();
                    }
                    None => {
                        if let Some(pattern) = self.excluded(&file.path) {
                            return Resolution::Excluded { pattern, path: Some(file.path.clone()) }.into();
                        }
                        let object = self.objects.get(requester);
                        if interpreters || (reserved && !lacks_one_of(object, &file)) {
                            break;
                        }
                        if allowed {
                            let (searched, rejected) = (Arc::default(), Vec::new());
                            return Resolution::Allowed { file: Some(file), searched, rejected }.into();
                        }
                        let own = self.directories(&[requester], wanted);
                        let inherited = !name.contains('/') && !own.contains(directory);
                        return match self.add(found, file, requester) {
                            Some(index) => Answer { resolution: Resolution::Object { index }, inherited },
                            None => unsearched(),
                        };
                    }
                },
            }
        }
        if interpreters || reserved {
            return if reserved { Resolution::Libc } else { Resolution::Interpreter }.into();
        }
        rejected.sort();
        rejected.dedup();
        match allowed {
            true => Resolution::Allowed { file: None, searched: shown, rejected }.into(),
            false => missing(shown, rejected),
        }
    }

    /// The object of the wheel that a name with a slash refers to, if taken relative to a run path of the
    /// requester or to its directory.
    fn linked_by_path(&self, requester: usize, name: &str) -> Option<usize> {
        let object = self.objects.get(requester)?;
        let wanted = Shape::of(&object.facts);
        let installed = self.layout.installed(object.origin.place()?);
        let (path, file) = name.rsplit_once('/')?;
        let run_path = RunPath::parse(object.facts.run_path().unwrap_or_default());
        let starts = run_path.entries().iter().copied().chain(["$ORIGIN"]);
        let mut directories = starts.flat_map(|start| [format!("{start}/{path}"), start.to_owned()]);
        directories.find_map(|entry| {
            let directory = self.layout.expand(&entry, directory_of(&installed))?;
            let Installed::Object(index) = self.layout.file(&directory, file)? else { return None };
            let found = self.objects.get(index)?;
            unusable(&found.facts, wanted).is_none().then_some(index)
        })
    }

    fn scope(&mut self, chain: Vec<usize>, wanted: Shape) -> Scope {
        let directories = self.directories(&chain, wanted);
        let mut seen = HashSet::new();
        let shown = directories.iter().map(Directory::display_name);
        let shown = shown.filter(|directory| seen.insert(directory.clone())).collect();
        Scope { wanted, chain, directories, shown }
    }

    /// The object and all objects that need it, nearest first; cut off if there are too many.
    fn chain(&mut self, start: usize) -> Vec<usize> {
        let mut chain = vec![start];
        let mut seen: HashSet<usize> = HashSet::from([start]);
        let mut next = 0;
        while let Some(index) = chain.get(next).copied() {
            next += 1;
            let Some(parents) = self.parents.get(index) else { continue };
            let count = parents.len();
            chain.extend(parents.iter().copied().filter(|parent| seen.insert(*parent)));
            if !self.step(count, start) {
                break;
            }
        }
        chain
    }

    /// What the run paths of the chain find in the wheel. The first file of that name decides.
    fn in_wheel(&mut self, chain: &[usize], wanted: Shape, name: &str) -> Inside {
        for (step, index) in chain.iter().enumerate() {
            let Some(own) = self.expanded_run_paths.get(*index) else { continue };
            self.steps += ENTRY * own.inside.len() as u64;
            for directory in &own.inside {
                let Some(found) = self.layout.file(directory, name) else { continue };
                let (path, reason) = match found {
                    Installed::Object(index) => {
                        let object = self.objects.get(index);
                        match object.and_then(|object| unusable(&object.facts, wanted)) {
                            None => return Inside::Object { index, inherited: step > 0 },
                            Some(reason) => {
                                (object.map(|object| object.origin.display_name().to_owned()), reason)
                            }
                        }
                    }
                    Installed::OtherFile => (None, "not a file that can be loaded".to_owned()),
                    Installed::Directory => (None, "a directory".to_owned()),
                };
                let path = path.unwrap_or_else(|| format!("{directory}/{name}"));
                return Inside::Unusable(Rejected { path, reason });
            }
        }
        Inside::Nothing
    }

    /// Where to look for a library outside the wheel, in musl's order, each directory once.
    fn directories(&mut self, chain: &[usize], wanted: Shape) -> Vec<Directory> {
        let search_paths = &self.finder.options().search_paths;
        let mut directories = search_paths.first_directories();
        for own in chain.iter().filter_map(|index| self.expanded_run_paths.get(*index)) {
            self.steps += ENTRY * own.outside.len() as u64;
            directories.extend(own.outside.iter().cloned());
            if self.steps / STEPS > self.limits().lookups {
                break;
            }
        }
        directories.extend(self.finder.system_directories(wanted.arch).iter().cloned());
        let mut seen = HashSet::new();
        directories.retain(|directory| seen.insert(directory.clone()));
        directories
    }

    fn excluded(&mut self, text: &str) -> Option<String> {
        let exclude = &self.finder.options().exclude;
        let (index, pattern) = exclude.iter().enumerate().find(|(_, pattern)| pattern.matches(text))?;
        self.used_patterns.insert(index);
        Some(pattern.to_string())
    }

    /// Adds a file to the objects, unless that exceeds a limit.
    fn add(&mut self, found: String, file: Arc<LibraryFile>, requester: usize) -> Option<usize> {
        if let Some(index) = self.files.get(&file.location) {
            return Some(*index);
        }
        let index = self.objects.len();
        if !self.check("objects", index as u64 + 1, self.limits().objects, requester) {
            return None;
        }
        self.files.insert(file.location.clone(), index);
        let object = Object {
            facts: file.facts.clone(),
            symbols: file.symbols.clone(),
            size: file.size,
            dependencies: Vec::new(),
            origin: Origin::File { found, file },
        };
        self.expanded_run_paths.push(Arc::new(ExpandedRunPath::of(
            &object,
            self.layout,
            &self.finder.options().search_paths,
        )));
        self.objects.push(object);
        self.parents.push(BTreeSet::new());
        Some(index)
    }

    /// Resolves a name that no search found to a library that the same program has already loaded under that
    /// file name (`load_library` compares with `shortname`, the file name found by search, never with
    /// `DT_SONAME`).
    pub(super) fn share_loaded_names(&mut self) {
        let loaded: HashSet<&str> =
            self.objects.iter().flat_map(Object::edges).map(|(name, _)| name).collect();
        let missing: Vec<(usize, usize, String)> = (self.objects.iter().enumerate())
            .flat_map(|(object, facts)| {
                let missing = facts.dependencies.iter().enumerate();
                missing
                    .filter(|(_, d)| matches!(d.resolution, Resolution::Missing { .. }))
                    .filter(|(_, d)| loaded.contains(d.name.as_str()))
                    .map(move |(position, d)| (object, position, d.name.clone()))
            })
            .collect();
        for (object, position, name) in missing {
            let mut found = None;
            for root in self.chain(object) {
                self.steps += 1;
                found = self.loaded_as(root, &name);
                let spent = self.lookups.saturating_add(self.steps / STEPS);
                if found.is_some() || !self.check("lookups", spent, self.limits().lookups, object) {
                    break;
                }
            }
            let dependency = self.objects.get_mut(object).and_then(|o| o.dependencies.get_mut(position));
            if let (Some(index), Some(dependency)) = (found, dependency) {
                dependency.resolution = Resolution::Object { index };
            }
        }
    }

    /// The object that a search for `name` has loaded when `root` is loaded, breadth first as in musl.
    fn loaded_as(&mut self, root: usize, name: &str) -> Option<usize> {
        let mut order = vec![root];
        let mut seen: HashSet<usize> = HashSet::from([root]);
        let mut next = 0;
        while let Some(object) = order.get(next).and_then(|index| self.objects.get(*index)) {
            next += 1;
            self.steps += object.dependencies.len() as u64;
            for (asked, index) in object.edges() {
                if asked == name {
                    return Some(index);
                }
                if seen.insert(index) {
                    order.push(index);
                }
            }
        }
        None
    }
}
