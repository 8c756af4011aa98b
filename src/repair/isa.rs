//! Instruction set levels above what a platform tag promises.

use crate::audit::Audit;
use crate::platform::Arch;

/// An object that needs more of the processor than the tag promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedIsa {
    /// The object, as named in the wheel or on disk.
    pub object: String,
    /// The level it needs: `x86_64_v3`.
    pub level: &'static str,
}

/// The objects that say they cannot do without instructions that plain x86-64 lacks
/// (`GNU_PROPERTY_X86_ISA_1_NEEDED`), those of the wheel first. Bit 0 is the baseline, bits 1 to 3 are v2 to v4.
#[must_use]
pub fn unsupported_isa(audit: &Audit) -> Vec<UnsupportedIsa> {
    if audit.elf.arch != Some(Arch::X86_64) {
        return Vec::new();
    }
    let found = audit.elf.graph.objects.iter().filter_map(|object| {
        let level = match object.facts.isa_needed {
            bits if bits & 8 != 0 => "x86_64_v4",
            bits if bits & 4 != 0 => "x86_64_v3",
            bits if bits & 2 != 0 => "x86_64_v2",
            _ => return None,
        };
        Some(UnsupportedIsa { object: object.origin.shown().to_owned(), level })
    });
    found.collect()
}
