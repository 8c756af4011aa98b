//! The dependency graph of a set of objects, resolved as musl would.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::elf::ElfFacts;
use crate::limits::Limits;
use crate::musl::{self, RunPath};
use crate::policy::ObjectSymbols;
use crate::wheel::{Place, WheelPath};

use super::layout::{InstalledLayout, directory_of};
use super::library::{LibraryFile, Rejected, is_libpython, read_library, unusable};
use super::pattern::Pattern;
use super::search::{Directory, SearchPlaces};

/// The objects at hand and what each needs. Roots (the members of a wheel, or one file) come first, then the files
/// outside that they lead to, in order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The objects; [`Resolution::Object`] holds an index into this list.
    pub objects: Vec<Object>,
    /// The `--exclude` patterns that matched nothing.
    pub unused_patterns: Vec<String>,
}

/// One ELF file of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub facts: ElfFacts,
    /// What it asks for and offers.
    #[serde(skip)]
    pub symbols: ObjectSymbols,
    /// Size in bytes.
    pub size: u64,
    /// One entry for each `DT_NEEDED`, in order.
    pub dependencies: Vec<Dependency>,
}

/// Where an object comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A member of the wheel, and where it is installed.
    Member {
        /// Its name in the archive.
        path: WheelPath,
        /// Where an installer puts it.
        place: Place,
    },
    /// A member of another wheel that is installed beside this one.
    Neighbour {
        /// Its name, and the wheel's.
        shown: String,
        /// Where an installer puts it.
        place: Place,
    },
    /// A file outside.
    File {
        /// The path it was found under, links not followed: `$ORIGIN` is its directory.
        found: String,
        /// The file.
        file: Arc<LibraryFile>,
    },
}

impl Origin {
    /// The name to show.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Member { path, .. } => path.as_str(),
            Self::Neighbour { shown, .. } => shown,
            Self::File { file, .. } => &file.path,
        }
    }
}

impl Origin {
    /// Where it is installed, if it is part of a wheel.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Member { place, .. } | Self::Neighbour { place, .. } => Some(place),
            Self::File { .. } => None,
        }
    }
}

/// One `DT_NEEDED` entry and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The name as it stands in the file.
    pub name: String,
    /// What the loader would take for it.
    pub resolution: Resolution,
}

/// What a `DT_NEEDED` leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// musl itself.
    Libc,
    /// The interpreter's library, which the process already has.
    Interpreter,
    /// The policy promises that every system has it.
    Allowed,
    /// `--exclude`: the user provides it.
    Excluded {
        /// The pattern that matched.
        pattern: String,
        /// The file found for it, where the pattern matched a path.
        path: Option<String>,
    },
    /// Another object of the graph.
    Object {
        /// Its index.
        index: usize,
    },
    /// Nothing.
    Missing {
        /// The directories searched, in order.
        searched: Vec<String>,
        /// Files of that name that could not be taken.
        rejected: Vec<Rejected>,
    },
}

impl Object {
    /// The objects this one depends on, as indices, with the name each is asked for by.
    pub fn edges(&self) -> impl Iterator<Item = (&str, usize)> {
        self.dependencies.iter().filter_map(|dependency| match dependency.resolution {
            Resolution::Object { index } => Some((dependency.name.as_str(), index)),
            _ => None,
        })
    }
}

/// What decides how names are resolved, apart from the files themselves.
#[derive(Clone, Debug)]
pub struct ResolverOptions {
    /// Where to look.
    pub places: SearchPlaces,
    /// What the user provides.
    pub exclude: Vec<Pattern>,
    /// Names that every system provides, by policy.
    pub allowed: Vec<String>,
    /// The largest library that is read, in bytes.
    pub largest_library: u64,
}

impl Default for ResolverOptions {
    fn default() -> Self {
        Self {
            places: SearchPlaces::default(),
            exclude: Vec::new(),
            allowed: Vec::new(),
            largest_library: Limits::default().member_size,
        }
    }
}

/// Finds libraries; remembers every file it has read, so that a batch of wheels reads each once.
#[derive(Debug, Default)]
pub struct Resolver {
    options: ResolverOptions,
    seen: Mutex<HashMap<PathBuf, Result<Arc<LibraryFile>, String>>>,
}

