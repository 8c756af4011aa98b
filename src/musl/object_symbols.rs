//! The symbols of an object that decide whether it can be loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::elf::{Binding, DynamicSymbols, ElfError, ElfFacts, Symbol, SymbolKind};

use super::glibc::GLIBC_DLOPEN_NAMES;
use super::loader::is_libc;
use super::name_set::NameSet;
use super::symbols::exports;

/// The symbols that an object needs and defines, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectSymbols {
    /// Symbols that must be found when the object is loaded, sorted: those that a relocation refers to and
    /// that are undefined and not weak, or defined in this object in a way that musl ignores (`do_relocs`).
    pub undefined: Vec<Box<[u8]>>,
    /// The undefined symbols with a special lookup; plain strong undefined symbols are not listed.
    pub lookup_kinds: BTreeMap<Box<[u8]>, LookupKind>,
    /// Symbols that other objects can use (`find_sym2`). A variable that a program copies from a library
    /// (`R_*_COPY`) counts as the library's: it is looked up everywhere but in the program.
    pub defined: NameSet,
    /// Weak undefined symbols, sorted. musl gives them the value 0 if nothing defines them; only their
    /// presence is evidence.
    pub weak: Vec<Box<[u8]>>,
    /// Undefined symbols that require a version from a library although musl has a symbol of that name, by
    /// library. musl ignores versions, so its own symbol is used.
    pub interposed: BTreeSet<(String, String)>,
    /// Libraries that only glibc systems have and whose names are strings in an object that calls `dlopen`.
    pub opened: Vec<String>,
}

/// Why a symbol that is not a plain undefined one must be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// The object defines it as an indirect function (`STT_GNU_IFUNC`), which is not one of musl's
    /// `OK_TYPES`.
    IndirectFunction,
    /// The object defines it, but musl ignores the definition: its version is hidden, its value is 0, or its
    /// type is not one of `OK_TYPES`.
    IneligibleDefinition,
    /// It is undefined, weak and thread-local: `do_relocs` dereferences the module that defines it, and
    /// crashes if there is none.
    WeakThreadLocal,
}

impl ObjectSymbols {
    /// Reads the symbols of the object that `facts` describes.
    ///
    /// # Errors
    ///
    /// If the symbol table reaches past the end of the file.
    pub fn read(bytes: &[u8], facts: &ElfFacts) -> Result<Self, ElfError> {
        let mut symbols = Self::default();
        if facts.dynamic_symbol_count == 0 {
            return Ok(symbols);
        }
        let mut defined: Vec<&[u8]> = Vec::new();
        let table = DynamicSymbols::parse(bytes)?;
        for symbol in table.iter().filter(|symbol| !symbol.name.is_empty()) {
            let found = symbol.defined && can_be_bound_to(&symbol);
            if found && !symbol.references.copy {
                defined.push(symbol.name);
                continue;
            }
            let lookup_kinds = match symbol {
                Symbol { defined: true, kind: SymbolKind::Ifunc, .. } => Some(LookupKind::IndirectFunction),
                Symbol { defined: true, .. } => (!found).then_some(LookupKind::IneligibleDefinition),
                Symbol { binding: Binding::Weak, .. } if symbol.references.thread_local => {
                    Some(LookupKind::WeakThreadLocal)
                }
                Symbol { binding: Binding::Weak, .. } => {
                    symbols.weak.push(symbol.name.into());
                    continue;
                }
                _ => None,
            };
            if symbol.references.any && symbol.binding != Binding::Local {
                symbols.undefined.push(symbol.name.into());
                symbols
                    .lookup_kinds
                    .extend(lookup_kinds.map(|lookup_kinds| (symbol.name.into(), lookup_kinds)));
                symbols.note_interposed(&symbol, facts);
            }
        }
        symbols.defined = defined.into_iter().collect();
        for list in [&mut symbols.undefined, &mut symbols.weak] {
            list.sort_unstable();
            list.dedup();
        }
        if symbols.imports(b"dlopen") {
            // A string in the string table is a name that the linker put there once, perhaps of a library
            // that is no longer needed.
            let linkers = table.strings().as_ptr_range();
            let found = strings_with_so(bytes)
                .filter(|name| GLIBC_DLOPEN_NAMES.contains(name) && !linkers.contains(&name.as_ptr()));
            let found: BTreeSet<&[u8]> = found.collect();
            symbols.opened =
                GLIBC_DLOPEN_NAMES.into_iter().filter(|name| found.contains(name)).map(text).collect();
        }
        Ok(symbols)
    }

    fn note_interposed(&mut self, symbol: &Symbol<'_>, facts: &ElfFacts) {
        let (Some(library), Some(arch)) = (symbol.version_file, facts.arch) else { return };
        // Names that ARM's EABI defines have one meaning, whichever library provides them.
        let is_eabi = symbol.name.starts_with(b"__aeabi_");
        if is_eabi || exports(arch, symbol.name).is_none() {
            return;
        }
        let library = text(library);
        if !is_libc(&library) {
            self.interposed.insert((library, text(symbol.name)));
        }
    }

    /// Whether other objects find a symbol of this name in this object.
    #[must_use]
    pub fn defines(&self, name: &[u8]) -> bool {
        self.defined.contains(name)
    }

    /// Whether the object fails to load unless a symbol of this name is found.
    #[must_use]
    pub fn must_find(&self, name: &[u8]) -> bool {
        has(&self.undefined, name)
    }

    /// Whether the object imports a symbol of this name, weakly or not.
    #[must_use]
    pub fn imports(&self, name: &[u8]) -> bool {
        has(&self.undefined, name) || has(&self.weak, name)
    }
}

/// Whether a sorted list contains this name.
fn has(sorted: &[Box<[u8]>], name: &[u8]) -> bool {
    sorted.binary_search_by(|asked| asked.as_ref().cmp(name)).is_ok()
}

/// `find_sym2` in `ldso/dynlink.c`: the type must be in `OK_TYPES`, the binding in `OK_BINDS`, and the value
/// not 0 unless the symbol is thread-local. `DT_VERSYM` hides only versions that are not the default.
fn can_be_bound_to(symbol: &Symbol<'_>) -> bool {
    let kind = matches!(
        symbol.kind,
        SymbolKind::NoType | SymbolKind::Object | SymbolKind::Func | SymbolKind::Common | SymbolKind::Tls
    );
    let binding = matches!(symbol.binding, Binding::Global | Binding::Weak | Binding::GnuUnique);
    let value = symbol.value != 0 || symbol.kind == SymbolKind::Tls;
    kind && binding && value && !symbol.hidden_version
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// The NUL-terminated strings in the file that contain `.so.`, as all of [`GLIBC_DLOPEN_NAMES`] do. One pass,
/// because files are large.
fn strings_with_so(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    /// Longer than any of the names.
    const LONGEST: usize = 32;
    memchr::memmem::find_iter(bytes, b".so.").filter_map(|at| {
        let before = bytes.get(at.saturating_sub(LONGEST)..at).unwrap_or_default();
        let start = at - before.len() + memchr::memrchr(0, before).map_or(0, |nul| nul + 1);
        let rest = bytes.get(start..)?;
        let end = memchr::memchr(0, rest.get(..2 * LONGEST).unwrap_or(rest))?;
        rest.get(..end)
    })
}
