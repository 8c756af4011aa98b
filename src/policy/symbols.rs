//! The few symbols of an object that decide a policy.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::elf::{Binding, DynamicSymbols, ElfError, ElfFacts, SymbolKind};

use super::Policy;

/// What an object's symbols mean for the policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SymbolSummary {
    /// Undefined symbols that some policy forbids to take from a library this object needs, by library.
    pub forbidden: BTreeSet<(String, String)>,
    /// The first indirect function (`STT_GNU_IFUNC`), which musl does not see (`find_sym2`: `OK_TYPES`).
    pub ifunc: Option<String>,
}

impl SymbolSummary {
    /// Reads the symbols of the object that `facts` describes.
    ///
    /// # Errors
    ///
    /// When the symbol table reaches out of the file.
    pub fn read(bytes: &[u8], facts: &ElfFacts) -> Result<Self, ElfError> {
        let mut summary = Self::default();
        if facts.dynamic_symbol_count == 0 {
            return Ok(summary);
        }
        let watched: Vec<(&str, &[&str])> = (Policy::all().iter())
            .flat_map(|policy| policy.forbidden_symbols)
            .filter(|(library, _)| facts.needed.iter().any(|needed| needed == library))
            .map(|(library, symbols)| (*library, *symbols))
            .collect();
        for symbol in DynamicSymbols::parse(bytes)?.iter() {
            let name = || String::from_utf8_lossy(symbol.name).into_owned();
            if symbol.kind == SymbolKind::Ifunc && summary.ifunc.is_none() {
                summary.ifunc = Some(name());
            }
            if symbol.defined || symbol.binding != Binding::Global {
                continue;
            }
            for (library, symbols) in &watched {
                if symbols.iter().any(|forbidden| forbidden.as_bytes() == symbol.name) {
                    summary.forbidden.insert(((*library).to_owned(), name()));
                }
            }
        }
        Ok(summary)
    }
}
