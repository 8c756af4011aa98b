//! Carrying out a plan.

use std::path::Path;

use crate::audit::Audit;
use crate::resolve::SystemPackages;
use crate::wheel::{DosTime, Entry, Wheel, WheelError, WheelWriter, Written, WrittenFile};

use super::entries::EntryBuilder;
use super::error::RepairError;
use super::options::{Patcher, RepairOptions};
use super::plan::Plan;
use super::result::RepairResult;
use super::sbom;
use super::shared::SharedGrafts;

/// Carries out a plan and writes the result into `directory`, which is created if it is missing. The result
/// appears complete or not at all. The input is not changed, unless it is itself the output.
///
/// # Errors
///
/// If a member or library cannot be read or patched, or the result cannot be written.
pub fn apply(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    directory: &Path,
    packages: &SystemPackages,
) -> Result<RepairResult, RepairError> {
    apply_sharing(wheel, audit, plan, options, directory, packages, &SharedGrafts::none())
}

/// Like [`apply()`], reusing grafts between wheels with the same options. The result is the same.
///
/// # Errors
///
/// Like [`apply()`].
pub fn apply_sharing(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    directory: &Path,
    packages: &SystemPackages,
    shared: &SharedGrafts,
) -> Result<RepairResult, RepairError> {
    let path = directory.join(plan.output.to_string());
    if plan.is_copy() {
        let file = wheel.copy_to(&path)?;
        return Ok(RepairResult::of(path, wheel, plan, file, None));
    }
    let (file, written) = with_entries(wheel, audit, plan, options, packages, shared, |writer, entries| {
        writer.write(entries, &path)
    })?;
    Ok(RepairResult::of(path, wheel, plan, file, Some(&written)))
}

/// Makes the result of a plan like [`apply_sharing()`] and compares it with the file at `path`. Returns the
/// result if the file already has exactly these bytes. Changes nothing.
///
/// # Errors
///
/// Like [`apply()`], and if the file at `path` cannot be read.
pub fn compare(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    path: &Path,
    packages: &SystemPackages,
    shared: &SharedGrafts,
) -> Result<Option<RepairResult>, RepairError> {
    let receipt = |file: WrittenFile, written: Option<&[Written]>| {
        RepairResult::of(path.to_owned(), wheel, plan, file, written)
    };
    if plan.is_copy() {
        return Ok(wheel.copy_at(path)?.map(|file| receipt(file, None)));
    }
    let written = with_entries(wheel, audit, plan, options, packages, shared, |writer, entries| {
        writer.compare(entries, path)
    })?;
    Ok(written.map(|(file, written)| receipt(file, Some(&written))))
}

/// Passes the members of the new wheel to its writer.
fn with_entries<T>(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    packages: &SystemPackages,
    shared: &SharedGrafts,
    write: impl FnOnce(&WheelWriter<'_>, Vec<Entry<'_>>) -> Result<T, WheelError>,
) -> Result<T, RepairError> {
    if let (Patcher::None, Some(object)) = (options.patcher, plan.first_patched()) {
        return Err(RepairError::NoPatcher { object });
    }
    let modified = options.source_date_epoch.map_or(wheel.modified(), DosTime::from_unix);
    let made = shared.made(&plan.grafts, options, wheel.limits());
    let builder = EntryBuilder { wheel, plan, made, options, modified };
    let mut entries = builder.entries()?;
    if options.sbom && !plan.grafts.is_empty() {
        entries.push(builder.sbom(sbom::document(&plan.output, &plan.grafts, packages))?);
    }
    let writer = WheelWriter::new(wheel, modified).level(options.compression);
    write(&writer.hashes(audit.hashes.clone()), entries).map_err(unwrap_content)
}

/// Unwraps an error of this library that the writer has wrapped as the error of a member's content.
fn unwrap_content(error: WheelError) -> RepairError {
    match error {
        WheelError::Content { member, source } => match source.downcast::<RepairError>() {
            Ok(error) => *error,
            Err(source) => WheelError::Content { member, source }.into(),
        },
        other => other.into(),
    }
}
