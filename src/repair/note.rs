//! What the user should know about a plan.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

use crate::audit::{ModuleRename, listed};
use crate::escaped::Sentence;
use crate::wheel::{PlatformTag, WheelPath};

/// Something the plan does or leaves that the user should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "note")]
#[non_exhaustive]
pub enum Note {
    /// Run path entries that lead out of the wheel are dropped.
    RunPathDropped {
        /// The object.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// Run path entries of a library do not hold where its graft is, and are dropped.
    GraftRunPathDropped {
        /// The library.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// An object gets a run path to libraries of the wheel, to which only other objects' run paths led.
    RunPathAdded {
        /// The object.
        object: String,
        /// The entries.
        entries: Vec<String>,
    },
    /// A path that was needed becomes the name of the library.
    PathNeeded {
        /// The object.
        object: String,
        /// The path.
        path: String,
        /// The name.
        library: String,
    },
    /// A module gets another name, under which every Python of the tags finds it.
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
    /// A dependency is left to the user.
    Excluded {
        /// The library.
        library: String,
        /// The pattern that matched.
        pattern: String,
    },
    /// A library is grafted that nothing needs.
    Included {
        /// Where it is.
        member: WheelPath,
    },
    /// An `--exclude` pattern matched nothing.
    PatternUnused {
        /// The pattern.
        pattern: String,
    },
    /// A tag for glibc is dropped from the name of a wheel for musl, or one that no Python has.
    TagDropped {
        /// The tag.
        tag: PlatformTag,
        /// What shows that the wheel is for musl, where the tag is for glibc.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    },
    /// A published wheel is copied, and a repair would change something in it.
    PublishedCopied {
        /// Whether it loads as it is.
        loads: bool,
        /// What would change, one phrase for each kind of change.
        changes: Vec<String>,
    },
    /// `RECORD` was wrong, and that of the result is right.
    RecordFixed {
        /// What was wrong, as a finding has it.
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
    /// One sentence, with all names in it escaped, of a length that can be read.
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
                write!(f, "dropping from the run path of `{object}`, it leads out of the wheel: {entries}")
            }
            Self::GraftRunPathDropped { object, entries } => {
                let entries = listed(entries);
                write!(f, "dropping the run path of `{object}`, whose graft is elsewhere: {entries}")
            }
            Self::RunPathAdded { object, entries } => {
                let entries = listed(entries);
                write!(f, "giving `{object}` a run path of its own to what it needs: {entries}")
            }
            Self::PathNeeded { object, path, library } => {
                write!(f, "`{object}` needs `{library}` by its name now, and not by the path `{path}`")
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
            Self::RecordFixed { problem } => write!(f, "{problem}; the result has a right `RECORD`"),
        }
    }
}
