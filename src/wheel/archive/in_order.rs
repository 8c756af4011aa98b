//! Parallel work whose results are consumed in order.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

/// Calls `make` for every item on all threads, and `take` for each result in the order of the items, on one
/// thread at a time, while others are still being made. The thread that completes the next result in order
/// takes it and all that follow and are ready: no thread waits for another.
///
/// # Errors
///
/// The first error of `take`, which is not called again.
pub(super) fn in_order<'a, I, T, E>(
    items: &'a [I],
    make: impl Fn(&'a I) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E>
where
    I: Sync,
    T: Send,
    E: Send,
{
    let queue = Mutex::new(Queue { ready: BTreeMap::new(), next: 0, is_taking: false });
    let taker = Mutex::new((take, Ok(())));
    items.par_iter().with_max_len(1).enumerate().for_each(|(number, item)| {
        let made = make(item);
        let mut state = locked(&queue);
        state.ready.insert(number, made);
        if state.is_taking {
            return;
        }
        state.is_taking = true;
        while let Some(turn) = state.turn() {
            drop(state);
            let (take, outcome) = &mut *locked(&taker);
            if outcome.is_ok() {
                *outcome = take(turn);
            }
            state = locked(&queue);
        }
        state.is_taking = false;
    });
    taker.into_inner().unwrap_or_else(PoisonError::into_inner).1
}

/// Results that are ready before their turn.
struct Queue<T> {
    ready: BTreeMap<usize, T>,
    next: usize,
    is_taking: bool,
}

impl<T> Queue<T> {
    fn turn(&mut self) -> Option<T> {
        let made = self.ready.remove(&self.next)?;
        self.next += 1;
        Some(made)
    }
}

/// A panic while the lock is held is propagated by the caller anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(number: u64) -> u64 {
        (0..number * 7919 % 5000).fold(number, |sum, step| std::hint::black_box(sum ^ step))
    }

    #[test]
    fn results_are_consumed_in_order_and_once() {
        for threads in [1, 2, 8] {
            let numbers: Vec<u64> = (0..500).collect();
            let mut taken = Vec::new();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let outcome = pool.map(|pool| {
                pool.install(|| {
                    in_order(
                        &numbers,
                        |number| {
                            spin(*number);
                            *number
                        },
                        |number| {
                            taken.push(number);
                            Ok::<(), ()>(())
                        },
                    )
                })
            });
            assert!(matches!(outcome, Ok(Ok(()))));
            assert_eq!(taken, numbers);
        }
    }

    #[test]
    fn no_result_is_consumed_after_an_error() {
        let numbers: Vec<u64> = (0..100).collect();
        let mut taken = 0;
        let outcome = in_order(
            &numbers,
            |number| spin(*number),
            |_| {
                taken += 1;
                if taken == 40 { Err(taken) } else { Ok(()) }
            },
        );
        assert_eq!((outcome, taken), (Err(40), 40));
    }
}
