//! What became of the wheels of a repair.

use muslrepair::repair::{Plan, RepairError, RepairResult};

/// What became of one wheel.
pub(super) enum WheelOutcome {
    /// The plan, and what was written unless this is a dry run.
    Done(Box<Plan>, Option<Written>),
    /// It is pure, and pure wheels are not copied.
    Pure,
    /// The call makes no sense for it.
    Refused(String),
    /// It failed.
    Failed(RepairError),
    /// Its result cannot be written because of another wheel of the call.
    Conflict(OutputConflict),
    /// It is what another wheel of the call gives, a result of an earlier call: which wheel.
    ResultOf(usize),
    /// It was not tried: one before it failed.
    Skipped,
}

impl WheelOutcome {
    /// Whether it makes the call fail.
    pub(super) fn is_failure(&self) -> bool {
        !matches!(self, Self::Done(..) | Self::ResultOf(_))
    }
}

/// Why a result cannot be written. Wheels are given by their place among the inputs.
pub(super) enum OutputConflict {
    /// Another wheel gives the file of this name.
    SameOutput(usize, String),
    /// It would replace another wheel of the call.
    ReplacesInput(usize),
}

/// A result that was written.
pub(super) struct Written {
    pub(super) result: RepairResult,
    /// Whether it lies where its input lay.
    pub(super) over_input: bool,
}
