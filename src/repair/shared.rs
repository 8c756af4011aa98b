//! Grafts that several wheels have in common.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use crate::elf::ElfEdit;
use crate::limits::Limits;
use crate::wheel::{Packed, Sha256Digest, WheelPath};

use super::graft::Graft;
use super::make::{cost, make};
use super::options::{Patcher, RepairOptions};

/// Everything that a graft depends on: the library, the edit, which has its name, and how it is patched and compressed.
type Key = (Sha256Digest, ElfEdit, Patcher, u32);

/// Grafts that are made, by their names in a wheel.
pub(super) type MadeGrafts<'a> = BTreeMap<&'a WheelPath, Arc<Packed>>;

/// Grafts that were made for wheels of one call, so that wheels that graft the same libraries make each once. A wheelhouse
/// for five Pythons grafts the same libraries five times.
///
/// Of what does not fit, the grafts that were not used for the longest time are forgotten. What is written does not depend
/// on it.
#[derive(Debug, Default)]
pub struct SharedGrafts {
    /// How many bytes are kept at most.
    bound: u64,
    state: Mutex<State>,
    /// Something is made, or will not be.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    grafts: BTreeMap<Key, Slot>,
    /// The grafts that are made, by when they were used last.
    used: BTreeMap<u64, Key>,
    uses: u64,
    /// What they take, and those that are being made, in bytes.
    bytes: u64,
}

#[derive(Debug)]
enum Slot {
    /// Somebody makes it.
    Making,
    /// Its bytes, and when it was used last.
    Made(Arc<Packed>, u64),
}

impl State {
    /// The graft, if it is made.
    fn made(&mut self, key: &Key) -> Option<Arc<Packed>> {
        let Some(Slot::Made(packed, last)) = self.grafts.get_mut(key) else { return None };
        self.uses += 1;
        self.used.remove(last);
        self.used.insert(self.uses, key.clone());
        *last = self.uses;
        Some(Arc::clone(packed))
    }

    /// Makes room. Whether there is as much.
    fn has_room(&mut self, size: u64, bound: u64) -> bool {
        while self.bytes.saturating_add(size) > bound {
            let Some((_, oldest)) = self.used.pop_first() else { return false };
            if let Some(Slot::Made(packed, _)) = self.grafts.remove(&oldest) {
                self.bytes -= packed.compressed_size();
            }
        }
        true
    }
}

/// The duty to make a graft, for which others may wait until this is dropped.
struct Reservation<'a> {
    shared: &'a SharedGrafts,
    key: Key,
    size: u64,
}

impl Reservation<'_> {
    /// The graft is made.
    fn fulfil(&self, packed: &Arc<Packed>) {
        let mut state = self.shared.state();
        if !state.has_room(packed.compressed_size().saturating_sub(self.size), self.shared.bound) {
            return;
        }
        state.uses += 1;
        let now = state.uses;
        state.bytes += packed.compressed_size();
        state.used.insert(now, self.key.clone());
        state.grafts.insert(self.key.clone(), Slot::Made(Arc::clone(packed), now));
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.bytes -= self.size;
        if let Some(Slot::Making) = state.grafts.get(&self.key) {
            state.grafts.remove(&self.key);
        }
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl SharedGrafts {
    /// Keeps this many bytes at most.
    #[must_use]
    pub fn new(bound: u64) -> Self {
        Self { bound, ..Self::default() }
    }

    /// Keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The grafts that are made already, and those that are made now, on all threads, because they fit. What another thread
    /// makes is waited for. What cannot be made is left out: who needs it says why.
    ///
    /// Nobody waits who has promised a graft to others. What rayon steals meanwhile must not wait here itself, or it could
    /// wait for work that lies below it on the same stack: wheels are handed to threads, not to jobs that are stolen.
    pub(super) fn made<'g>(
        &self,
        grafts: &'g [Graft],
        options: &RepairOptions,
        limits: &Limits,
    ) -> MadeGrafts<'g> {
        let mut made = MadeGrafts::new();
        if self.bound == 0 {
            return made;
        }
        let (mut mine, mut others) = (Vec::new(), Vec::new());
        let mut state = self.state();
        for graft in grafts {
            let key = (graft.sha256, graft.edit.clone(), options.patcher, options.compression);
            if let Some(packed) = state.made(&key) {
                made.insert(&graft.member, packed);
            } else if state.grafts.contains_key(&key) {
                others.push((graft, key));
            } else if state.has_room(graft.size, self.bound) {
                state.bytes += graft.size;
                state.grafts.insert(key.clone(), Slot::Making);
                mine.push((graft, Reservation { shared: self, key, size: graft.size }));
            }
        }
        drop(state);
        let mut rest = mine.into_iter();
        let waves = limits.waves(rest.as_slice().iter().map(|(graft, _)| cost(graft)));
        for wave in waves {
            let wave: Vec<_> = rest.by_ref().take(wave.len()).collect();
            made.par_extend(wave.into_par_iter().with_max_len(1).filter_map(|(graft, reservation)| {
                let packed = Arc::new(make(graft, options).ok()?);
                reservation.fulfil(&packed);
                Some((&graft.member, packed))
            }));
        }
        made.extend(others.into_iter().filter_map(|(graft, key)| Some((&graft.member, self.awaited(&key)?))));
        made
    }

    /// The graft that somebody makes, unless that fails.
    fn awaited(&self, key: &Key) -> Option<Arc<Packed>> {
        /// How long to sleep before looking for work again.
        const NAP: Duration = Duration::from_millis(2);
        loop {
            let mut state = self.state();
            if !matches!(state.grafts.get(key), Some(Slot::Making)) {
                return state.made(key);
            }
            drop(state);
            // A thread of the pool helps meanwhile.
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                let state = self.state();
                if matches!(state.grafts.get(key), Some(Slot::Making)) {
                    drop(self.changed.wait_timeout(state, NAP));
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
