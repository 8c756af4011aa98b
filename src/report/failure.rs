//! The reason why a wheel could not be handled.

use serde::Serialize;

use crate::audit::Finding;
use crate::error::Error;
use crate::escaped::Sentence;
use crate::repair::RepairError;

/// An error for display: what is wrong, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What is wrong, one line for each problem.
    pub lines: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The findings of the audit, if they are the reason.
    pub findings: Vec<Finding>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            lines: vec![escaped(error.to_string())],
            hints: error.hints().into_iter().map(escaped).collect(),
            findings: Vec::new(),
        }
    }
}

impl From<&RepairError> for Failure {
    fn from(error: &RepairError) -> Self {
        Self {
            lines: error.lines().into_iter().map(escaped).collect(),
            hints: error.hints().into_iter().map(escaped).collect(),
            findings: error.findings().to_vec(),
        }
    }
}

/// A message with all names escaped: one readable line, whatever the names contain.
fn escaped(message: String) -> String {
    Sentence(&message).to_string()
}
