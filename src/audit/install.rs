//! A command that installs missing libraries.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// A call of `apk` that installs the packages of missing libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The root file system in which it installs; `None` for this machine.
    pub root: Option<PathBuf>,
    /// What the packages must provide, such as `so:libffi.so.8`.
    pub tokens: BTreeSet<String>,
}

impl fmt::Display for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("apk")?;
        if let Some(root) = &self.root {
            write!(f, " --root {}", root.display())?;
        }
        f.write_str(" add")?;
        self.tokens.iter().try_for_each(|token| write!(f, " {token}"))
    }
}
