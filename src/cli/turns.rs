//! Parallel work in an order that does not depend on the speed of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::usage::UsageError;

/// As many threads as requested, or one per core. If the system cannot start any, the calling thread does all
/// the work.
pub(super) fn threads(jobs: Option<u16>) -> Result<rayon::ThreadPool, UsageError> {
    let several = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, usize::from)).build();
    let alone = |_| rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    several.or_else(alone).map_err(|error| format!("cannot start threads: {error}").into())
}

/// Calls `work` for the numbers from 0 up to `count`, in order, one at a time on each thread of the current
/// pool. Parallel work inside `work` runs on the idle threads of the pool.
///
/// `work` may wait for earlier numbers, because it is not a job that a waiting thread could steal.
pub(super) fn in_turn(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    // Without this barrier, an early thread could steal a part of the first number before the others arrive.
    let start = Barrier::new(rayon::current_num_threads());
    rayon::broadcast(|_| {
        start.wait();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            work(number);
        }
    });
}

/// Results that arrive in any order and are returned in the order of their numbers.
pub(super) struct Sorted<T> {
    waiting: BTreeMap<usize, T>,
    next: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), next: 0 }
    }
}

impl<T> Sorted<T> {
    pub(super) fn add(&mut self, number: usize, result: T) {
        self.waiting.insert(number, result);
    }

    /// The next result, if it has arrived.
    pub(super) fn take(&mut self) -> Option<(usize, T)> {
        let result = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some((self.next - 1, result))
    }
}

/// Lets numbers pass in order.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// All numbers below this one have passed.
    next: usize,
    /// Higher numbers that have passed.
    passed: BTreeSet<usize>,
}

/// The turn of a number. It passes when this is dropped, whether or not it waited for earlier numbers.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    number: usize,
}

impl Turns {
    pub(super) fn turn(&self, number: usize) -> Turn<'_> {
        Turn { turns: self, number }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Waits until all lower numbers have passed. Meanwhile the thread does other work.
    pub(super) fn wait(&self) {
        /// How long to sleep before looking for other work.
        const NAP: Duration = Duration::from_millis(2);
        while self.turns.state().next < self.number {
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                let state = self.turns.state();
                if state.next < self.number {
                    drop(self.turns.changed.wait_timeout(state, NAP));
                }
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let state = &mut *self.turns.state();
        state.passed.insert(self.number);
        while state.passed.remove(&state.next) {
            state.next += 1;
        }
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn numbers_pass_in_order_whatever_their_work_takes() {
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (turns, passed) = (Turns::default(), Mutex::new(Vec::new()));
            let work = |number| {
                let turn = turns.turn(number);
                let work = |item: u64| (0..item * 7919 % 999).fold(item, |sum, step| sum ^ step);
                std::hint::black_box((0..number as u64 % 50).into_par_iter().map(work).sum::<u64>());
                if number % 3 > 0 {
                    turn.wait();
                    passed.lock().unwrap().push(number);
                }
            };
            pool.install(|| in_turn(200, work));
            let passed = passed.into_inner().unwrap();
            assert_eq!(passed, (0..200).filter(|number| number % 3 > 0).collect::<Vec<_>>());
        }
    }
}
