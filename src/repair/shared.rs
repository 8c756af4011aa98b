//! Grafts that several wheels of a batch, or several batches, have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::elf::ElfEdit;
use crate::limits::Limits;
use crate::wheel::{ContentError, Packed, Sha256Digest};

use super::apply::{PATCH_COST, make_graft};
use super::cache::GraftCache;
use super::graft::Graft;
use super::options::RepairOptions;
use super::plan::Plan;

/// What a graft in a wheel depends on, besides the options of the batch: the library and the edit. Names in the edit
/// differ between wheels only where they graft different libraries.
type Key = (Sha256Digest, ElfEdit);

/// Libraries that are grafted into more than one wheel, patched and compressed once. A wheelhouse for five Pythons
/// grafts the same libraries five times.
#[derive(Debug, Default)]
pub struct SharedGrafts {
    packed: BTreeMap<Key, Arc<Packed>>,
}

impl SharedGrafts {
    /// Nothing is shared.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Makes what more than one of these plans needs, on all threads. No more is kept, and no more worked on at once,
    /// than [`Limits::in_flight`] allows. What cannot be made is left out: the wheel that needs it says why.
    #[must_use]
    pub fn of<'a>(
        plans: impl IntoIterator<Item = &'a Plan>,
        options: &RepairOptions,
        limits: &Limits,
    ) -> Self {
        let mut wanted: BTreeMap<Key, (&Graft, usize)> = BTreeMap::new();
        for graft in plans.into_iter().flat_map(|plan| &plan.grafts) {
            wanted.entry(key(graft)).or_insert((graft, 0)).1 += 1;
        }
        let mut left = limits.in_flight;
        wanted.retain(|_, (graft, wheels)| {
            let fits = *wheels > 1 && graft.size <= left;
            left -= if fits { graft.size } else { 0 };
            fits
        });
        let wanted: Vec<(Key, &Graft)> = wanted.into_iter().map(|(key, (graft, _))| (key, graft)).collect();
        let mut packed = BTreeMap::new();
        for wave in limits.waves(wanted.iter().map(|(_, graft)| graft.size.saturating_mul(PATCH_COST))) {
            let wave = wanted.get(wave).unwrap_or_default().par_iter().with_max_len(1);
            packed.par_extend(wave.filter_map(|(key, graft)| {
                let packed = kept_or_made(graft, options).ok()?;
                Some((key.clone(), Arc::new(packed)))
            }));
        }
        Self { packed }
    }

    /// The graft as it goes into a wheel.
    pub(super) fn packed(&self, graft: &Graft, options: &RepairOptions) -> Result<Arc<Packed>, ContentError> {
        match self.get(graft) {
            Some(packed) => Ok(packed),
            None => kept_or_made(graft, options).map(Arc::new),
        }
    }

    /// Memory that the graft takes besides what is held here.
    pub(super) fn cost(&self, graft: &Graft) -> u64 {
        if self.get(graft).is_some() { 0 } else { graft.size.saturating_mul(PATCH_COST) }
    }

    fn get(&self, graft: &Graft) -> Option<Arc<Packed>> {
        if self.packed.is_empty() {
            return None;
        }
        self.packed.get(&key(graft)).cloned()
    }
}

/// The graft from the cache, if there is one and it has it; else made, and kept there.
fn kept_or_made(graft: &Graft, options: &RepairOptions) -> Result<Packed, ContentError> {
    let cache = GraftCache::of(options);
    if let Some(packed) = cache.and_then(|cache| cache.get(graft, options)) {
        return Ok(packed);
    }
    let packed = Packed::new(make_graft(graft, options.patcher)?, options.compression);
    if let Some(cache) = cache {
        cache.put(graft, options, &packed);
    }
    Ok(packed)
}

fn key(graft: &Graft) -> Key {
    (graft.sha256, graft.edit.clone())
}
