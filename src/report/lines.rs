//! A text that is made line by line.

use std::fmt;

use crate::escaped::{Line, Sentence};

/// Lines for people. Whatever names of strangers are in one, it stays one line of a length that can be read, and is
/// no command to what reads a log.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// Adds a line.
    pub(super) fn add(&mut self, line: fmt::Arguments<'_>) {
        self.0.push_str(&Line(&Sentence(&line.to_string()).to_string()).to_string());
        self.0.push('\n');
    }

    /// Adds a line with nothing on it.
    pub(super) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// The whole text, each line with its end.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}
