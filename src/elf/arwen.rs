//! The second engine: arwen changes the names; everything else works as in [`patch`](super::patch()).

use std::collections::HashMap;

use arwen::elf::ElfContainer;

use super::edit::{ElfEdit, RunPathEdit};
use super::error::{ElfError, Fault};
use super::facts::ElfFacts;
use super::patch::Changes;
use super::patched::{Patched, prepare};
use super::verify::check_facts_of_names;

/// Carries out an edit with arwen. arwen changes soname, needed libraries and run path; this library strips
/// the file and lowers `DT_RELR` before that. arwen gives the file a new layout, so only the facts and the
/// dynamic symbols of the result are verified.
///
/// # Errors
///
/// If arwen refuses the file, or its output is not what the edit asked for.
pub fn patch_with_arwen(bytes: impl AsRef<[u8]>, edit: &ElfEdit) -> Result<Patched, ElfError> {
    let bytes = bytes.as_ref();
    let mut changes = Changes { size_before: bytes.len() as u64, ..Changes::default() };
    let prepared = prepare(bytes, edit, &mut changes)?;
    let prepared = prepared.as_deref().unwrap_or(bytes);
    let before = ElfFacts::parse(prepared)?;
    let bytes = rewrite(prepared, &before, edit)?.unwrap_or_else(|| prepared.to_vec());
    let facts = check_facts_of_names(prepared, &bytes, edit)?;
    changes.size_after = bytes.len() as u64;
    Ok(Patched { bytes, facts, changes })
}

/// The file as arwen writes it; `None` if there is nothing to change.
fn rewrite(bytes: &[u8], before: &ElfFacts, edit: &ElfEdit) -> Result<Option<Vec<u8>>, ElfError> {
    let fault = |error: &dyn std::fmt::Display| Fault::Arwen { message: error.to_string() };
    let wanted = super::verify::expected(before, edit);
    if wanted.soname == before.soname
        && wanted.needed == before.needed
        && (&wanted.rpath, &wanted.runpath) == (&before.rpath, &before.runpath)
    {
        return Ok(None);
    }
    let mut container = ElfContainer::parse(bytes).map_err(|error| fault(&error))?;
    if let Some(soname) = &edit.soname {
        container.set_soname(soname).map_err(|error| fault(&error))?;
    }
    let removed: Vec<String> =
        before.needed.iter().filter(|name| edit.remove_needed.contains(*name)).cloned().collect();
    if !removed.is_empty() {
        container.remove_needed(removed).map_err(|error| fault(&error))?;
    }
    let renamed: HashMap<String, String> = edit
        .rename_needed
        .iter()
        .filter(|(old, _)| before.needed.contains(*old) && !edit.remove_needed.contains(*old))
        .map(|(old, new)| (old.clone(), new.clone()))
        .collect();
    if !renamed.is_empty() {
        container.replace_needed(&renamed).map_err(|error| fault(&error))?;
    }
    match &edit.run_path {
        RunPathEdit::Keep => {}
        RunPathEdit::Clear => container.remove_runpath().map_err(|error| fault(&error))?,
        RunPathEdit::Set(path) => {
            container.remove_runpath().map_err(|error| fault(&error))?;
            container.add_runpath(path).map_err(|error| fault(&error))?;
            container.force_rpath().map_err(|error| fault(&error))?;
        }
    }
    let mut out = Vec::new();
    container.write(&mut out).map_err(|error| fault(&error))?;
    Ok(Some(out))
}
