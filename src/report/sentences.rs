//! auditwheel's sentences that scripts look for, and the facts for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Audit, ElfAudit, WheelKind};
use crate::resolve::{Object, Resolution};
use crate::wheel::PlatformTag;

// Sentences that scripts look for.
pub(super) const NO_VERSIONED_SYMBOLS: &str =
    "The wheel references no external versioned symbols from system-provided shared libraries.";
pub(super) const VERSIONED_SYMBOLS: &str =
    "The wheel references external versioned symbols in these system-provided shared libraries:";
pub(super) const NO_LIBRARIES: &str = "The wheel requires no external shared libraries! :)";
pub(super) const LIBRARIES: &str = "The following external shared libraries are required by the wheel:";

/// The first sentence of `show`.
pub(super) fn consistent_sentence(audit: &Audit) -> String {
    match audit.kind {
        WheelKind::Platform => {
            format!(
                "{} is consistent with the following platform tag: \"{}\".",
                audit.wheel,
                audit.overall_tag()
            )
        }
        WheelKind::Pure | WheelKind::PlatformWithoutElf => no_elf_sentence().to_owned(),
    }
}

/// auditwheel's message for a wheel that needs no repair.
#[must_use]
pub fn no_elf_sentence() -> &'static str {
    "This does not look like a platform wheel, no ELF executable or shared library file (including compiled Python \
     C extension) found in the wheel archive"
}

/// auditwheel's message for a wheel whose ELF files are all for other architectures than its name; `None` for
/// other wheels.
#[must_use]
pub fn invalid_wheel_sentence(audit: &Audit) -> Option<String> {
    if !audit.has_nothing_for_its_machine() {
        return None;
    }
    let name = audit.wheel.platforms().iter().find_map(PlatformTag::arch_name)?;
    let mut text = format!(
        "Invalid binary wheel: no ELF executable or shared library file (including compiled Python C extension) with a \
         '{name}' architecture found. The following ELF files were found:"
    );
    for (_, path, _, object) in audit.elf.members() {
        let arch = object.facts.arch.map_or_else(|| "unknown".to_owned(), |arch| arch.to_string());
        text.push_str(&format!("\n    {path}: {arch}"));
    }
    Some(text)
}

/// Versions required from libraries outside the wheel, by library.
pub(super) fn external_versioned_symbols(elf: &ElfAudit) -> BTreeMap<String, BTreeSet<String>> {
    versions_where(elf, |object, library| {
        let resolution = object.dependencies.iter().find(|d| d.name == library).map(|d| &d.resolution);
        !matches!(resolution, Some(Resolution::Object { index }) if !elf.is_outside(*index))
    })
}

/// Versions required from any library, by library, in auditwheel's form: libraries of the wheel are included,
/// glibc's loader is not (`elf_find_versioned_symbols` in `elfutils.py`).
pub(super) fn versioned_symbols(elf: &ElfAudit) -> BTreeMap<String, BTreeSet<String>> {
    versions_where(elf, |_, library| {
        !library.starts_with("ld-linux") && !["ld64.so.1", "ld64.so.2"].contains(&library)
    })
}

fn versions_where(
    elf: &ElfAudit,
    counts: impl Fn(&Object, &str) -> bool,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut symbols: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, _, _, object) in elf.members() {
        for need in object.facts.version_needs.iter().filter(|need| counts(object, &need.file)) {
            symbols.entry(need.file.clone()).or_default().extend(need.versions.iter().cloned());
        }
    }
    symbols
}
