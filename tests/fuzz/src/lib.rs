//! What the fuzz targets share: how bytes become edits, and wheels around what is fuzzed.

mod control;
mod repair;
mod tables;

pub use control::Control;
pub use repair::{NAME, packed, repair};
pub use tables::replace_table;
