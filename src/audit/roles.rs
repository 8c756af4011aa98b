//! The role of every file in a wheel or tree: which files musl is asked to load, and which are mere data.
//!
//! Only files with a role are checked against musl's rules, patched or stripped. The first that applies:
//!
//! - a *module*, by a suffix with an ABI in it, or a plain `name.so` that exports `PyInit_name`;
//! - a *library*: a shared object for the wheel's machine that another file needs, or that is named `*.so` or `*.so.*`;
//! - a *program* for the wheel's machine.
//!
//! Everything else is *data*, whatever its content: firmware, GPU code, helpers for other systems, test
//! fixtures.

use std::collections::{BTreeMap, BTreeSet};

use crate::elf::{ElfError, ElfFacts, Kind};
use crate::error::Error;
use crate::musl::ObjectSymbols;
use crate::platform::Arch;
use crate::resolve::{Object, Origin, is_library_name};
use crate::wheel::{PlatformTag, Scheme};

use super::arch::{fits, same_family};
use super::object::{Candidate, Content, module_suffix};

/// The files of a wheel or tree by their roles.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Roles {
    /// The modules, libraries and programs, in archive order.
    pub objects: Vec<Object>,
    /// Files with a role that cannot be loaded.
    pub unloadable: Vec<Unloadable>,
    /// ELF files without a role.
    pub data: Vec<DataFile>,
    /// The systems for which a wheel for any platform has modules, libraries or programs, if there are
    /// several.
    pub systems: Vec<String>,
}

/// A file that musl is asked to load and cannot load.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unloadable {
    /// The file.
    pub path: String,
    /// Whether it has the name of an extension module.
    pub is_module: bool,
    /// Why it cannot be loaded.
    pub reason: UnloadableReason,
}

/// Why a file cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnloadableReason {
    /// It is not an ELF file: the end of a sentence that begins with the name and `is`.
    NotElf(&'static str),
    /// It is for another system.
    OtherSystem(&'static str),
    /// It is an ELF file that cannot be read.
    Damaged(ElfError),
    /// It is an ELF file of a kind that is never loaded, or has no dynamic section.
    Kind(&'static str),
    /// musl maps it, but it lacks the magic number of ELF.
    Unmarked,
}

/// An ELF file that nothing loads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataFile {
    /// The file.
    pub path: String,
    /// Why it has no role.
    pub reason: DataReason,
}

/// Why an ELF file has no role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DataReason {
    /// It is for another machine than the wheel.
    Foreign {
        /// `e_machine`.
        machine: u16,
        /// The architecture.
        arch: Option<Arch>,
    },
    /// It is a shared object for the wheel's machine, but neither its name nor another file makes it a
    /// library.
    Unnamed,
    /// It is an object file, a debug file or a core dump of the wheel's machine, which is never loaded.
    NeverLoaded,
    /// It cannot be read.
    Damaged(String),
}

/// The machine of a wheel or tree.
enum Machine<'a> {
    /// The architectures that the tags name.
    Named(Vec<&'a str>),
    /// The tags name the wrong architecture: every machine counts.
    Every,
    /// The architecture of the files.
    Built(Arch),
    /// No machine: the wheel is for any platform.
    None,
    /// The tags name only other systems.
    Elsewhere,
}

impl Machine<'_> {
    /// Whether it runs code for an architecture; `None` is one without a tag for musl wheels.
    fn runs(&self, arch: Option<Arch>) -> bool {
        match (self, arch) {
            (Self::Every, _) => true,
            (Self::Named(names), Some(arch)) => names.iter().any(|name| {
                let named = Arch::ALL.into_iter().find(|named| named.as_str() == *name);
                fits(arch, name).is_some() || named.is_some_and(|named| same_family(named, arch))
            }),
            (Self::Named(names), None) => names
                .iter()
                .all(|name| *name != "armv8l" && Arch::ALL.iter().all(|arch| arch.as_str() != *name)),
            (Self::Built(built), Some(arch)) => same_family(*built, arch),
            (Self::Built(_), None) | (Self::None | Self::Elsewhere, _) => false,
        }
    }
}

impl Roles {
    /// The roles of files in a wheel with these platform tags.
    pub(super) fn in_wheel(platforms: &[PlatformTag], candidates: Vec<Candidate>) -> Result<Self, Error> {
        let names: Vec<&str> = platforms.iter().filter_map(PlatformTag::arch_name).collect();
        if !names.is_empty() {
            return Self::on(&named(names, &candidates), candidates);
        }
        // Tags of other systems than Linux name no machine of Linux. Tags that no Python knows, such as
        // `linux` alone, are ignored.
        if platforms.iter().any(|tag| *tag != PlatformTag::Any && tag.is_known()) {
            return Self::on(&Machine::Elsewhere, candidates);
        }
        let systems = systems(&candidates);
        let mut archs = candidates.iter().filter_map(loaded_arch);
        match (archs.next(), systems.len()) {
            (Some(arch), 1) => Self::on(&Machine::Built(arch), candidates),
            (Some(_), 2..) => Ok(Self { systems, ..Self::on(&Machine::None, candidates)? }),
            _ => Self::on(&Machine::None, candidates),
        }
    }

