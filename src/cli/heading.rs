//! The headings of options in help, in order.

/// The output, and its destination.
pub(super) const OUTPUT: &str = "Output";
/// The changes that a repair makes to a wheel.
pub(super) const GRAFTING: &str = "Grafting";
/// Platform tags, and what they promise.
pub(super) const TAGS: &str = "Tags";
/// Where libraries are searched.
pub(super) const SEARCHING: &str = "Searching";
/// Which findings count.
pub(super) const CHECKS: &str = "Checks";
/// Options that exist for compatibility with auditwheel. Not in `-h`.
pub(super) const COMPATIBILITY: &str = "Compatibility";
/// Options that few calls need. Not in `-h`.
pub(super) const ADVANCED: &str = "Advanced";
/// Options of every command.
pub(super) const GLOBAL: &str = "Global";
