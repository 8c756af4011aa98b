//! The line that progress is drawn on.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

/// Whether the line is on the terminal now. There is one standard error, so there is one of this.
pub(super) static DRAWN: Mutex<bool> = Mutex::new(false);

/// Takes the line off, before something else is printed.
pub(super) fn clear() {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if *drawn {
        // Nobody is left to tell if standard error is gone.
        let _ = std::io::stderr().write_all(b"\r\x1b[2K");
        *drawn = false;
    }
}
