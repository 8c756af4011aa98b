//! The headings of options in help, in their order.

/// What is written, and where.
pub(super) const OUTPUT: &str = "Output";
/// What a repair changes in a wheel.
pub(super) const GRAFTING: &str = "Grafting";
/// Platform tags, and what they promise.
pub(super) const TAGS: &str = "Tags";
/// Where libraries are looked for.
pub(super) const SEARCHING: &str = "Searching";
/// Which findings count.
pub(super) const CHECKS: &str = "Checks";
/// What exists because auditwheel has it. Not in `-h`.
pub(super) const COMPATIBILITY: &str = "Compatibility";
/// What few calls need. Not in `-h`.
pub(super) const ADVANCED: &str = "Advanced";
/// What every command has.
pub(super) const GLOBAL: &str = "Global";
