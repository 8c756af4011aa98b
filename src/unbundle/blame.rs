//! Which replacements cause a problem.

use std::collections::{BTreeMap, BTreeSet};

use crate::resolve::Graph;

use super::bundled::{Bundled, reach};
use super::symbols::FileId;

/// The objects that each replaced graft brings into the processes of the wheel, according to the audit of the
/// result.
pub(super) struct Blame<'a> {
    after: &'a Graph,
    /// For each replaced graft: the library that replaces it, and the closure of that library.
    brings: BTreeMap<usize, (Option<usize>, BTreeSet<usize>)>,
}

impl<'a> Blame<'a> {
    pub(super) fn new(
        after: &'a Graph,
        replaced: &BTreeSet<usize>,
        bundled: &BTreeMap<usize, Bundled>,
    ) -> Self {
        let ids: Vec<FileId> = after.objects.iter().map(FileId::of).collect();
        let place = |graft: &usize| {
            let counterpart = bundled.get(graft)?.counterpart.as_ref().ok()?;
            let id = FileId::System(counterpart.file.location.clone());
            ids.iter().position(|other| *other == id)
        };
        let brings = replaced.iter().map(|graft| {
            let place = place(graft);
            (*graft, (place, reach(after, place, |_| true)))
        });
        Self { after, brings: brings.collect() }
    }

    /// The grafts whose replacement brings an object of the result into a process, or everything that an
    /// object of the wheel needs; all replaced grafts if none is involved.
    pub(super) fn of(&self, index: usize) -> BTreeSet<usize> {
        let bringing = self.bringing(index);
        let involved = if bringing.is_empty() { self.below(index) } else { bringing };
        if involved.is_empty() { self.all() } else { involved }
    }

    /// All replaced grafts.
    pub(super) fn all(&self) -> BTreeSet<usize> {
        self.brings.keys().copied().collect()
    }

    /// The grafts whose replacement brings in an object.
    pub(super) fn bringing(&self, index: usize) -> BTreeSet<usize> {
        self.brings
            .iter()
            .filter(|(_, (_, brings))| brings.contains(&index))
            .map(|(graft, _)| *graft)
            .collect()
    }

    /// The grafts for which an object gets a replacement.
    fn below(&self, index: usize) -> BTreeSet<usize> {
        let below = reach(self.after, [index], |_| true);
        let leads = |place: &Option<usize>| place.is_some_and(|place| below.contains(&place));
        self.brings.iter().filter(|(_, (place, _))| leads(place)).map(|(graft, _)| *graft).collect()
    }

    /// The replaced graft that an object replaces, the first of several.
    pub(super) fn in_place_of(&self, index: usize) -> Option<usize> {
        self.brings.iter().find(|(_, (place, _))| *place == Some(index)).map(|(graft, _)| *graft)
    }
}