impl Resolver {
    /// A resolver that has read nothing yet.
    #[must_use]
    pub fn new(options: ResolverOptions) -> Self {
        Self { options, seen: Mutex::default() }
    }

    /// What it goes by.
    #[must_use]
    pub fn options(&self) -> &ResolverOptions {
        &self.options
    }

    /// Resolves everything the roots need, and what that needs in turn.
    ///
    /// Roots of the wheel are found through run paths between installed places. Every name is searched as musl's
    /// `load_library` does for the object that asks: reserved names, `-l` and `LD_LIBRARY_PATH`, the run path of the
    /// object and of every object that led to it, the system path; with two differences that follow from what repair
    /// is for. A run path into the wheel itself comes first, since the installed process has no `LD_LIBRARY_PATH`.
    /// And an object gets the library its own search leads to before one that another object happened to load
    /// under the same name, so that each requester keeps its own.
    #[must_use]
    pub fn resolve(&self, roots: Vec<Object>, layout: &InstalledLayout) -> Graph {
        let mut search = Search {
            resolver: self,
            layout,
            parents: vec![BTreeSet::new(); roots.len()],
            objects: roots,
            files: BTreeMap::new(),
            used_patterns: BTreeSet::new(),
        };
        search.run();
        search.share_loaded_names();
        let unused_patterns = (self.options.exclude.iter().enumerate())
            .filter(|(index, _)| !search.used_patterns.contains(index))
            .map(|(_, pattern)| pattern.to_string())
            .collect();
        Graph { objects: search.objects, unused_patterns }
    }

    /// A file of the host as the root of a graph.
    ///
    /// # Errors
    ///
    /// Why it cannot be one: unreadable, no ELF file, damaged.
    pub fn root(&self, path: &Path) -> Result<Object, String> {
        let found = std::path::absolute(path).map_err(|error| error.to_string())?;
        let location = std::fs::canonicalize(path).map_err(|error| error.to_string())?;
        let shown = location.to_string_lossy().into_owned();
        let file = Arc::new(read_library(shown, false, &location, self.options.largest_library)?);
        Ok(Object {
            facts: file.facts.clone(),
            symbols: file.symbols.clone(),
            size: file.size,
            dependencies: Vec::new(),
            origin: Origin::File { found: found.to_string_lossy().into_owned(), file },
        })
    }

    /// The file at a directory, if there is one: `Ok(None)` where nothing has the name.
    fn candidate(&self, directory: &Directory, name: &str) -> Result<Option<Found>, Rejected> {
        let shown = format!("{}/{name}", directory.shown().trim_end_matches('/'));
        if musl::too_long(&directory.shown(), name) {
            return Ok(None);
        }
        let rejected = |reason: String| Rejected { path: shown.clone(), reason };
        let located = match directory {
            Directory::Inside(path) => self
                .options
                .places
                .sysroot
                .resolve(&format!("{path}/{name}"))
                .map(|(path, at)| (path, true, at)),
            Directory::Host(path) => std::fs::canonicalize(path.join(name))
                .map(|location| (location.to_string_lossy().into_owned(), false, location)),
        };
        let (path, in_sysroot, location) = match located {
            Ok(located) => located,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(rejected(error.to_string())),
        };
        let known = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&location).cloned();
        let read = known.unwrap_or_else(|| {
            let read = read_library(path, in_sysroot, &location, self.options.largest_library).map(Arc::new);
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(location, read.clone());
            read
        });
        match read {
            Ok(file) => Ok(Some(Found { found: shown, file })),
            Err(reason) => Err(rejected(reason)),
        }
    }
}

struct Found {
    found: String,
    file: Arc<LibraryFile>,
}

struct Search<'a> {
    resolver: &'a Resolver,
    layout: &'a InstalledLayout,
    objects: Vec<Object>,
    /// For each object, those that led to it (`needed_by` of musl, which keeps only the first).
    parents: Vec<BTreeSet<usize>>,
    files: BTreeMap<PathBuf, usize>,
    used_patterns: BTreeSet<usize>,
}

