//! What the fuzz targets share: how bytes become edits, and wheels around what is fuzzed.

mod control;
mod repair;
mod tables;

pub use control::Control;
pub use repair::{NAME, packed, repair};
pub use tables::replace_table;

/// Has everything be done by the thread that asks: the fuzzer counts coverage, and more of them are only slower here.
pub fn one_thread() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    });
}
