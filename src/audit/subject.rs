//! What rules look at: everything that an audit has read and computed, and nothing else.

use crate::musl::MuslRelease;
use crate::platform::Arch;
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Resolution, directory_of};
use crate::wheel::{InstallLocation, PlatformTag, RowMismatch, Wheel, WheelPath};

use super::arch::ArchConflict;
use super::include::IncludeFailure;
use super::minimum::MinimumMusl;
use super::options::AuditOptions;
use super::rename::ModuleRename;
use super::requirement::{Requirement, RequirementKind};
use super::requirements::Module;
use super::roles::{DataFile, Unloadable};
use super::wheel_kind::WheelKind;

/// A wheel or a tree as rules see it.
pub(crate) struct Subject<'a> {
    /// How messages name it: the wheel's file name, the tree's path.
    pub(crate) name: &'a str,
    /// The wheel, with what its name and its metadata say; none for a tree of installed files.
    pub(crate) package: Option<Package<'a>>,
    /// The platform tags of the wheel's file name.
    pub(crate) platforms: &'a [PlatformTag],
    /// The oldest musl that the tags promise.
    pub(crate) promised: MuslRelease,
    /// The architecture of the ELF files, and what does not agree with it.
    pub(crate) arch: Option<Arch>,
    pub(crate) arch_conflicts: &'a [ArchConflict],
    /// The ELF files, their libraries, and where each is found.
    pub(crate) graph: &'a Graph,
    /// Where the files are installed.
    pub(crate) layout: &'a InstalledLayout,
    /// What objects ask of musl and of each other, each once.
    pub(crate) requirements: &'a [Requirement],
    /// What is loaded by itself.
    pub(crate) modules: &'a [Module],
    /// The oldest musl that has all that some current one has. What none has, a missing library for instance, breaks other
    /// rules.
    pub(crate) minimum_of_musl: &'a MinimumMusl,
    /// Libraries of `--include` that cannot be had.
    pub(crate) include_failures: &'a [IncludeFailure],
    /// Files that should be objects, and cannot be loaded.
    pub(crate) unloadable: &'a [Unloadable],
    /// ELF files that nothing loads.
    pub(crate) data: &'a [DataFile],
    /// The systems that a wheel for any platform has programs for, if there are several.
    pub(crate) systems: &'a [String],
    /// Modules that a repair renames.
    pub(crate) renames: &'a [ModuleRename],
    pub(crate) options: &'a AuditOptions,
}

/// What only a wheel has.
#[derive(Clone, Copy)]
pub(crate) struct Package<'a> {
    pub(crate) wheel: &'a Wheel,
    pub(crate) kind: WheelKind,
    /// Members that `RECORD` does not list.
    pub(crate) unlisted: &'a [WheelPath],
    /// Rows of `RECORD` that do not fit the wheel.
    pub(crate) mismatches: &'a [RowMismatch],
}

impl<'a> Subject<'a> {
    /// The objects of the wheel or tree and the libraries outside, without those of other wheels beside it.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.objects_and_indices().map(|(_, object)| object)
    }

    /// The object of this index, unless it belongs to another wheel.
    pub(crate) fn object(&self, index: usize) -> Option<&'a Object> {
        self.graph.objects.get(index).filter(|object| !matches!(object.origin, Origin::Sibling { .. }))
    }

    /// The same with their indices.
    pub(crate) fn objects_and_indices(&self) -> impl Iterator<Item = (usize, &'a Object)> + use<'a> {
        let all = self.graph.objects.iter().enumerate();
        all.filter(|(_, object)| !matches!(object.origin, Origin::Sibling { .. }))
    }

    /// The objects of the wheel or tree itself.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.members_and_indices().map(|(_, object)| object)
    }

    /// The same with their indices.
    pub(crate) fn members_and_indices(&self) -> impl Iterator<Item = (usize, &'a Object)> + use<'a> {
        let all = self.graph.objects.iter().enumerate();
        all.filter(|(_, object)| matches!(object.origin, Origin::Member { .. }))
    }

    /// The names of the objects that have a requirement of this kind, each once.
    pub(crate) fn objects_that_need(&self, kind: &RequirementKind) -> impl Iterator<Item = &'a str> {
        let having = self.requirements.iter().filter(move |requirement| requirement.kind == *kind);
        having.map(|requirement| requirement.object.as_str())
    }

    /// The library of this name that an object of the wheel, of the tree or outside finds by its own search or with the help
    /// of some process.
    pub(crate) fn library_of(&self, index: usize, name: &str) -> Option<&'a Object> {
        let object = self.graph.objects.get(index)?;
        if matches!(object.origin, Origin::Sibling { .. }) {
            return None;
        }
        let (_, target) = object.edges().find(|(needed, _)| *needed == name)?;
        self.graph.objects.get(target)
    }

    /// The objects of the wheel or tree that have a run path, with where they are installed and its text.
    pub(crate) fn members_with_run_path(
        &self,
    ) -> impl Iterator<Item = (&'a Object, &'a InstallLocation, &'a str)> {
        self.members().filter_map(|object| Some((object, object.origin.place()?, object.facts.run_path()?)))
    }

    /// The directory of what is installed at `place`: `$ORIGIN` in its run path.
    pub(crate) fn directory(&self, place: &InstallLocation) -> String {
        directory_of(&self.layout.installed(place)).to_owned()
    }

    /// Whether a run path entry of what is installed in the directory `origin` leads to a directory that wheels may not rely
    /// on. A repair removes it.
    pub(crate) fn is_outside_entry(&self, origin: &str, entry: &str) -> bool {
        let found = self.layout.expand(entry, origin);
        !found.is_some_and(|found| self.layout.is_reliable(&found))
    }
}

/// The name under which an object needs the interpreter's library, if it does.
pub(crate) fn needed_libpython(object: &Object) -> Option<&str> {
    let libpython = object.dependencies.iter().find(|one| one.resolution == Resolution::Interpreter)?;
    Some(&libpython.name)
}
