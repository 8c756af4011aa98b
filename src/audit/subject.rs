//! The input of the rules: everything that an audit has read and computed, and nothing else.

use crate::musl::MuslRelease;
use crate::platform::Arch;
use crate::resolve::{Graph, InstalledLayout, Object, Origin, Resolution, directory_of};
use crate::wheel::{InstallLocation, PlatformTag, RowMismatch, Wheel, WheelPath};

use super::arch::ArchConflict;
use super::include::IncludeFailure;
use super::minimum::MinimumMusl;
use super::module_rename::ModuleRename;
use super::options::AuditOptions;
use super::promise::is_published;
use super::requirement::{Requirement, RequirementKind};
use super::requirements::Module;
use super::roles::{DataFile, Unloadable};
use super::wheel_kind::WheelKind;

/// A wheel or a tree, as rules see it.
pub(crate) struct Subject<'a> {
    /// The name for messages: the wheel's file name, or the tree's path.
    pub(crate) name: &'a str,
    /// The wheel with its name and metadata; `None` for a tree of installed files.
    pub(crate) package: Option<Package<'a>>,
    /// The platform tags of the wheel's file name.
    pub(crate) platforms: &'a [PlatformTag],
    /// The oldest musl that the tags promise.
    pub(crate) promised: MuslRelease,
    /// The architecture of the ELF files, and contradictions about it.
    pub(crate) arch: Option<Arch>,
    pub(crate) arch_conflicts: &'a [ArchConflict],
    /// The ELF files, their libraries, and where each is found.
    pub(crate) graph: &'a Graph,
    /// The installed paths of the files.
    pub(crate) layout: &'a InstalledLayout,
    /// The requirements of objects on musl and on each other, without duplicates.
    pub(crate) requirements: &'a [Requirement],
    /// The objects that are loaded separately.
    pub(crate) modules: &'a [Module],
    /// The oldest musl that meets every requirement that some known release meets. Requirements that none
    /// meets, such as a missing library, break other rules.
    pub(crate) minimum_of_musl: &'a MinimumMusl,
    /// Libraries of `--include` that cannot be grafted.
    pub(crate) include_failures: &'a [IncludeFailure],
    /// Files that should be objects and cannot be loaded.
    pub(crate) unloadable: &'a [Unloadable],
    /// ELF files that nothing loads.
    pub(crate) data: &'a [DataFile],
    /// The systems for which a wheel for any platform has programs, if there are several.
    pub(crate) systems: &'a [String],
    /// Modules that a repair renames.
    pub(crate) renames: &'a [ModuleRename],
    pub(crate) options: &'a AuditOptions,
}

/// The parts that only a wheel has.
#[derive(Clone, Copy)]
pub(crate) struct Package<'a> {
    pub(crate) wheel: &'a Wheel,
    pub(crate) kind: WheelKind,
    /// Members that `RECORD` does not list.
    pub(crate) unlisted: &'a [WheelPath],
    /// Rows of `RECORD` that do not match the wheel.
    pub(crate) mismatches: &'a [RowMismatch],
}

impl<'a> Subject<'a> {
    /// The objects of the wheel or tree and the libraries outside, without those of other wheels installed
    /// together with it.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.objects_and_indices().map(|(_, object)| object)
    }

    /// The object with this index, unless it belongs to another wheel.
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

    /// The names of the objects with a requirement of this kind, without duplicates.
    pub(crate) fn objects_that_need(&self, kind: &RequirementKind) -> impl Iterator<Item = &'a str> {
        let having = self.requirements.iter().filter(move |requirement| requirement.kind == *kind);
        having.map(|requirement| requirement.object.as_str())
    }

    /// The command that fixes what does not keep the wheel from loading. A published wheel is copied without the option.
    pub(crate) fn repair_command(&self) -> &'static str {
        match is_published(self.platforms) {
            true => "`muslrepair repair --published fix`",
            false => "`muslrepair repair`",
        }
    }

    /// The library that an object uses under this name, by its own search or in some process; `None` if it
    /// belongs to another wheel.
    pub(crate) fn library_of(&self, index: usize, name: &str) -> Option<&'a Object> {
        let object = self.graph.objects.get(index)?;
        if matches!(object.origin, Origin::Sibling { .. }) {
            return None;
        }
        let (_, target) = object.edges().find(|(needed, _)| *needed == name)?;
        self.graph.objects.get(target)
    }

    /// The objects of the wheel or tree that have a run path, each with its installed path and the run path.
    pub(crate) fn members_with_run_path(
        &self,
    ) -> impl Iterator<Item = (&'a Object, &'a InstallLocation, &'a str)> {
        self.members().filter_map(|object| Some((object, object.origin.place()?, object.facts.run_path()?)))
    }

    /// The directory of a file installed at `place`: `$ORIGIN` in its run path.
    pub(crate) fn directory(&self, place: &InstallLocation) -> String {
        directory_of(&self.layout.installed(place)).to_owned()
    }

    /// Whether a run path entry of a file in the directory `origin` points to a directory that wheels may not
    /// rely on. A repair removes it.
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
