//! One installation command for all wheels of a call.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::outcome::WheelOutcome;

/// The commands in the hints of failed wheels, combined.
#[derive(Debug, Default)]
pub(super) struct MissingLibraries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// `apk add`, or `apk --root DIR add`.
    command: String,
    libraries: BTreeSet<String>,
    wheels: usize,
}

impl MissingLibraries {
    /// Adds the hints of a wheel.
    pub(super) fn add(&self, outcome: &WheelOutcome) {
        let WheelOutcome::Failed(error) = outcome else { return };
        for hint in error.hints() {
            let quoted = hint.split('`').nth(1).unwrap_or_default();
            let Some((command, libraries)) = quoted.split_once(" add ") else { continue };
            if !command.starts_with("apk") {
                continue;
            }
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.command = format!("{command} add");
            state.libraries.extend(libraries.split(' ').map(str::to_owned));
            state.wheels += 1;
        }
    }

    /// One command for all wheels, if several lack libraries.
    pub(super) fn hint(self) -> Option<String> {
        let State { command, libraries, wheels } =
            self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let libraries: Vec<String> = libraries.into_iter().collect();
        (wheels > 1).then(|| format!("for all {wheels} wheels: `{command} {}`", libraries.join(" ")))
    }
}
