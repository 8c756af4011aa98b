//! The options of an unbundling.

use crate::audit::AuditOptions;
use crate::resolve::Pattern;

/// The options of an unbundling, except for where libraries are searched.
#[derive(Clone, Debug, Default)]
pub struct UnbundleOptions {
    /// Replace only libraries whose file name in the wheel, or whose name on the system, matches one of
    /// these; all if the list is empty.
    pub only: Vec<Pattern>,
    /// Keep libraries that match one of these, and the libraries of the wheel that they need.
    pub keep: Vec<Pattern>,
    /// The build tag of a result with replacements, in place of the input's.
    pub build_tag: Option<String>,
    /// The options for auditing the result: the musl of the root file system, and suppressed rules.
    pub audit: AuditOptions,
}
