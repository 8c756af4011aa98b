//! The outcomes for the wheels of a repair.

use std::path::PathBuf;

use muslrepair::repair::{Plan, RepairError, RepairResult};

/// The outcome for one wheel.
pub(super) enum WheelOutcome {
    /// The plan, and the written result unless this is a dry run.
    Done(Box<Plan>, Option<Written>),
    /// It is pure, and pure wheels are not copied.
    Pure,
    /// A usage error for this wheel.
    Refused(String),
    /// It failed.
    Failed(RepairError),
    /// Its result cannot be written, because of another wheel of the call.
    Conflict(OutputConflict),
    /// It is the result of this other wheel, from an earlier call.
    ResultOf(usize),
    /// Skipped: an earlier wheel failed.
    Skipped,
}

impl WheelOutcome {
    /// Whether it makes the call fail.
    pub(super) fn is_failure(&self) -> bool {
        !matches!(self, Self::Done(..) | Self::ResultOf(_))
    }
}

/// Why a result cannot be written. Wheels are identified by their index among the inputs.
pub(super) enum OutputConflict {
    /// Another wheel has a result of the same name.
    SameOutput(usize, String),
    /// It would replace another wheel of the call.
    ReplacesInput(usize),
}

impl OutputConflict {
    /// The reason, with the paths as they were given: wheels in several directories may have the same name.
    pub(super) fn because(&self, wheels: &[PathBuf]) -> String {
        let path =
            |index: usize| wheels.get(index).map_or_else(String::new, |path| path.display().to_string());
        match self {
            Self::SameOutput(other, output) => {
                format!("`{}` would also be written to `{output}`", path(*other))
            }
            Self::ReplacesInput(other) => format!(
                "its result would replace `{}`, another input of this call, which differs from it",
                path(*other)
            ),
        }
    }

    /// The reason in a few words.
    pub(super) fn in_short(&self) -> &'static str {
        match self {
            Self::SameOutput(..) => "another wheel has the same result",
            Self::ReplacesInput(_) => "the result would replace another input",
        }
    }

    /// What to do about it, for the command of this name.
    pub(super) fn hint(&self, command: &str) -> String {
        match self {
            Self::SameOutput(..) => {
                format!("{command} each in a call of its own, into another `--wheel-dir`")
            }
            Self::ReplacesInput(_) => format!("name only the wheels to {command}, or another `--wheel-dir`"),
        }
    }
}

/// A result that was written.
pub(super) struct Written {
    pub(super) result: RepairResult,
    /// Whether it is at the path of its input.
    pub(super) over_input: bool,
}

impl Written {
    /// The line that scripts look for, with the absolute path.
    pub(super) fn line(&self) -> String {
        let path = &self.result.path;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        format!("Fixed-up wheel written to {}", path.display())
    }
}
