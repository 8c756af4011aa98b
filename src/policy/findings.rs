//! What an audit finds wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// It can go wrong.
    Warning,
    /// It cannot work, or breaks what the tag promises.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $meaning:literal,)*) => {
        /// What kind of finding, under a name that does not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name: `missing-library`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// What it means.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    UnresolvedSymbol "unresolved-symbol" Error "A symbol is exported by no release of musl and defined by nothing the object is loaded with, or in a way that musl does not see.",
    NewSymbol "new-symbol" Warning "A symbol is exported only by releases of musl newer than the tag promises.",
    Relr "relr" Warning "`DT_RELR` is ignored before musl 1.2.4, which the tag promises; the process dies at import. `repair` lowers it.",
    InitialExecTls "initial-exec-tls" Error "Initial-exec TLS in a library: musl refuses it in everything that is loaded after the program started.",
    Ifunc "ifunc" Error "An `IRELATIVE` relocation, or one that refers to an indirect function of the object: musl resolves neither.",
    UnsupportedRelocation "unsupported-relocation" Error "A relocation is of a type that musl does not have on that architecture.",
    NoHashTable "no-hash-table" Error "An object has neither `DT_HASH` nor `DT_GNU_HASH`: musl crashes when it looks for a symbol there.",
    MissingLibrary "missing-library" Error "A library was found neither in the wheel, by its run paths, nor outside.",
    BorrowedRunPath "borrowed-run-path" Error "A library is found only where an object with the right run path has led to the one that needs it. `repair` adds the run path.",
    NeededPath "needed-path" Error "A library of the wheel is needed by a path, which musl opens from the working directory. `repair` makes it a name.",
    DuplicateName "duplicate-name" Warning "Different libraries have one name; in one process musl loads the first it is led to for all who need that name.",
    GlibcObject "glibc-object" Error "An object was built for glibc.",
    ReservedName "reserved-name" Error "A library of the wheel has a name that musl takes for itself, so that it is never loaded.",
    VoidRunPath "void-run-path" Warning "A run path has a `$` other than `$ORIGIN`, and musl ignores all of it.",
    OutsideRunPath "outside-run-path" Warning "A run path leads out of the wheel. `repair` drops such entries.",
    LongRunPath "long-run-path" Warning "A run path entry is so long that musl's buffer of 512 bytes may not hold it where the wheel is installed.",
    Interposed "interposed" Warning "A symbol is wanted from a library of the wheel, but musl has one of that name and its own wins: versions are ignored.",
    WrongInterpreter "wrong-interpreter" Error "A program asks for a loader that its architecture's musl does not have, or needs libraries and asks for none.",
    WrongSuffix "wrong-suffix" Error "An extension module has a name that the Pythons of the wheel's tags do not look for: it is for glibc, another architecture, version or build. A warning where others of the wheel's modules fit.",
    WrongMachine "wrong-machine" Error "An object is for another architecture than the wheel; musl would map it and crash.",
    UnknownMachine "unknown-machine" Error "An object is for an architecture that no musl wheel can name.",
    SmallStacks "small-stacks" Note "Threads are started without setting their stack size, which is 128 KiB on musl.",
    EmptySegment "empty-segment" Warning "A `PT_LOAD` segment of no size: musl before 1.2.3 does not load the object. An error where it hides another segment.",
    UnmappedHeaders "unmapped-headers" Warning "The program headers are not mapped: exceptions cannot pass through the object.",
    SmallAlignment "small-alignment" Warning "A segment is aligned to less than the 64 KiB pages that kernels of the architecture may have.",
    Textrel "textrel" Error "Text relocations in a program, or without the tag `DT_TEXTREL`: the text is not made writable and the process dies.",
    LegacyInit "legacy-init" Warning "`DT_INIT` or `DT_FINI` without an init array: musl does not call them on ARM.",
    MixedTime "mixed-time" Warning "On a 32-bit architecture, some objects use 64-bit time and others 32-bit time.",
    OpenedName "opened-name" Note "An object that calls `dlopen` names a library that only glibc systems have.",
    ForbiddenSymbol "forbidden-symbol" Error "An object takes a symbol that is private to one build of a library the policy leaves to the system.",
    LibpythonInProgram "libpython-in-program" Error "A program needs the interpreter's library.",
    LibpythonNeeded "libpython-needed" Warning "An object needs the interpreter's library, which many interpreters are not linked with. `repair` takes the name out.",
    LibraryInScripts "library-in-scripts" Error "A shared library lies in `.data/scripts`, from where no run path leads to grafts.",
    OverclaimedTag "overclaimed-tag" Error "The wheel needs a newer musl than was asked for.",
    Unlisted "unlisted" Error "A file is not listed in `RECORD`.",
    WrongTag "wrong-tag" Error "`WHEEL` and file name do not say the same tags.",
    Purelib "purelib" Warning "`Root-Is-Purelib` is true although there are ELF files; installers may put them where no platform's files belong.",
    LinuxTag "linux-tag" Warning "The platform tag promises nothing about the C library; package indexes refuse it.",
    LimitExceeded "limit-exceeded" Error "The objects lead to more files or names than a limit allows; what lies beyond was not looked at.",
    RefusedByIndex "refused-by-index" Warning "PyPI does not accept this.",
    ForeignTag "foreign-tag" Error "The file name has a tag for glibc, and the ELF files were built for musl.",
}

impl Code {
    /// Whether a repair does away with it, so that it does not stand in a repair's way.
    #[must_use]
    pub fn is_mended(self) -> bool {
        matches!(self, Self::BorrowedRunPath | Self::NeededPath | Self::Relr | Self::OutsideRunPath)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The name is no code of a finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown finding `{0}`; `muslrepair verify --help` lists them")]
pub struct UnknownCode(pub String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == name)
            .ok_or_else(|| UnknownCode(name.to_owned()))
    }
}

/// One thing an audit found, with what shows it and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The object it is about, as named in the wheel or on disk.
    pub object: String,
    /// One sentence without a full stop, lower case.
    pub message: String,
    /// Further lines: what was searched, what was rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// A finding of the severity that its code has.
    pub(crate) fn new(code: Code, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            object: object.into(),
            message: message.into(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// The same with a hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Names in backticks with commas between them.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The same, of the first few of many.
pub(super) fn listed(names: &[&str]) -> String {
    /// How many symbols or objects one message names.
    const SHOWN_NAMES: usize = 8;
    let shown = quoted(names.iter().take(SHOWN_NAMES).copied());
    match names.len().saturating_sub(SHOWN_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_read_back() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse::<Code>().unwrap(), *code);
            assert!(code.meaning().ends_with('.'));
        }
        assert!("no-such-code".parse::<Code>().is_err());
    }
}
