//! The symbols of files as a loader sees them: those that a file looks up, and those that it defines.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use crate::elf::{Binding, DynamicSymbols, SymbolKind};
use crate::error::Error;
use crate::regular_file::read_regular;
use crate::resolve::{LibraryFile, Object, Origin};
use crate::wheel::Wheel;

/// A file, independent of a graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum FileId {
    /// A member of the wheel.
    Member(String),
    /// A file of the system.
    System(PathBuf),
}

impl FileId {
    pub(super) fn of(object: &Object) -> Self {
        match &object.origin {
            Origin::File { file, .. } => Self::System(file.location.clone()),
            Origin::Member { path, .. } => Self::Member(path.as_str().to_owned()),
            Origin::Sibling { shown, .. } => Self::Member(shown.clone()),
        }
    }
}

/// The symbols of one file.
#[derive(Default)]
pub(super) struct FileSymbols {
    /// The names that relocations refer to, sorted, including those that the file itself defines: musl looks
    /// up both (`do_relocs`).
    pub(super) looked_up: Vec<Box<[u8]>>,
    /// The symbols that other files can use.
    pub(super) defined: HashMap<Box<[u8]>, Definition>,
}

/// The definition of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) kind: SymbolKind,
    /// The size in bytes.
    pub(super) size: u64,
}

impl FileSymbols {
    fn read(bytes: &[u8]) -> Result<Self, crate::elf::ElfError> {
        let (mut looked_up, mut defined) = (Vec::new(), HashMap::new());
        for symbol in DynamicSymbols::parse(bytes)?.iter().filter(|symbol| !symbol.name.is_empty()) {
            if symbol.binding == Binding::Local {
                continue;
            }
            if symbol.references.any {
                looked_up.push(symbol.name.into());
            }
            if symbol.defined && !symbol.hidden_version {
                let definition = Definition { kind: symbol.kind, size: symbol.size };
                defined.entry(symbol.name.into()).or_insert(definition);
            }
        }
        looked_up.sort_unstable();
        looked_up.dedup();
        Ok(Self { looked_up, defined })
    }

    pub(super) fn looks_up(&self, name: &[u8]) -> bool {
        self.looked_up.binary_search_by(|known| known.as_ref().cmp(name)).is_ok()
    }
}

/// Reads the symbols of files, each once.
pub(super) struct SymbolReader<'a> {
    wheel: &'a Wheel,
    known: RefCell<HashMap<FileId, Rc<FileSymbols>>>,
}

impl<'a> SymbolReader<'a> {
    pub(super) fn new(wheel: &'a Wheel) -> Self {
        Self { wheel, known: RefCell::default() }
    }

    /// The symbols of an object.
    ///
    /// # Errors
    ///
    /// If its file cannot be read again.
    pub(super) fn of(&self, object: &Object) -> Result<Rc<FileSymbols>, Error> {
        match &object.origin {
            Origin::File { file, .. } => self.of_file(file),
            Origin::Member { path, .. } => {
                let read = || Ok(self.wheel.read(path)?);
                self.read(FileId::of(object), path.as_str(), read)
            }
            // Of other wheels, only the facts of their objects are known.
            Origin::Sibling { .. } => Ok(Rc::default()),
        }
    }

    /// The symbols of a library of the system.
    ///
    /// # Errors
    ///
    /// If it cannot be read again.
    pub(super) fn of_file(&self, file: &LibraryFile) -> Result<Rc<FileSymbols>, Error> {
        let failed = |error| Error::io("read", &file.location, error);
        let read = || read_regular(&file.location, file.size).map_err(failed);
        self.read(FileId::System(file.location.clone()), &file.path, read)
    }

    fn read(
        &self,
        id: FileId,
        shown: &str,
        read: impl FnOnce() -> Result<Vec<u8>, Error>,
    ) -> Result<Rc<FileSymbols>, Error> {
        if let Some(known) = self.known.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let symbols = FileSymbols::read(&read()?).map_err(|error| Error::elf(shown, error))?;
        let symbols = Rc::new(symbols);
        self.known.borrow_mut().insert(id, Rc::clone(&symbols));
        Ok(symbols)
    }
}
