//! What became of the wheels of a call, counted.

use std::fmt;

use muslrepair::repair::Outcome;
use muslrepair::report;

use super::outcome::WheelOutcome;

/// The counts of one call of `repair`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    repaired: usize,
    copied: usize,
    passed_over: usize,
    failed: usize,
    not_tried: usize,
    /// Libraries grafted, their bytes, and how many wheels got any.
    grafts: usize,
    grafted_bytes: u64,
    grafted_into: usize,
}

impl Summary {
    /// One more wheel is done.
    pub(super) fn count(&mut self, outcome: &WheelOutcome) {
        match outcome {
            WheelOutcome::Done(_, Some(written)) => {
                match written.result.outcome {
                    Outcome::Repaired => self.repaired += 1,
                    Outcome::Copied => self.copied += 1,
                }
                let grafts = &written.result.grafts;
                self.grafts += grafts.len();
                self.grafted_into += usize::from(!grafts.is_empty());
                let bytes = grafts.iter().map(|graft| graft.size).fold(0, u64::saturating_add);
                self.grafted_bytes = self.grafted_bytes.saturating_add(bytes);
            }
            WheelOutcome::Done(_, None) => {}
            WheelOutcome::ResultOf(_) => self.passed_over += 1,
            WheelOutcome::Skipped => self.not_tried += 1,
            WheelOutcome::Pure
            | WheelOutcome::Refused(_)
            | WheelOutcome::Failed(_)
            | WheelOutcome::Conflict(_) => self.failed += 1,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.repaired, "repaired"),
            (self.copied, "copied"),
            (self.passed_over, "passed over"),
            (self.failed, "failed"),
            (self.not_tried, "not tried"),
        ];
        let all: usize = counts.iter().map(|(count, _)| count).sum();
        let counts: Vec<String> = (counts.iter().filter(|(count, _)| *count > 0))
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        write!(f, "{all} wheels: {}", counts.join(", "))?;
        if self.grafts > 0 {
            let libraries = if self.grafts == 1 { "library" } else { "libraries" };
            let (size, wheels) = (report::human_size(self.grafted_bytes), self.grafted_into);
            write!(f, "; grafted {} {libraries} of {size} into {wheels}", self.grafts)?;
        }
        Ok(())
    }
}
