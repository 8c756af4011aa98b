//! Which file of a process defines a name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::musl::{self, MuslRelease};
use crate::resolve::{Graph, LibraryFile, Process, Resolution};

use super::symbols::FileId;

/// The file that defines a name in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// The interpreter that imports a module.
    Interpreter,
    /// musl itself.
    Libc,
    /// An object, by its index in the graph.
    Object(usize),
    /// A library that the policies leave to the system, by its index among those of the process.
    Allowed(usize),
}

/// One step of the symbol lookup.
#[derive(Clone, Copy)]
enum Step {
    Libc,
    Object(usize),
    Allowed(usize),
}

/// The objects of a process in the order in which symbols are looked up (`find_sym2` in `ldso/dynlink.c`):
/// the program and its libraries come before objects that are opened later, and libraries come breadth first.
pub(super) struct Scope<'g> {
    graph: &'g Graph,
    steps: Vec<Step>,
    allowed: Vec<Arc<LibraryFile>>,
    /// Whether an interpreter opens the first object; otherwise the kernel starts it.
    is_opened: bool,
    musl: Option<MuslRelease>,
    found: HashMap<Box<[u8]>, Option<Provider>>,
}

impl<'g> Scope<'g> {
    pub(super) fn of(graph: &'g Graph, process: &'g Process, musl: Option<MuslRelease>) -> Self {
        let is_opened = !process.root().is_some_and(|root| graph.starts_a_process(root));
        let mut steps = Vec::with_capacity(process.objects.len() + 1);
        let mut seen: HashSet<usize> = HashSet::new();
        let mut has_libc = is_opened;
        let mut allowed: Vec<Arc<LibraryFile>> = Vec::new();
        if is_opened {
            steps.push(Step::Libc);
        }
        let mut add = |index: usize, steps: &mut Vec<Step>| {
            if seen.insert(index) {
                steps.push(Step::Object(index));
            }
        };
        for object in &process.objects {
            add(*object, &mut steps);
            for (_, resolution) in process.dependencies(&graph.objects, *object) {
                match resolution {
                    Resolution::Object { index } => add(*index, &mut steps),
                    Resolution::Libc if !has_libc => {
                        has_libc = true;
                        steps.push(Step::Libc);
                    }
                    Resolution::Allowed { file: Some(file), .. }
                        if !allowed.iter().any(|known| known.location == file.location) =>
                    {
                        steps.push(Step::Allowed(allowed.len()));
                        allowed.push(Arc::clone(file));
                    }
                    _ => {}
                }
            }
        }
        // The loader is part of every process.
        if !has_libc {
            steps.push(Step::Libc);
        }
        Self { graph, steps, allowed, is_opened, musl, found: HashMap::new() }
    }

    /// The file that defines a name; `None` if a weak reference stays undefined, or the process does not
    /// load.
    pub(super) fn find(&mut self, name: &[u8]) -> Option<Provider> {
        if let Some(known) = self.found.get(name) {
            return *known;
        }
        let found = self.search(name);
        self.found.insert(name.into(), found);
        found
    }

    /// The file of the object or library that defines a name.
    pub(super) fn file(&self, provider: Option<Provider>) -> Option<FileId> {
        match provider? {
            Provider::Object(index) => self.graph.objects.get(index).map(FileId::of),
            Provider::Allowed(index) => {
                self.allowed.get(index).map(|file| FileId::System(file.location.clone()))
            }
            Provider::Interpreter | Provider::Libc => None,
        }
    }

    /// Its name for display.
    pub(super) fn display_name(&self, provider: Option<Provider>) -> Option<String> {
        Some(match provider? {
            Provider::Object(index) => self.graph.objects.get(index)?.origin.display_name().to_owned(),
            Provider::Allowed(index) => self.allowed.get(index)?.path.clone(),
            Provider::Libc => "musl".to_owned(),
            Provider::Interpreter => "the interpreter".to_owned(),
        })
    }

    fn search(&self, name: &[u8]) -> Option<Provider> {
        let initialises = name.starts_with(b"PyInit_") || name.starts_with(b"PyModExport_");
        if self.is_opened && !initialises && musl::is_python_api(name) {
            return Some(Provider::Interpreter);
        }
        self.steps.iter().find_map(|step| match step {
            Step::Libc => self.libc_has(name).then_some(Provider::Libc),
            Step::Object(index) => {
                let object = self.graph.objects.get(*index)?;
                object.symbols.defines(name).then_some(Provider::Object(*index))
            }
            Step::Allowed(index) => {
                let file = self.allowed.get(*index)?;
                // Every system has zlib, so its exports count even if no file was found.
                let defines = file.symbols.defines(name) || musl::is_zlib_export(name);
                defines.then_some(Provider::Allowed(*index))
            }
        })
    }

    fn libc_has(&self, name: &[u8]) -> bool {
        let arch = self.graph.objects.first().and_then(|object| object.facts.arch);
        let releases = arch.and_then(|arch| musl::exports(arch, name));
        releases.is_some_and(|releases| self.musl.is_none_or(|musl| releases.contains(musl)))
    }
}
