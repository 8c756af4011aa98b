//! Exit statuses.

use std::process::ExitCode;

/// The result of a run; the worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything worked.
    Success,
    /// A wheel failed, or has the problem that was checked for.
    Failure,
    /// A usage error: invalid option, missing input, impossible platform.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
        })
    }
}
