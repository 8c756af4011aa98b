//! What a platform tag promises, and whether a wheel keeps it.

mod arch;
mod audit;
mod binding;
mod checks;
mod conformance;
mod definitions;
mod examine;
mod findings;
mod glibc;
mod importable;
mod include;
mod loading;
mod name_set;
mod needs;
mod neighbourhood;
mod refusals;
mod symbols;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use audit::{Audit, AuditOptions, Examination, ExternalLibrary, WheelKind, audit, audit_beside};
pub use binding::{Cause, MinimumMusl, Module, Requirement};
pub use conformance::conformance;
pub(crate) use findings::quoted;
pub use findings::{Code, Finding, Severity, UnknownCode};
pub(crate) use glibc::built_for_musl;
pub use glibc::{glibc_evidence, libc_name};
pub use name_set::NameSet;
pub use needs::{Need, needs};
pub use neighbourhood::Neighbourhood;
pub use symbols::{ObjectSymbols, Unusual};
pub use tree::audit_tree;

use serde::Serialize;

use crate::wheel::{Arch, MuslVersion};

/// One platform policy: what a wheel may expect of every system that a tag names (PEP 656).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The tag without the architecture: `musllinux_1_2`.
    pub name: &'static str,
    /// The musl version the tag promises to run on, and every later one.
    pub version: MuslVersion,
    /// The architectures the policy is defined for.
    pub arches: &'static [Arch],
    /// Libraries every such system has, besides musl itself.
    pub allowed_libraries: &'static [&'static str],
    /// Symbols of allowed libraries that are private to one build of the library.
    pub forbidden_symbols: &'static [(&'static str, &'static [&'static str])],
}

impl Policy {
    /// Every policy, the one with the oldest musl first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        table::POLICIES
    }

    /// The policy of a tag's musl version, if it is defined for the architecture.
    #[must_use]
    pub fn find(version: MuslVersion, arch: Arch) -> Option<&'static Self> {
        Self::all().iter().find(|policy| policy.version == version && policy.arches.contains(&arch))
    }

    /// The policy wheels get unless something else is asked for.
    #[must_use]
    pub fn default_for(arch: Arch) -> Option<&'static Self> {
        Self::all().iter().rev().find(|policy| policy.arches.contains(&arch))
    }
}
