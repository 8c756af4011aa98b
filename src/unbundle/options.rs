//! What an unbundling is asked to do.

use crate::audit::AuditOptions;
use crate::resolve::Pattern;

/// What an unbundling is asked to do, apart from where libraries are looked for.
#[derive(Clone, Debug, Default)]
pub struct UnbundleOptions {
    /// Replace only libraries whose file name in the wheel, or whose name on the system, matches one of these; all if there
    /// are none.
    pub only: Vec<Pattern>,
    /// Keep libraries that match one of these, with what they need from the wheel.
    pub keep: Vec<Pattern>,
    /// The build tag of a result in which something was replaced, instead of the input's.
    pub build_tag: Option<String>,
    /// What the result is audited by: the musl of the root file system, and the rules that do not count.
    pub audit: AuditOptions,
}
