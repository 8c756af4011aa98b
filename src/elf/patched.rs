//! [`patch()`]: all steps of an edit, and the verification of the result.

use serde::Serialize;

use super::edit::ElfEdit;
use super::error::ElfError;
use super::facts::ElfFacts;
use super::patch::{Changes, SegmentChange, edit_names, growable};
use super::relr;
use super::strip::strip;
use super::verify::Comparison;

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

/// Carries out an edit: strips, lowers `DT_RELR`, changes the names, then reads the result again and compares
/// it with the original and the edit. An edit without effect returns the same bytes. At most two copies of
/// the file are in memory; `bytes`, if owned, is freed as early as possible.
///
/// # Errors
///
/// If the file is malformed, its layout cannot be patched, or the result fails verification
/// ([`ElfError::is_verification`]).
pub fn patch(bytes: impl AsRef<[u8]>, edit: &ElfEdit) -> Result<Patched, ElfError> {
    let mut changes = Changes { size_before: bytes.as_ref().len() as u64, ..Changes::default() };
    let prepared: Box<dyn AsRef<[u8]> + '_> = match prepare(bytes.as_ref(), edit, &mut changes)? {
        // Each of these steps was verified separately; the symbols must be readable in any case.
        Some(prepared) if edit.keeps_names() => {
            let comparison = Comparison::of(bytes.as_ref(), &prepared)?;
            comparison.check_facts(edit)?;
            let facts = comparison.into_facts();
            changes.size_after = prepared.len() as u64;
            return Ok(Patched { bytes: prepared, facts, changes });
        }
        Some(prepared) => {
            drop(bytes);
            Box::new(prepared)
        }
        None => Box::new(bytes),
    };
    let prepared = (*prepared).as_ref();
    let edited = edit_names(growable(prepared), edit)?;
    let comparison = Comparison::of(prepared, &edited.file)?;
    let same = edited.file == prepared;
    let layout = || if same { Ok(()) } else { comparison.check_layout(&edited.moves, &[]) };
    let (layout, facts) = rayon::join(layout, || comparison.check_facts(edit));
    layout.and(facts)?;
    changes.strings = edited.strings;
    changes.segment = changes.segment.max(edited.segment);
    changes.moved.extend(edited.moves.iter().map(|moved| moved.name));
    changes.size_after = edited.file.len() as u64;
    let facts = comparison.into_facts();
    Ok(Patched { bytes: edited.file, facts, changes })
}

/// The steps before names change: stripping, then lowering `DT_RELR`. Each is verified separately. `None` if
/// neither changes anything.
pub(crate) fn prepare(
    file: &[u8],
    edit: &ElfEdit,
    changes: &mut Changes,
) -> Result<Option<Vec<u8>>, ElfError> {
    let mut prepared = None;
    if let Some(level) = edit.strip
        && let Some(stripped) = strip(file, level)?
    {
        changes.stripped = (file.len() - stripped.len()) as u64;
        prepared = Some(stripped);
    }
    let bytes = prepared.as_deref().unwrap_or(file);
    if edit.lower_relr
        && let Some(lowered) = relr::lower(bytes)?
    {
        let comparison = Comparison::of(bytes, &lowered.file)?;
        comparison.check_layout(&lowered.moves, &relr::RELR_TAGS)?;
        relr::check(bytes, &lowered)?;
        comparison.check_facts(&ElfEdit { lower_relr: true, ..ElfEdit::default() })?;
        changes.lowered = lowered.count;
        changes.segment = changes.segment.max(SegmentChange::Added);
        prepared = Some(lowered.file);
    }
    Ok(prepared)
}
