//! The resolver: finds the closure of a set of objects.

use std::path::Path;

use super::closure::Search;
use super::finder::{Finder, ResolverOptions};
use super::graph::Graph;
use super::layout::InstalledLayout;
use super::library::Shape;
use super::object::{Object, Resolution};
use super::opened_paths::OpenedPaths;

/// Resolves dependencies as musl does. It remembers every file it has read, so that a batch of wheels reads
/// each library once.
#[derive(Debug)]
pub struct Resolver {
    finder: Finder,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new(ResolverOptions::default())
    }
}

impl Resolver {
    /// A resolver with an empty cache.
    #[must_use]
    pub fn new(options: ResolverOptions) -> Self {
        Self { finder: Finder::new(options) }
    }

    /// The options it was created with.
    #[must_use]
    pub fn options(&self) -> &ResolverOptions {
        self.finder.options()
    }

    /// Resolves everything the roots need, directly or indirectly.
    ///
    /// Members of the wheel are found through run paths between their installed paths. Every name is searched
    /// as in musl's `load_library`: reserved names, `-l` and `LD_LIBRARY_PATH`, the run path of the requester
    /// and of every object that loaded it, the system path. There are two differences, because the result is
    /// used for repair. A run path into the wheel comes first, because the installed process has no
    /// `LD_LIBRARY_PATH`. And an object gets the library that its own search finds, even if another object
    /// has loaded one under the same name before, so that each requester keeps its own.
    #[must_use]
    pub fn resolve(&self, roots: Vec<Object>, layout: &InstalledLayout) -> Graph {
        Search::new(&self.finder, roots, layout).graph()
    }

    /// What a name resolves to for objects of a shape without a run path, and the library if it is outside
    /// the wheel.
    pub(crate) fn by_name(&self, name: &str, wanted: Shape) -> (Resolution, Option<Object>) {
        Search::new(&self.finder, Vec::new(), &InstalledLayout::default()).by_name(name, wanted)
    }

    /// Reads a file of the host as the root of a graph.
    ///
    /// # Errors
    ///
    /// The reason, if it cannot be one: unreadable, not an ELF file, damaged.
    pub fn root(&self, path: &Path) -> Result<Object, String> {
        self.finder.root(path)
    }

    /// Where the run path and the interpreter of a file lead.
    #[must_use]
    pub fn opened_paths(&self, object: &Object) -> OpenedPaths {
        OpenedPaths::of(object, &self.finder)
    }
}
