//! Resolving: which objects a set of objects leads to.

use std::path::Path;

use super::closure::Search;
use super::finder::{Finder, ResolverOptions};
use super::graph::Graph;
use super::layout::InstalledLayout;
use super::library::Shape;
use super::object::{Object, Resolution};
use super::opened_paths::OpenedPaths;

/// Resolves what objects need as musl does. It remembers every file that it has read, so that a batch of wheels reads each
/// library once.
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
    /// A resolver that has read nothing yet.
    #[must_use]
    pub fn new(options: ResolverOptions) -> Self {
        Self { finder: Finder::new(options) }
    }

    /// What it goes by.
    #[must_use]
    pub fn options(&self) -> &ResolverOptions {
        self.finder.options()
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
        Search::new(&self.finder, roots, layout).graph()
    }

    /// What a name leads to for objects of a shape that have no run path, and the library, if it is one outside.
    pub(crate) fn by_name(&self, name: &str, wanted: Shape) -> (Resolution, Option<Object>) {
        Search::new(&self.finder, Vec::new(), &InstalledLayout::default()).by_name(name, wanted)
    }

    /// A file of the host as the root of a graph.
    ///
    /// # Errors
    ///
    /// Why it cannot be one: unreadable, no ELF file, damaged.
    pub fn root(&self, path: &Path) -> Result<Object, String> {
        self.finder.root(path)
    }

    /// Where the run path and the interpreter of a file lead.
    #[must_use]
    pub fn opened_paths(&self, object: &Object) -> OpenedPaths {
        OpenedPaths::of(object, &self.finder)
    }
}
