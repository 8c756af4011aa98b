//! What a platform tag promises.

use serde::Serialize;

use crate::platform::{Arch, MuslVersion};

/// One platform policy: what a wheel may rely on, on every system that its tag covers (PEP 656).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The tag without the architecture: `musllinux_1_2`.
    pub name: &'static str,
    /// The musl version that the tag requires; it covers every later version too.
    pub version: MuslVersion,
    /// The architectures the policy is defined for.
    pub arches: &'static [Arch],
    /// Libraries on every such system, besides musl itself.
    pub allowed_libraries: &'static [&'static str],
    /// Symbols of allowed libraries that are private to one build of the library.
    pub forbidden_symbols: &'static [(&'static str, &'static [&'static str])],
}
