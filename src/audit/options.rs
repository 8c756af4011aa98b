//! The options of an audit.

use crate::musl::MuslRelease;
use crate::resolve::System;

use super::finding::Code;

/// The options of an audit.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Whether to tolerate symbols that are private to one build of an allowed library; set if the library
    /// itself is grafted.
    pub tolerate_forbidden_symbols: bool,
    /// Libraries to examine and graft although nothing needs them, because they are opened with `dlopen`:
    /// names or paths.
    pub include: Vec<String>,
    /// The oldest musl that everything has to load on, if requested (`--min-musl`).
    pub min_musl: Option<MuslRelease>,
    /// The system whose libraries are examined. Hints depend on it, and if the wheel is to run there, it must
    /// have the libraries that the policies leave to the system.
    pub system: System,
    /// The musl version of the root file system, if one was named and its package database has it.
    pub root_musl: Option<MuslRelease>,
    /// Rules whose findings are suppressed (`--allow`).
    pub allow: Vec<Code>,
}
