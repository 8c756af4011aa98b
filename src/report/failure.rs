//! Why something could not be done for a wheel.

use serde::Serialize;

use crate::audit::Finding;
use crate::error::Error;
use crate::escaped::Sentence;
use crate::repair::RepairError;

/// An error, ready to be shown: what is wrong, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What is wrong, a line for each thing.
    pub lines: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// What an audit found, if that is why.
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

/// A message, with all names in it escaped: it is one line that can be read, whatever they hold.
fn escaped(message: String) -> String {
    Sentence(&message).to_string()
}
