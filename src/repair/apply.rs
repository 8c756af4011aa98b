//! Carrying out a plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::RepairError;
use crate::audit::Audit;
use crate::elf::{self, ElfEdit, ElfError};
use crate::error::Error;
use crate::resolve::{ApkDatabase, Sysroot};
use crate::wheel::{
    Content, ContentError, DosTime, Entry, NewFile, Sha256Digest, Wheel, WheelError, WheelPath, WheelWriter,
    Written,
};

use super::graft::Graft;
use super::options::{Patcher, RepairOptions};
use super::plan::Plan;
use super::shared::SharedGrafts;
use super::{sbom, shim};

/// Memory that patching a file takes, as a multiple of its size: the bytes, the patched bytes, facts of both, and the
/// compressed result.
pub(super) const PATCH_COST: u64 = 4;

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The wheel that was written.
    pub path: PathBuf,
    /// How it came about.
    pub outcome: Outcome,
    /// Size of the input in bytes.
    pub input_size: u64,
    /// Size of the result in bytes.
    pub output_size: u64,
    /// What was grafted, and what it costs, by member name.
    pub grafts: Vec<GraftedLibrary>,
}

/// How a result came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was nothing to do: the result is the input, byte for byte.
    Copied,
    /// The wheel was repaired.
    Repaired,
}

/// One graft in the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraftedLibrary {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// The path it was taken from.
    pub source: String,
    /// Its size as found, in bytes.
    pub source_size: u64,
    /// Its size in the wheel, inflated, in bytes.
    pub size: u64,
    /// Its hash in the wheel.
    pub sha256: Sha256Digest,
}

/// Carries out a plan and writes the result into `directory`, which is created where it is missing. The result appears whole
/// or not at all; the input is not touched, unless it is the result.
///
/// # Errors
///
/// When a member or library cannot be read or patched, or the result cannot be written.
pub fn apply(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    directory: &Path,
    owners: (&Sysroot, Option<&ApkDatabase>),
) -> Result<Receipt, RepairError> {
    apply_sharing(wheel, audit, plan, options, directory, owners, &SharedGrafts::none())
}

/// Like [`apply()`], with grafts that were made for several wheels with the same options. The result is the same.
///
/// # Errors
///
/// As [`apply()`].
pub fn apply_sharing(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    directory: &Path,
    (root, packages): (&Sysroot, Option<&ApkDatabase>),
    shared: &SharedGrafts,
) -> Result<Receipt, RepairError> {
    let path = directory.join(plan.output.to_string());
    if plan.is_copy() {
        wheel.copy_to(&path)?;
        return Receipt::of(path, wheel, plan, None);
    }
    let written = with_entries(wheel, audit, plan, options, (root, packages), shared, |writer, entries| {
        writer.write(entries, &path)
    })?;
    Receipt::of(path, wheel, plan, Some(&written))
}

/// Makes the result of a plan as [`apply_sharing()`] does, and holds it against the file at `path`: the receipt, if that is
/// the result already, byte for byte. Nothing is changed.
///
/// # Errors
///
/// As [`apply()`], and when the file at `path` cannot be read.
pub fn compare(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    path: &Path,
    owners: (&Sysroot, Option<&ApkDatabase>),
    shared: &SharedGrafts,
) -> Result<Option<Receipt>, RepairError> {
    let receipt = |written: Option<&[Written]>| Receipt::of(path.to_owned(), wheel, plan, written).map(Some);
    if plan.is_copy() {
        return if wheel.is_copy(path)? { receipt(None) } else { Ok(None) };
    }
    let written = with_entries(wheel, audit, plan, options, owners, shared, |writer, entries| {
        writer.compare(entries, path)
    })?;
    written.map_or(Ok(None), |written| receipt(Some(&written)))
}

