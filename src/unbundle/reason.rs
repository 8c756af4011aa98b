//! Why a graft stays in the wheel.

use std::fmt;
use std::fmt::Write as _;

use serde::Serialize;

use crate::audit::listed;
use crate::escaped::Sentence;
use crate::musl::MuslRelease;
use crate::platform::Arch;
use crate::resolve::Rejected;
use crate::wheel::WheelPath;

/// Why a graft stays in the wheel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum Reason {
    /// No `--only` pattern matches it.
    NotSelected,
    /// It was requested (`--keep`).
    Requested {
        /// The pattern that matched.
        pattern: String,
    },
    /// No object of the wheel needs it by name, so it can only be opened by its path.
    Opened,
    /// Python code in the wheel contains its name, and may open it by its path.
    Named {
        /// The file.
        member: WheelPath,
    },
    /// The system has no library with its name.
    NotInstalled {
        /// The names that were searched.
        names: Vec<String>,
        /// Files with these names that could not be used.
        rejected: Vec<Rejected>,
    },
    /// The system's library of its name has another `DT_SONAME`.
    OtherSoname {
        /// The file of the system.
        path: String,
        /// Its `DT_SONAME`.
        soname: String,
        /// The name under which it was found.
        name: String,
    },
    /// musl answers its name itself, and loads no library for it.
    Reserved {
        /// The name.
        name: String,
    },
    /// The system's library lacks symbols that objects of the wheel use.
    MissingSymbols {
        /// The file of the system.
        path: String,
        /// The first of the symbols.
        symbols: Vec<String>,
        /// The number of missing symbols.
        count: usize,
        /// The first object that uses one of them.
        object: String,
    },
    /// A symbol has another kind there, such as a function instead of data.
    OtherKind {
        /// The file of the system.
        path: String,
        /// The symbol.
        symbol: String,
        /// Its kind in the graft.
        before: &'static str,
        /// Its kind in the system's library.
        after: &'static str,
        /// The object that uses it.
        object: String,
    },
    /// A variable has another size there.
    OtherSize {
        /// The file of the system.
        path: String,
        /// The symbol.
        symbol: String,
        /// Its size in the graft, in bytes.
        before: u64,
        /// Its size in the system's library, in bytes.
        after: u64,
        /// The object that uses it.
        object: String,
    },
    /// A symbol would come from another library than before.
    BoundElsewhere {
        /// The symbol.
        symbol: String,
        /// The object that looks it up.
        object: String,
        /// The library that defined it before; `None` if it was undefined.
        before: Option<String>,
        /// The library that would define it; `None` if it would be undefined.
        after: Option<String>,
    },
    /// An object would find another file under the name of the system's library.
    FoundElsewhere {
        /// The object.
        object: String,
        /// The name that it needs.
        name: String,
        /// The file that it would find; `None` if it would find none.
        found: Option<String>,
    },
    /// Something would not load on the musl of the root file system.
    NewerMusl {
        /// The musl that the root file system has.
        has: MuslRelease,
        /// The oldest musl that would suffice.
        needs: MuslRelease,
        /// The architecture of the wheel, which decides which Alpine releases are named.
        #[serde(skip)]
        arch: Option<Arch>,
        /// The requirement.
        because: String,
    },
    /// Something would not load at all.
    DoesNotLoad {
        /// The finding of the audit.
        because: String,
    },
}

impl fmt::Display for Reason {
    /// One sentence without a full stop, with all names escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text)?;
        Sentence(&text).fmt(f)
    }
}

impl Reason {
    fn write(&self, f: &mut String) -> fmt::Result {
        match self {
            Self::NotSelected => write!(f, "no `--only` pattern matches it"),
            Self::Requested { pattern } => write!(f, "`--keep {pattern}`"),
            Self::Opened => {
                write!(f, "no object of the wheel needs it by name: it may be opened with `dlopen`")
            }
            Self::Named { member } => write!(f, "`{member}` names it, and may open it with `dlopen`"),
            Self::NotInstalled { names, rejected } => {
                let first = names.first().map_or("", String::as_str);
                match rejected.first() {
                    Some(file) => write!(f, "`{}` cannot take its place: {}", file.path, file.reason),
                    None if names.len() > 1 => {
                        let others = listed(names.get(1..).unwrap_or_default());
                        write!(f, "`{first}` is not installed, nor under a shorter name ({others})")
                    }
                    None => write!(f, "`{first}` is not installed"),
                }
            }
            Self::OtherSoname { path, soname, name } => {
                write!(f, "`{path}`, found as `{name}`, has another SONAME: `{soname}`")
            }
            Self::Reserved { name } => {
                write!(f, "musl takes the name `{name}` for itself and loads no library for it")
            }
            Self::MissingSymbols { path, symbols, count, object } => {
                write!(f, "`{path}` lacks {}", listed(symbols))?;
                match count.saturating_sub(symbols.len()) {
                    0 => {}
                    more => write!(f, " and {more} more symbols")?,
                }
                write!(f, ", used by `{object}`")
            }
            Self::OtherKind { path, symbol, before, after, object } => {
                write!(f, "`{symbol}` of `{path}` is {after}, but `{object}` uses it as {before}")
            }
            Self::OtherSize { path, symbol, before, after, object } => {
                write!(
                    f,
                    "`{symbol}` of `{path}` has {after} bytes, but `{object}` uses one of {before} bytes"
                )
            }
            Self::BoundElsewhere { symbol, object, before, after } => {
                let whose = |who: &Option<String>, nobody: &str| {
                    who.as_ref().map_or(nobody.to_owned(), |who| format!("`{who}`"))
                };
                write!(
                    f,
                    "`{object}` would get `{symbol}` from {}, not from {}",
                    whose(after, "no library"),
                    whose(before, "any library")
                )
            }
            Self::FoundElsewhere { object, name, found: Some(found) } => {
                write!(f, "`{object}` would find `{found}` under the name `{name}`")
            }
            Self::FoundElsewhere { object, name, found: None } => {
                write!(f, "`{object}` would not find `{name}`")
            }
            Self::NewerMusl { has, needs, arch, because } => write!(
                f,
                "needs musl {}, but the root file system has {}: {because}",
                needs.with_alpine(*arch),
                has.with_alpine(*arch)
            ),
            Self::DoesNotLoad { because } => write!(f, "{because}"),
        }
    }
}
