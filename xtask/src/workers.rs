//! Runs the same work for many items in parallel.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

/// Calls `work` for every item, with one thread per core, and returns the results in the order of the items;
/// or the first error in that order.
pub fn each<T, R>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>>
where
    T: Sync,
    R: Send,
{
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<R>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // Items are taken one by one, because wheels of 20 MB and of 20 kB may be next to each other.
                while let Some((item, slot)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    items.get(index).zip(done.get(index))
                } {
                    let result = work(item);
                    if let Ok(mut slot) = slot.lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    done.into_iter()
        .map(|slot| slot.into_inner().ok().flatten().context("a worker thread did not finish")?)
        .collect()
}
