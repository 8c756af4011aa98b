//! Patching one ELF file, with the patcher that was asked for.

use crate::elf::{self, ElfEdit, ElfError};

use super::options::Patcher;

/// Memory that patching a file takes, as a multiple of its size: the bytes, the patched bytes, facts of both, and the
/// compressed result.
pub(super) const PATCH_COST: u64 = 4;

/// The patched file.
pub(super) fn patch(patcher: Patcher, bytes: impl AsRef<[u8]>, edit: &ElfEdit) -> Result<Vec<u8>, ElfError> {
    match patcher {
        #[cfg(feature = "arwen")]
        Patcher::Arwen => elf::patch_with_arwen(bytes, edit).map(|patched| patched.bytes),
        Patcher::Builtin | Patcher::None => elf::patch(bytes, edit).map(|patched| patched.bytes),
    }
}
