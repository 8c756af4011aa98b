//! Exit statuses.

use std::process::ExitCode;

/// How a run ended. The worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything worked.
    Success,
    /// A wheel failed, or is not what was asked about.
    Failure,
    /// The call makes no sense: bad option, missing input, impossible platform.
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
