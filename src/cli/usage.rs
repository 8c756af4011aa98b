//! Usage errors.

/// What is wrong with the call, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsageError {
    /// A complete message.
    pub(super) message: String,
    /// What to do, if that is not obvious.
    pub(super) hint: Option<String>,
}

impl From<String> for UsageError {
    fn from(message: String) -> Self {
        Self { message, hint: None }
    }
}

impl UsageError {
    /// The same with a hint.
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
