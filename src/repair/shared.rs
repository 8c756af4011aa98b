//! Grafts that several wheels share.

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

/// Everything that a graft depends on: the library, the edit, which includes its name, the patcher and the
/// compression level.
type Key = (Sha256Digest, ElfEdit, Patcher, u32);

/// Finished grafts, by their names in a wheel.
pub(super) type MadeGrafts<'a> = BTreeMap<&'a WheelPath, Arc<Packed>>;

/// Grafts made for the wheels of one call, so that a library that several wheels graft is patched and
/// compressed only once. The wheels of a package for five Pythons graft the same libraries five times.
///
/// If memory runs short, the least recently used grafts are dropped. The output does not depend on this.
#[derive(Debug, Default)]
pub struct SharedGrafts {
    /// The most bytes to keep.
    bound: u64,
    state: Mutex<State>,
    /// Signals that a graft is finished or has failed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    grafts: BTreeMap<Key, Slot>,
    /// The finished grafts, by the time of their last use.
    used: BTreeMap<u64, Key>,
    uses: u64,
    /// The bytes of all finished grafts and of those being made.
    bytes: u64,
}

#[derive(Debug)]
enum Slot {
    /// A thread is making it.
    Making,
    /// The finished graft, and the time of its last use.
    Made(Arc<Packed>, u64),
}

impl State {
    /// The graft, if it is finished.
    fn made(&mut self, key: &Key) -> Option<Arc<Packed>> {
        let Some(Slot::Made(packed, last)) = self.grafts.get_mut(key) else { return None };
        self.uses += 1;
        self.used.remove(last);
        self.used.insert(self.uses, key.clone());
        *last = self.uses;
        Some(Arc::clone(packed))
    }

    /// Drops old grafts until `size` more bytes fit. Whether that succeeded.
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

/// The obligation to make a graft. Others wait until it is dropped.
struct Reservation<'a> {
    shared: &'a SharedGrafts,
    key: Key,
    size: u64,
}

impl Reservation<'_> {
    /// Stores the finished graft.
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
    /// A store for at most this many bytes.
    #[must_use]
    pub fn new(bound: u64) -> Self {
        Self { bound, ..Self::default() }
    }

    /// A store that keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the finished grafts, and makes the missing ones that fit, on all threads; waits for those that
    /// another thread is making. A graft that cannot be made is omitted: the wheel that needs it reports the
    /// error.
    ///
    /// A thread never waits while others wait for its own grafts. Nor may it wait inside a job stolen by
    /// rayon, because the awaited work could be below it on the same stack: so wheels are assigned to
    /// threads, not to stolen jobs.
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

    /// Waits for a graft that another thread is making; `None` if that fails.
    fn awaited(&self, key: &Key) -> Option<Arc<Packed>> {
        /// How long to sleep before looking for other work.
        const NAP: Duration = Duration::from_millis(2);
        loop {
            let mut state = self.state();
            if !matches!(state.grafts.get(key), Some(Slot::Making)) {
                return state.made(key);
            }
            drop(state);
            // Meanwhile a thread of the pool does other work.
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
