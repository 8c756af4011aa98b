//! Patches one ELF file, with the requested patcher.

use crate::elf::{self, ElfEdit, ElfError};

use super::options::Patcher;

/// The memory for patching a file, as a multiple of its size: original, patched bytes, facts of both, and the
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
