//! What speaks against replacing grafts.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Object;

use super::reason::Reason;

/// How many symbols a reason names.
const MOST_SYMBOLS: usize = 8;

/// Why a graft cannot be replaced together with the others.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    /// The graft.
    pub(super) graft: usize,
    /// What speaks against it.
    pub(super) reason: Reason,
    /// Whether it is so whatever becomes of the others.
    pub(super) settled: bool,
}

/// The name of a symbol, to show.
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

/// What was found, the first reason for each graft, and missing symbols gathered.
#[derive(Default)]
pub(super) struct Conflicts {
    missing: BTreeMap<usize, Missing>,
    others: BTreeMap<usize, (Reason, bool)>,
}

impl Conflicts {
    /// A library lacks a symbol that an object binds to.
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

    /// Something else speaks against replacing a graft.
    pub(super) fn add(&mut self, graft: usize, reason: Reason, settled: bool) {
        let known = self.others.entry(graft).or_insert_with(|| (reason.clone(), settled));
        if settled && !known.1 {
            *known = (reason, true);
        }
    }

    /// One for each graft and kind.
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
