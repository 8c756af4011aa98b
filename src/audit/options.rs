//! What an audit goes by.

use crate::musl::MuslRelease;
use crate::resolve::System;

use super::finding::Code;

/// What an audit goes by.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Whether symbols that are private to one build of an allowed library are tolerated; set where the
    /// library itself is grafted.
    pub tolerate_forbidden_symbols: bool,
    /// Libraries that are looked at, and grafted, although nothing needs them, because only `dlopen` asks for them: names or
    /// paths.
    pub include: Vec<String>,
    /// The oldest musl that everything has to load on, if one was asked for (`--min-musl`).
    pub min_musl: Option<MuslRelease>,
    /// The system whose libraries are looked at. Hints depend on it, and one on which the wheel is to run must have what the
    /// policies leave to the system.
    pub system: System,
    /// The musl of the root file system, if one was named and its package database tells it.
    pub root_musl: Option<MuslRelease>,
    /// Rules whose findings are not wanted (`--allow`).
    pub allow: Vec<Code>,
}
