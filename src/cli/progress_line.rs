//! The line that progress is drawn on. There is one standard error, so there is one of this.

use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Makes a bar the one that is drawn.
pub(super) fn show(bar: ProgressBar) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
}

/// Removes the line for good.
pub(super) fn finish() {
    if let Some(bar) = BAR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}

/// Prints something while the line is not on the terminal.
pub(super) fn above<T>(print: impl FnOnce() -> T) -> T {
    // Not printed under the lock, so that a print within a print does not wait for itself.
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}
