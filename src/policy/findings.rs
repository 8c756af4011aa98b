//! What an audit finds wrong.

use std::fmt;

use serde::Serialize;

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

/// What kind of finding, under a name that does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A library was found neither in the wheel nor outside.
    MissingLibrary,
    /// An object was built for glibc.
    GlibcObject,
    /// An object has indirect functions, which musl does not resolve.
    Ifunc,
    /// An object is for another architecture than the wheel.
    WrongMachine,
    /// An object is for an architecture that no musl wheel can name.
    UnknownMachine,
    /// An object takes a symbol that is private to one build of an allowed library.
    ForbiddenSymbol,
    /// A program needs the interpreter's library.
    LibpythonInProgram,
    /// A shared library lies where only programs can be repaired.
    LibraryInScripts,
}

impl Code {
    /// The name, as shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingLibrary => "missing-library",
            Self::GlibcObject => "glibc-object",
            Self::Ifunc => "ifunc",
            Self::WrongMachine => "wrong-machine",
            Self::UnknownMachine => "unknown-machine",
            Self::ForbiddenSymbol => "forbidden-symbol",
            Self::LibpythonInProgram => "libpython-in-program",
            Self::LibraryInScripts => "library-in-scripts",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing an audit found, with what shows it and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// An error about an object.
    pub(crate) fn error(code: Code, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
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
