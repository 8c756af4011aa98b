//! What a platform tag promises.

use serde::Serialize;

use crate::platform::{Arch, MuslVersion};

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
