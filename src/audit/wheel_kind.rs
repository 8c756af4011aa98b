//! What kind of wheel it is.

use serde::Serialize;

/// What kind of wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WheelKind {
    /// No ELF file, and the name says `any`.
    Pure,
    /// No ELF file, though the name has a platform.
    PlatformWithoutElf,
    /// ELF files.
    Platform,
}