/// Hands what the new wheel consists of to its writer.
fn with_entries<T>(
    wheel: &Wheel,
    audit: &Audit,
    plan: &Plan,
    options: &RepairOptions,
    (root, packages): (&Sysroot, Option<&ApkDatabase>),
    shared: &SharedGrafts,
    write: impl FnOnce(&WheelWriter<'_>, Vec<Entry<'_>>) -> Result<T, WheelError>,
) -> Result<T, RepairError> {
    let modified = options.source_date_epoch.map_or(wheel.modified(), DosTime::from_unix);
    let workshop = Workshop { wheel, plan, shared, options, modified };
    if let (Patcher::None, Some(object)) = (options.patcher, workshop.first_patched()) {
        return Err(RepairError::NoPatcher { object });
    }
    let mut entries = workshop.entries()?;
    if options.sbom && !plan.grafts.is_empty() {
        let bytes = sbom::document(&plan.output, &plan.grafts, root, packages);
        entries.push(workshop.text(sbom_path(wheel)?, bytes));
    }
    let writer = WheelWriter::new(wheel, workshop.modified).level(options.compression);
    write(&writer.hashes(audit.hashes.clone()), entries).map_err(unwrap_content)
}

impl Receipt {
    /// The receipt for a result that lies at `path`: what was written, or `None` for a copy.
    fn of(
        path: PathBuf,
        wheel: &Wheel,
        plan: &Plan,
        written: Option<&[Written]>,
    ) -> Result<Self, RepairError> {
        let outcome = if written.is_some() { Outcome::Repaired } else { Outcome::Copied };
        let output_size = if written.is_some() { file_size(&path)? } else { wheel.size() };
        let grafts = match written {
            Some(written) => plan.grafts.iter().filter_map(|graft| grafted(graft, written)).collect(),
            None => Vec::new(),
        };
        Ok(Self { path, outcome, input_size: wheel.size(), output_size, grafts })
    }
}

fn grafted(graft: &Graft, written: &[Written]) -> Option<GraftedLibrary> {
    let file = written.iter().find(|file| file.path == graft.member)?;
    Some(GraftedLibrary {
        member: graft.member.clone(),
        source: graft.source.clone(),
        source_size: graft.size,
        size: file.size,
        sha256: file.sha256,
    })
}

fn file_size(path: &Path) -> Result<u64, RepairError> {
    std::fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|source| Error::io("read", path, source).into())
}

fn in_dist_info(wheel: &Wheel, name: &str) -> Result<WheelPath, RepairError> {
    wheel.dist_info().join(name).map_err(|source| RepairError::Name { name: name.to_owned(), source })
}

/// A name that is free: a wheel that is repaired again keeps the document of the first time.
fn sbom_path(wheel: &Wheel) -> Result<WheelPath, RepairError> {
    let mut path = in_dist_info(wheel, "sboms/muslrepair.cdx.json")?;
    let mut number = 1;
    while wheel.member(path.as_str()).is_some() {
        number += 1;
        path = in_dist_info(wheel, &format!("sboms/muslrepair-{number}.cdx.json"))?;
    }
    Ok(path)
}

/// What a member's content could not be made of is our own error, wrapped by the writer.
fn unwrap_content(error: WheelError) -> RepairError {
    match error {
        WheelError::Content { member, source } => match source.downcast::<RepairError>() {
            Ok(error) => *error,
            Err(source) => WheelError::Content { member, source }.into(),
        },
        other => other.into(),
    }
}

/// Makes the entries of the new wheel.
struct Workshop<'a> {
    wheel: &'a Wheel,
    plan: &'a Plan,
    shared: &'a SharedGrafts,
    options: &'a RepairOptions,
    modified: DosTime,
}

