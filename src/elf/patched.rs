//! [`patch()`]: every step of an edit, and the proof that it went well.

use serde::Serialize;

use super::edit::ElfEdit;
use super::error::ElfError;
use super::facts::ElfFacts;
use super::patch::{Changes, edit_names};
use super::verify::{check_facts, check_layout};

/// A patched file that was verified.
#[derive(Clone, Debug, Serialize)]
pub struct Patched {
    /// The file.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// Its facts, read again from the result.
    pub facts: ElfFacts,
    /// How the edit was carried out.
    pub changes: Changes,
}

/// Carries out an edit: strips, lowers `DT_RELR`, changes the names, then reads the result again and
/// compares it with the original and the edit. An edit without effect hands the bytes back as they are.
///
/// # Errors
///
/// Where the file is malformed, its layout cannot be patched, or the result fails verification
/// ([`ElfError::is_verification`]).
pub fn patch(bytes: Vec<u8>, edit: &ElfEdit) -> Result<Patched, ElfError> {
    let mut changes = Changes { size_before: bytes.len() as u64, ..Changes::default() };
    let edited = edit_names(bytes.clone(), edit)?;
    if edited.file != bytes {
        check_layout(&bytes, &edited.file, &edited.moves)?;
    }
    changes.strings = edited.strings;
    changes.segment = edited.segment;
    changes.moved = edited.moves.iter().map(|moved| moved.name).collect();
    changes.size_after = edited.file.len() as u64;
    let facts = check_facts(&bytes, &edited.file, edit)?;
    Ok(Patched { bytes: edited.file, facts, changes })
}
