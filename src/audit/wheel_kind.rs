//! The kinds of wheels.

use serde::Serialize;

/// The kind of a wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WheelKind {
    /// No ELF file, and a name for `any` platform.
    Pure,
    /// No ELF file, but a platform in the name.
    PlatformWithoutElf,
    /// At least one ELF file.
    Platform,
}