impl<'a> Workshop<'a> {
    /// Everything but the bill of materials and `RECORD`, in order: the members as they lay, then moved programs, then
    /// grafts. The writer puts the `.dist-info` directory last.
    fn entries(&self) -> Result<Vec<Entry<'a>>, RepairError> {
        let edits: BTreeMap<&WheelPath, &'a ElfEdit> =
            self.plan.edits.iter().map(|edit| (&edit.member, &edit.edit)).collect();
        let moved: BTreeMap<&WheelPath, &WheelPath> =
            self.plan.moved.iter().map(|moved| (&moved.script, &moved.program)).collect();
        let info = in_dist_info(self.wheel, "WHEEL")?;
        let mut entries = Vec::new();
        for member in self.wheel.members() {
            let path = &member.path;
            if let Some(program) = moved.get(path) {
                let mut script = self.new_file(path.clone(), shim::text(program).into(), 0o755);
                script.mode = member.mode.unwrap_or(0o755) | 0o111;
                entries.push(Entry::Write(script));
            } else if let Some(edit) = edits.get(path) {
                let content = self.patched_member(path.clone(), edit, member.size);
                entries.push(Entry::Write(self.new_file(
                    path.clone(),
                    content,
                    member.mode.unwrap_or(0o755),
                )));
            } else if *path == info && !self.plan.metadata.is_empty() {
                let bytes = self.plan.metadata.apply(self.wheel.info());
                let file = self.new_file(path.clone(), bytes.into(), member.mode.unwrap_or(0o644));
                entries.push(Entry::Write(file));
            } else {
                entries.push(Entry::Keep(path.clone()));
            }
        }
        let unchanged: &'a ElfEdit = &UNCHANGED;
        for moved in &self.plan.moved {
            let edit = edits.get(&moved.script).copied().unwrap_or(unchanged);
            let size = self.wheel.member(moved.script.as_str()).map_or(0, |member| member.size);
            let content = self.patched_member(moved.script.clone(), edit, size);
            entries.push(Entry::Write(self.new_file(moved.program.clone(), content, 0o755)));
        }
        for graft in &self.plan.grafts {
            let (shared, options) = (self.shared, self.options);
            let content = Content::packed(shared.cost(graft), move || shared.packed(graft, options));
            entries.push(Entry::Write(self.new_file(graft.member.clone(), content, 0o755)));
        }
        Ok(entries)
    }

    fn patched_member(&self, path: WheelPath, edit: &'a ElfEdit, size: u64) -> Content<'a> {
        let patcher = self.options.patcher;
        Content::edited(path.clone(), size.saturating_mul(PATCH_COST), move |bytes| {
            Ok(patch(patcher, bytes, edit).map_err(|source| RepairError::elf(path.as_str(), source))?)
        })
    }

    fn new_file(&self, path: WheelPath, content: Content<'a>, mode: u32) -> NewFile<'a> {
        NewFile { path, content, mode, modified: self.modified }
    }

    fn text(&self, path: WheelPath, bytes: Vec<u8>) -> Entry<'a> {
        Entry::Write(self.new_file(path, bytes.into(), 0o644))
    }

    /// The first object that has to be patched.
    fn first_patched(&self) -> Option<String> {
        let member = self.plan.edits.iter().map(|edit| edit.member.to_string()).next();
        member.or_else(|| self.plan.grafts.iter().map(|graft| graft.source.clone()).next())
    }
}

/// The edit of a moved program in which nothing changes.
static UNCHANGED: ElfEdit = ElfEdit {
    soname: None,
    rename_needed: BTreeMap::new(),
    remove_needed: std::collections::BTreeSet::new(),
    run_path: elf::RunPathEdit::Keep,
    lower_relr: false,
    strip: None,
};

/// The library as it is grafted.
pub(super) fn make_graft(graft: &Graft, patcher: Patcher) -> Result<Vec<u8>, ContentError> {
    let bytes = graft.bytes.take()?;
    Ok(patch(patcher, bytes, &graft.edit).map_err(|source| RepairError::elf(&graft.source, source))?)
}

fn patch(patcher: Patcher, bytes: impl AsRef<[u8]>, edit: &ElfEdit) -> Result<Vec<u8>, ElfError> {
    match patcher {
        #[cfg(feature = "arwen")]
        Patcher::Arwen => elf::patch_with_arwen(bytes, edit).map(|patched| patched.bytes),
        Patcher::Builtin | Patcher::None => elf::patch(bytes, edit).map(|patched| patched.bytes),
    }
}
