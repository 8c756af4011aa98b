//! The symbols of an object that decide whether it binds.

use std::collections::{BTreeMap, BTreeSet};

use crate::elf::{Binding, DynamicSymbols, ElfError, ElfFacts, Symbol, SymbolKind};

use super::glibc::OPENED_NAMES;
use super::loader::is_libc;
use super::name_set::NameSet;
use super::symbols::exports;

/// What an object asks for and offers, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectSymbols {
    /// Symbols that must be found when the object is loaded, sorted: those that a relocation refers to, and that are
    /// undefined and not weak, or defined here in a way that musl does not find (`do_relocs`).
    pub undefined: Vec<Box<[u8]>>,
    /// Those of them that are more than strong undefined symbols.
    pub lookup_kinds: BTreeMap<Box<[u8]>, LookupKind>,
    /// Symbols that other objects can bind to (`find_sym2`). What a program copies from a library (`R_*_COPY`) is the
    /// library's: it is looked for everywhere but in the program.
    pub defined: NameSet,
    /// Weak undefined symbols, to which musl gives the value 0, sorted; only their presence tells something.
    pub weak: Vec<Box<[u8]>>,
    /// Undefined symbols that want a version of some library although musl itself has a symbol of that name, by library.
    /// musl does not look at versions, so its own wins.
    pub interposed: BTreeSet<(String, String)>,
    /// Libraries that only glibc systems have and whose names are strings in an object that calls `dlopen`.
    pub opened: Vec<String>,
}

/// Why a symbol must be found that is not simply undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// The object defines it as an indirect function (`STT_GNU_IFUNC`), which is not one of musl's `OK_TYPES`.
    IndirectFunction,
    /// The object defines it, but musl passes over the definition: its version is hidden, its value is 0, or its type is
    /// none of `OK_TYPES`.
    IneligibleDefinition,
    /// It is undefined, weak and thread-local: `do_relocs` asks the object that defines it for its module, and follows a
    /// null pointer where none does.
    WeakThreadLocal,
}

impl ObjectSymbols {
    /// Reads the symbols of the object that `facts` describes.
    ///
    /// # Errors
    ///
    /// When the symbol table reaches out of the file.
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
        if symbols.asks_for(b"dlopen") {
            // What is in the string table was a name of the linker's, once: of a library that is not needed any more, say.
            let linkers = table.strings().as_ptr_range();
            let found = strings_with_so(bytes)
                .filter(|name| OPENED_NAMES.contains(name) && !linkers.contains(&name.as_ptr()));
            let found: BTreeSet<&[u8]> = found.collect();
            symbols.opened = OPENED_NAMES.into_iter().filter(|name| found.contains(name)).map(text).collect();
        }
        Ok(symbols)
    }

    fn note_interposed(&mut self, symbol: &Symbol<'_>, facts: &ElfFacts) {
        let (Some(library), Some(arch)) = (symbol.version_file, facts.arch) else { return };
        // What ARM's EABI defines means one thing, whoever has it.
        let is_eabi = symbol.name.starts_with(b"__aeabi_");
        if is_eabi || exports(arch, symbol.name).is_none() {
            return;
        }
        let library = text(library);
        if !is_libc(&library) {
            self.interposed.insert((library, text(symbol.name)));
        }
    }

    /// Whether other objects find a symbol of this name here.
    #[must_use]
    pub fn defines(&self, name: &[u8]) -> bool {
        self.defined.contains(name)
    }

    /// Whether the object does not load unless a symbol of this name is found.
    #[must_use]
    pub fn must_find(&self, name: &[u8]) -> bool {
        has(&self.undefined, name)
    }

    /// Whether the object asks for a symbol of this name, weakly or not.
    #[must_use]
    pub fn asks_for(&self, name: &[u8]) -> bool {
        has(&self.undefined, name) || has(&self.weak, name)
    }
}

/// Whether a sorted list has this name.
fn has(sorted: &[Box<[u8]>], name: &[u8]) -> bool {
    sorted.binary_search_by(|asked| asked.as_ref().cmp(name)).is_ok()
}

/// `find_sym2` in `ldso/dynlink.c`: `OK_TYPES` and `OK_BINDS`, and a value unless it is thread-local; `DT_VERSYM` only hides
/// what is not the default version.
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

/// The NUL-terminated strings in the file that name a version of a library, as all of [`OPENED_NAMES`] do. One pass: files
/// are large.
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
