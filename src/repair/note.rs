//! Notes about a plan for the user.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

use crate::audit::{ModuleRename, listed};
use crate::escaped::Sentence;
use crate::wheel::{PlatformTag, WheelPath};

/// Something about a plan that the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "note")]
#[non_exhaustive]
pub enum Note {
    /// Run path entries that point out of the wheel are removed.
    RunPathDropped {
        /// The object.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// Run path entries of a library that are not valid for its graft are removed.
    GraftRunPathDropped {
        /// The library.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// An object gets a run path to libraries of the wheel that only other objects' run paths found.
    RunPathAdded {
        /// The object.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// A path in `DT_NEEDED` is replaced with the name of the library.
    PathNeeded {
        /// The object.
        object: String,
        /// The path.
        path: String,
        /// The name.
        library: String,
    },
    /// A module is renamed, so that every Python of the tags finds it.
    ModuleRenamed {
        /// Its old name.
        module: WheelPath,
        /// Its new name.
        name: WheelPath,
    },
    /// A dependency on the interpreter's library is removed.
    LibpythonRemoved {
        /// The object.
        object: String,
        /// The library.
        library: String,
    },
    /// A library is left to the user.
    Excluded {
        /// The library.
        library: String,
        /// The pattern that matched.
        pattern: String,
    },
    /// A library that nothing needs is grafted.
    Included {
        /// Its path in the wheel.
        member: WheelPath,
    },
    /// An `--exclude` pattern matched nothing.
    PatternUnused {
        /// The pattern.
        pattern: String,
    },
    /// A tag for glibc, or one that no Python has, is removed from the name.
    TagDropped {
        /// The tag.
        tag: PlatformTag,
        /// The object that shows that the wheel is for musl, if the tag is for glibc.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    },
    /// A published wheel is copied, although a repair would change it.
    PublishedCopied {
        /// Whether it loads unchanged.
        loads: bool,
        /// The changes, one phrase for each kind.
        changes: Vec<String>,
    },
    /// `RECORD` was wrong, and the result has a correct one.
    RecordFixed {
        /// The problem, as in a finding.
        problem: String,
    },
}

impl Note {
    pub(super) fn module_renamed(rename: &ModuleRename) -> Self {
        Self::ModuleRenamed { module: rename.from.clone(), name: rename.to.clone() }
    }

    /// Whether it is a warning rather than information.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::PatternUnused { .. }
                | Self::TagDropped { .. }
                | Self::PublishedCopied { .. }
                | Self::RecordFixed { .. }
        )
    }
}

impl fmt::Display for Note {
    /// One sentence of readable length, with all names escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        Sentence(&text).fmt(f)
    }
}

impl Note {
    fn write(&self, f: &mut String) -> fmt::Result {
        match self {
            Self::RunPathDropped { object, entries } => {
                let entries = listed(entries);
                write!(
                    f,
                    "removing from the run path of `{object}`, because it is outside the wheel: {entries}"
                )
            }
            Self::GraftRunPathDropped { object, entries } => {
                let entries = listed(entries);
                write!(f, "removing the run path of `{object}`, which is not valid for its graft: {entries}")
            }
            Self::RunPathAdded { object, entries } => {
                let entries = listed(entries);
                write!(f, "adding to the run path of `{object}`, so that it finds its libraries: {entries}")
            }
            Self::PathNeeded { object, path, library } => {
                write!(f, "replacing the path `{path}` that `{object}` needs with the name `{library}`")
            }
            Self::ModuleRenamed { module, name } => {
                write!(f, "renaming `{module}` to `{name}`, which every Python of the tags imports")
            }
            Self::LibpythonRemoved { object, library } => {
                write!(
                    f,
                    "Removing {library} dependency from {object}: the process has the interpreter already"
                )
            }
            Self::Excluded { library, pattern } => write!(f, "Excluding {library} (`{pattern}`)"),
            Self::Included { member } => {
                write!(f, "Including `{member}`: `dlopen` finds it by this path, not by its old name")
            }
            Self::PatternUnused { pattern } => write!(f, "`--exclude {pattern}` matched nothing"),
            Self::TagDropped { tag, object: Some(object) } => {
                write!(f, "Dropping the tag {tag}: it is for glibc, and `{object}` was built for musl")
            }
            Self::TagDropped { tag, object: None } => {
                write!(f, "Dropping the tag {tag}: no Python has this platform tag")
            }
            Self::PublishedCopied { loads, changes } => {
                let does = if *loads { "loads" } else { "does not load" };
                let changes = changes.join(", ");
                write!(f, "copied as published, it {does} as it is; `--published fix` would {changes}")
            }
            Self::RecordFixed { problem } => write!(f, "{problem}; the result has a correct `RECORD`"),
        }
    }
}