    /// The roles of files in a tree of installed files. The machine is that of its modules, or else that of
    /// any loadable file.
    pub(super) fn in_tree(candidates: Vec<Candidate>) -> Result<Self, Error> {
        let module = candidates.iter().find(|candidate| candidate.is_module());
        let arch = module.and_then(loaded_arch).or_else(|| candidates.iter().find_map(loaded_arch));
        Self::on(&arch.map_or(Machine::None, Machine::Built), candidates)
    }

    fn on(machine: &Machine<'_>, candidates: Vec<Candidate>) -> Result<Self, Error> {
        let needed = needed(machine, &candidates);
        let mut roles = Self::default();
        for candidate in candidates {
            let has_role = candidate.has_role(machine)
                || candidate.is_shared_object(machine) && needed.contains(candidate.path.file_name());
            roles.add(machine, candidate, has_role)?;
        }
        Ok(roles)
    }

    fn add(&mut self, machine: &Machine<'_>, candidate: Candidate, has_role: bool) -> Result<(), Error> {
        let is_module = module_suffix(candidate.path.file_name()).is_some();
        let path = candidate.path.to_string();
        let reason = match candidate.content {
            Content::OtherSystem { .. } if !has_role => return Ok(()),
            Content::OtherSystem { system } => UnloadableReason::OtherSystem(system),
            Content::Elf(read) => {
                let (facts, symbols) = *read;
                match unloadable_kind(&facts, is_module) {
                    None if has_role => {
                        let origin = Origin::Member { path: candidate.path, place: candidate.place? };
                        let dependencies = Vec::new();
                        self.objects.push(Object {
                            origin,
                            facts,
                            symbols,
                            size: candidate.size,
                            dependencies,
                        });
                        return Ok(());
                    }
                    Some(kind) if has_role => UnloadableReason::Kind(kind),
                    _ => {
                        let reason = data_reason(machine, &facts);
                        self.data.push(DataFile { path, reason });
                        return Ok(());
                    }
                }
            }
            Content::Damaged { error, .. } if !has_role => {
                self.data.push(DataFile { path, reason: DataReason::Damaged(error.to_string()) });
                return Ok(());
            }
            Content::Damaged { error, .. } => UnloadableReason::Damaged(error),
            Content::Unmarked => UnloadableReason::Unmarked,
            Content::NotElf { why } => UnloadableReason::NotElf(why),
        };
        self.unloadable.push(Unloadable { path, is_module, reason });
        Ok(())
    }
}

impl Candidate {
    /// Whether it has a role, no matter which other files need it.
    fn has_role(&self, machine: &Machine<'_>) -> bool {
        let file_name = self.path.file_name();
        match &self.content {
            _ if matches!(machine, Machine::Elsewhere) => false,
            // A wheel for any platform may have modules for several systems.
            Content::OtherSystem { .. } => {
                matches!(machine, Machine::Named(_) | Machine::Every) && module_suffix(file_name).is_some()
            }
            // These have the name of a module or library.
            Content::NotElf { .. } | Content::Unmarked => true,
            Content::Damaged { identity, .. } => {
                let own = identity.filter(|identity| machine.runs(identity.arch));
                let kind = own.map(|identity| identity.kind);
                // To readers that ignore sections, debug files are damaged libraries.
                let library =
                    kind == Some(Kind::Dynamic) && is_library_name(file_name) && !is_debug_name(file_name);
                let program = matches!(kind, Some(Kind::Dynamic | Kind::Executable)) && self.is_script();
                module_suffix(file_name).is_some() || library || program
            }
            Content::Elf(read) => {
                // A wheel for any platform with modules for several systems is for none of them in
                // particular.
                let for_several = matches!(machine, Machine::None) && loaded_arch(self).is_some();
                let own = machine.runs(read.0.arch);
                self.is_module() && !for_several || own && (is_library(self) || is_program(&read.0))
            }
        }
    }

    /// Whether an interpreter imports it, by its suffix or by the function it exports.
    fn is_module(&self) -> bool {
        let file_name = self.path.file_name();
        let Content::Elf(read) = &self.content else { return false };
        module_suffix(file_name).is_some() || exports_init(file_name, &read.1)
    }

    fn is_shared_object(&self, machine: &Machine<'_>) -> bool {
        match &self.content {
            Content::Elf(read) => read.0.kind == Kind::Dynamic && machine.runs(read.0.arch),
            Content::Damaged { identity, .. } => {
                identity.is_some_and(|one| one.kind == Kind::Dynamic && machine.runs(one.arch))
            }
            _ => false,
        }
    }

    fn is_script(&self) -> bool {
        self.place.as_ref().is_ok_and(|place| place.scheme == Scheme::Scripts)
    }
}

/// The machine named by tags. If no file is for that machine, but libraries or programs of Linux are for
/// others, the tag is wrong: then those files have roles, and the rules about machines report them.
fn named<'a>(names: Vec<&'a str>, candidates: &[Candidate]) -> Machine<'a> {
    let machine = Machine::Named(names);
    let is_own = |candidate: &Candidate| match &candidate.content {
        Content::Elf(read) => machine.runs(read.0.arch) && candidate.has_role(&machine),
        _ => false,
    };
    let is_mistaken = candidates.iter().any(is_for_linux) && !candidates.iter().any(is_own);
    if is_mistaken { Machine::Every } else { machine }
}

