//! The totals of a batch.

use muslrepair::repair::Outcome;
use muslrepair::report::RepairTotals;

use super::outcome::WheelOutcome;

/// Counts one more wheel of the distribution with this name.
pub(super) fn count(totals: &mut RepairTotals, name: &str, outcome: &WheelOutcome) {
    match outcome {
        WheelOutcome::Done(plan, None) if plan.is_copy() => totals.copied += 1,
        WheelOutcome::Done(plan, None) => {
            totals.repaired += 1;
            totals.add_grafts(plan.grafts.iter().map(|graft| graft.size));
        }
        WheelOutcome::Done(_, Some(written)) => {
            match written.result.outcome {
                Outcome::Repaired => totals.repaired += 1,
                Outcome::Copied => totals.copied += 1,
            }
            totals.add_grafts(written.result.grafts.iter().map(|graft| graft.size));
        }
        WheelOutcome::ResultOf(_) | WheelOutcome::Skipped => totals.skipped += 1,
        WheelOutcome::Pure
        | WheelOutcome::Refused(_)
        | WheelOutcome::Failed(_)
        | WheelOutcome::Conflict(_) => totals.failed.push(name.to_owned()),
    }
}