impl Search<'_> {
    fn run(&mut self) {
        let mut queue: VecDeque<usize> = (0..self.objects.len()).collect();
        while let Some(index) = queue.pop_front() {
            let Some(object) = self.objects.get(index) else { continue };
            let names = object.facts.needed.clone();
            let known = object.dependencies.clone();
            let mut dependencies = Vec::with_capacity(names.len());
            for (position, name) in names.into_iter().enumerate() {
                let resolution = match known.get(position) {
                    Some(dependency) if !matches!(dependency.resolution, Resolution::Missing { .. }) => {
                        dependency.resolution.clone()
                    }
                    _ => self.find(index, &name),
                };
                if let Resolution::Object { index: target } = resolution {
                    self.reached(target, index, &mut queue);
                }
                dependencies.push(Dependency { name, resolution });
            }
            if let Some(object) = self.objects.get_mut(index) {
                object.dependencies = dependencies;
            }
        }
    }

    /// Notes that `parent` leads to `target`; a target that still misses something may now find it through the
    /// parent's run path.
    fn reached(&mut self, target: usize, parent: usize, queue: &mut VecDeque<usize>) {
        let Some(parents) = self.parents.get_mut(target) else { return };
        if !parents.insert(parent) || queue.contains(&target) {
            return;
        }
        let incomplete = self.objects.get(target).is_some_and(|object| {
            object.dependencies.len() < object.facts.needed.len()
                || object.dependencies.iter().any(|d| matches!(d.resolution, Resolution::Missing { .. }))
        });
        if incomplete {
            queue.push_back(target);
        }
    }

    fn find(&mut self, requester: usize, name: &str) -> Resolution {
        if musl::is_libc(name) {
            return Resolution::Libc;
        }
        if is_libpython(name) {
            return Resolution::Interpreter;
        }
        if let Some(pattern) = self.excluded(name) {
            return Resolution::Excluded { pattern, path: None };
        }
        let chain = self.chain(requester);
        if let Some(index) = self.in_wheel(&chain, requester, name) {
            return Resolution::Object { index };
        }
        if self.resolver.options.allowed.iter().any(|allowed| allowed == name) {
            return Resolution::Allowed;
        }
        let Some(wanted) = self.objects.get(requester).map(|object| object.facts.clone()) else {
            return Resolution::Missing { searched: Vec::new(), rejected: Vec::new() };
        };
        let (directories, file) = match name.rsplit_once('/') {
            // A name with a slash is opened as it is, `$ORIGIN` unexpanded (`load_library`).
            Some((directory, file)) if name.starts_with('/') => {
                (vec![Directory::Inside(directory.to_owned())], file)
            }
            Some((_, file)) => (Vec::new(), file),
            None => (self.directories(&chain, &wanted), name),
        };
        let mut rejected = Vec::new();
        for directory in &directories {
            match self.resolver.candidate(directory, file) {
                Ok(None) => {}
                Err(rejection) => rejected.push(rejection),
                Ok(Some(Found { found, file })) => match unusable(&file.facts, &wanted) {
                    Some(reason) => rejected.push(Rejected { path: found, reason }),
                    None => {
                        if let Some(pattern) = self.excluded(&file.path) {
                            return Resolution::Excluded { pattern, path: Some(file.path.clone()) };
                        }
                        return Resolution::Object { index: self.add(found, file) };
                    }
                },
            }
        }
        rejected.sort();
        rejected.dedup();
        let mut searched: Vec<String> = Vec::new();
        for directory in directories.iter().map(Directory::shown) {
            if !searched.contains(&directory) {
                searched.push(directory);
            }
        }
        Resolution::Missing { searched, rejected }
    }

    /// The object and every object that led to it, nearest first.
    fn chain(&self, start: usize) -> Vec<usize> {
        let mut chain = vec![start];
        let mut next = 0;
        while let Some(index) = chain.get(next).copied() {
            next += 1;
            for parent in self.parents.get(index).into_iter().flatten() {
                if !chain.contains(parent) {
                    chain.push(*parent);
                }
            }
        }
        chain
    }

    /// A member of the wheel that a run path of the chain leads to.
    fn in_wheel(&self, chain: &[usize], requester: usize, name: &str) -> Option<usize> {
        let wanted = &self.objects.get(requester)?.facts;
        for object in chain.iter().filter_map(|index| self.objects.get(*index)) {
            let Some(place) = object.origin.place() else { continue };
            let installed = self.layout.installed(place);
            let run_path = RunPath::parse(object.facts.run_path().unwrap_or_default());
            for entry in run_path.entries() {
                let directory = self.layout.expand(entry, directory_of(&installed));
                let Some(index) = directory.and_then(|directory| self.layout.file(&directory, name)) else {
                    continue;
                };
                let found = self.objects.get(index);
                if found.is_some_and(|found| unusable(&found.facts, wanted).is_none()) {
                    return Some(index);
                }
            }
        }
        None
    }

    /// Where to look for a library outside the wheel, in musl's order.
    fn directories(&self, chain: &[usize], wanted: &ElfFacts) -> Vec<Directory> {
        let places = &self.resolver.options.places;
        let mut directories = places.first_directories();
        for object in chain.iter().filter_map(|index| self.objects.get(*index)) {
            let run_path = RunPath::parse(object.facts.run_path().unwrap_or_default());
            for entry in run_path.entries() {
                match &object.origin {
                    Origin::Member { .. } | Origin::Neighbour { .. } if entry.starts_with('/') => {
                        directories.push(Directory::Inside((*entry).to_owned()));
                    }
                    Origin::Member { .. } | Origin::Neighbour { .. } => {}
                    Origin::File { found, file } => {
                        let entry = RunPath::expand(entry, directory_of(found));
                        if entry.starts_with('/') {
                            let relative_to_host = !file.in_sysroot && entry.starts_with(directory_of(found));
                            directories.push(if relative_to_host {
                                Directory::Host(PathBuf::from(entry))
                            } else {
                                Directory::Inside(entry)
                            });
                        }
                    }
                }
            }
        }
        directories.extend(places.system_directories(wanted.arch));
        directories
    }

    fn excluded(&mut self, text: &str) -> Option<String> {
        let exclude = &self.resolver.options.exclude;
        let (index, pattern) = exclude.iter().enumerate().find(|(_, pattern)| pattern.matches(text))?;
        self.used_patterns.insert(index);
        Some(pattern.to_string())
    }

    fn add(&mut self, found: String, file: Arc<LibraryFile>) -> usize {
        if let Some(index) = self.files.get(&file.location) {
            return *index;
        }
        let index = self.objects.len();
        self.files.insert(file.location.clone(), index);
        self.objects.push(Object {
            facts: file.facts.clone(),
            symbols: file.symbols.clone(),
            size: file.size,
            dependencies: Vec::new(),
            origin: Origin::File { found, file },
        });
        self.parents.push(BTreeSet::new());
        index
    }

    /// Gives a name that no search found to the library which the same program has loaded before under that file
    /// name (`load_library` compares with `shortname`, the file name found by search; never with `DT_SONAME`).
    fn share_loaded_names(&mut self) {
        let missing: Vec<(usize, usize, String)> = (self.objects.iter().enumerate())
            .flat_map(|(object, facts)| {
                let missing = facts.dependencies.iter().enumerate();
                missing
                    .filter(|(_, d)| matches!(d.resolution, Resolution::Missing { .. }))
                    .map(move |(position, d)| (object, position, d.name.clone()))
            })
            .collect();
        for (object, position, name) in missing {
            let loaded = self.chain(object).into_iter().find_map(|root| self.loaded_as(root, &name));
            let dependency = self.objects.get_mut(object).and_then(|o| o.dependencies.get_mut(position));
            if let (Some(index), Some(dependency)) = (loaded, dependency) {
                dependency.resolution = Resolution::Object { index };
            }
        }
    }

    /// The object that is loaded by a search for `name` when `root` is loaded, breadth first as musl does.
    fn loaded_as(&self, root: usize, name: &str) -> Option<usize> {
        let mut order = vec![root];
        let mut next = 0;
        while let Some(object) = order.get(next).and_then(|index| self.objects.get(*index)) {
            next += 1;
            for (asked, index) in object.edges() {
                if asked == name {
                    return Some(index);
                }
                if !order.contains(&index) {
                    order.push(index);
                }
            }
        }
        None
    }
}
