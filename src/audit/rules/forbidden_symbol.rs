//! `forbidden-symbol`.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::Policy;
use crate::resolve::Object;

/// The symbols that an object takes from libraries it needs although a policy has them as private to one build of the
/// library, by library.
pub(crate) fn private_symbols(object: &Object) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut by_library: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (library, symbols) in Policy::all().iter().flat_map(|policy| policy.forbidden_symbols) {
        if object.facts.needed.iter().any(|needed| needed == library) {
            let taken = symbols.iter().filter(|symbol| object.symbols.must_find(symbol.as_bytes()));
            by_library.entry(library).or_default().extend(taken);
        }
    }
    by_library.retain(|_, symbols| !symbols.is_empty());
    by_library
}
