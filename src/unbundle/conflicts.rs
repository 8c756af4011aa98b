//! Reasons against replacing grafts.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Object;

use super::reason::Reason;

/// The number of symbols that a reason names.
const MOST_SYMBOLS: usize = 8;

/// Why a graft cannot be replaced together with the others.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    /// The graft.
    pub(super) graft: usize,
    /// The reason.
    pub(super) reason: Reason,
    /// Whether the reason holds regardless of the other grafts.
    pub(super) settled: bool,
}

/// The name of a symbol, for display.
pub(super) fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Symbols that a library lacks.
struct Missing {
    path: String,
    object: String,
    symbols: BTreeSet<String>,
    settled: bool,
}

/// The conflicts found: the first reason for each graft, with its missing symbols collected.
#[derive(Default)]
pub(super) struct Conflicts {
    missing: BTreeMap<usize, Missing>,
    others: BTreeMap<usize, (Reason, bool)>,
}

impl Conflicts {
    /// Adds a symbol that a library lacks and an object uses.
    pub(super) fn missing(&mut self, graft: usize, path: &str, name: &[u8], object: &Object, settled: bool) {
        let missing = self.missing.entry(graft).or_insert_with(|| Missing {
            path: path.to_owned(),
            object: object.origin.display_name().to_owned(),
            symbols: BTreeSet::new(),
            settled,
        });
        missing.symbols.insert(text(name));
        missing.settled |= settled;
    }

    /// Adds another reason against replacing a graft.
    pub(super) fn add(&mut self, graft: usize, reason: Reason, settled: bool) {
        let known = self.others.entry(graft).or_insert_with(|| (reason.clone(), settled));
        if settled && !known.1 {
            *known = (reason, true);
        }
    }

    /// One conflict for each graft and kind.
    pub(super) fn finish(self) -> Vec<Conflict> {
        let missing = self.missing.into_iter().map(|(graft, missing)| {
            let count = missing.symbols.len();
            let reason = Reason::MissingSymbols {
                path: missing.path,
                symbols: missing.symbols.into_iter().take(MOST_SYMBOLS).collect(),
                count,
                object: missing.object,
            };
            Conflict { graft, reason, settled: missing.settled }
        });
        let others = self.others.into_iter();
        let others = others.map(|(graft, (reason, settled))| Conflict { graft, reason, settled });
        missing.chain(others).collect()
    }
}