/// Whether a file is made for Linux on any machine: a module, a library, or a program with an interpreter.
fn is_for_linux(candidate: &Candidate) -> bool {
    let Content::Elf(read) = &candidate.content else { return false };
    let is_loaded = matches!(read.0.kind, Kind::Dynamic | Kind::Executable) && read.0.dynamic;
    is_loaded && (candidate.is_module() || is_library(candidate) || read.0.interpreter.is_some())
}

/// The architecture of such a file, or of a static program that is executable. Firmware is linked like static
/// programs, but is not executable.
fn loaded_arch(candidate: &Candidate) -> Option<Arch> {
    let Content::Elf(read) = &candidate.content else { return None };
    let is_started = is_program(&read.0) && (candidate.executable || candidate.is_script());
    read.0.arch.filter(|_| is_for_linux(candidate) || is_started)
}

/// The systems of the modules, libraries and programs.
fn systems(candidates: &[Candidate]) -> Vec<String> {
    let mut archs: Vec<Arch> = Vec::new();
    for arch in candidates.iter().filter_map(loaded_arch) {
        if !archs.iter().any(|known| same_family(*known, arch)) {
            archs.push(arch);
        }
    }
    let others: BTreeSet<&str> = candidates
        .iter()
        .filter_map(|candidate| match candidate.content {
            Content::OtherSystem { system } => Some(system),
            _ => None,
        })
        .collect();
    let linux = archs.iter().map(|arch| format!("Linux on {arch}"));
    linux.chain(others.into_iter().map(str::to_owned)).collect()
}

/// The names that modules, libraries and programs need, and the names that the libraries found this way need
/// in turn.
fn needed(machine: &Machine<'_>, candidates: &[Candidate]) -> BTreeSet<String> {
    let facts = |candidate: &Candidate| match &candidate.content {
        Content::Elf(read) => read.0.needed.clone(),
        _ => Vec::new(),
    };
    let mut by_name: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.is_shared_object(machine)) {
        by_name.entry(candidate.path.file_name()).or_default().push(candidate);
    }
    let with_role = candidates.iter().filter(|candidate| candidate.has_role(machine));
    let mut queue: Vec<String> = with_role.flat_map(facts).collect();
    let mut needed = BTreeSet::new();
    while let Some(name) = queue.pop() {
        let file_name = name.rsplit('/').next().unwrap_or(&name);
        if needed.insert(file_name.to_owned()) {
            queue.extend(by_name.get(file_name).into_iter().flatten().flat_map(|candidate| facts(candidate)));
        }
    }
    needed
}

/// Whether a file is a shared object by its kind and its name.
fn is_library(candidate: &Candidate) -> bool {
    let Content::Elf(read) = &candidate.content else { return false };
    read.0.kind == Kind::Dynamic && is_library_name(candidate.path.file_name())
}

/// Whether a file is a program: it has an interpreter, a fixed address, or is position independent and
/// static.
fn is_program(facts: &ElfFacts) -> bool {
    facts.is_program() || facts.kind == Kind::Dynamic && facts.pie_flag
}

/// Whether a plain `name.so` exports the function that initialises the module `name`. Names that are not
/// ASCII are encoded (PEP 489); newer protocols and other interpreters use other names.
fn exports_init(file_name: &str, symbols: &ObjectSymbols) -> bool {
    let Some(name) = file_name.strip_suffix(".so") else { return false };
    let exports = |symbol: String| symbols.defined.contains(symbol.as_bytes());
    let prefixes = ["PyInit_", "PyModExport_", "_cffi_pypyinit_"];
    match name.is_ascii() {
        true => prefixes.iter().any(|prefix| exports(format!("{prefix}{name}"))),
        false => symbols.defined.iter().any(|defined| defined.starts_with(b"PyInitU_")),
    }
}

fn is_debug_name(file_name: &str) -> bool {
    file_name.ends_with(".debug")
}

/// Why a file with a role cannot be loaded, judging by its kind.
fn unloadable_kind(facts: &ElfFacts, is_module: bool) -> Option<&'static str> {
    match facts.kind {
        Kind::Relocatable => Some("an object file that was not linked"),
        Kind::DebugFile => Some("a debug file, without what is loaded"),
        Kind::Other => Some("neither a library nor a program"),
        Kind::Dynamic if !facts.dynamic => Some("a shared object without a dynamic section"),
        Kind::Executable if is_module && !facts.dynamic => Some("a program that was linked statically"),
        Kind::Dynamic | Kind::Executable => None,
    }
}

fn data_reason(machine: &Machine<'_>, facts: &ElfFacts) -> DataReason {
    match facts.kind {
        _ if !machine.runs(facts.arch) => DataReason::Foreign { machine: facts.machine, arch: facts.arch },
        Kind::Dynamic if facts.dynamic => DataReason::Unnamed,
        _ => DataReason::NeverLoaded,
    }
}
