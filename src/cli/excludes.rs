//! Libraries that are left to the user, by `--exclude` and by the configuration.

use std::collections::BTreeSet;

use muslrepair::resolve::Pattern;

use super::config::Config;
use super::term::Terminal;
use super::usage::UsageError;

/// Patterns for names and paths of libraries.
#[derive(Clone, Debug, Default)]
pub(super) struct Excludes {
    typed: Vec<Pattern>,
    configured: Vec<Pattern>,
}

impl Excludes {
    pub(super) fn new(typed: &[Pattern], config: &Config) -> Result<Self, UsageError> {
        Ok(Self { typed: typed.to_vec(), configured: config.exclude()? })
    }

    /// All patterns, those of `--exclude` first.
    pub(super) fn patterns(&self) -> Vec<Pattern> {
        self.typed.iter().chain(&self.configured).cloned().collect()
    }
}

/// The patterns that matched nothing in the whole call.
#[derive(Clone, Debug, Default)]
pub(super) struct Unmatched {
    /// `None` until the first wheel was examined.
    left: Option<BTreeSet<String>>,
    /// Whether some wheel could not be examined, so that it is unknown what the patterns match.
    blind: bool,
}

impl Unmatched {
    /// Records that a wheel was examined, and which patterns matched nothing in it.
    pub(super) fn saw(&mut self, unused: impl IntoIterator<Item = impl Into<String>>) {
        let unused: BTreeSet<String> = unused.into_iter().map(Into::into).collect();
        self.left = Some(match self.left.take() {
            None => unused,
            Some(left) => left.intersection(&unused).cloned().collect(),
        });
    }

    /// Records that a wheel could not be examined.
    pub(super) fn missed(&mut self) {
        self.blind = true;
    }

    /// Warns once about each pattern, and names its origin.
    pub(super) fn warn(&self, excludes: &Excludes, terminal: Terminal) {
        let Some(left) = self.left.as_ref().filter(|_| !self.blind) else { return };
        let unmatched = |pattern: &&Pattern| left.contains(pattern.as_str());
        for pattern in excludes.typed.iter().filter(unmatched) {
            terminal.warning(&format!("`--exclude {pattern}` matched nothing"));
        }
        for pattern in excludes.configured.iter().filter(unmatched) {
            terminal.warning(&format!("`{pattern}` of `exclude` in the configuration matched nothing"));
        }
    }
}
