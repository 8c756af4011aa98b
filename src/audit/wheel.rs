//! The audit of a wheel: what it contains, what it needs, what is wrong with it.

use serde::Serialize;

use crate::error::Error;
use crate::platform::Arch;
use crate::policy::Policy;
use crate::resolve::{InstalledLayout, Resolver};
use crate::wheel::{PlatformTag, Sha256Digest, Wheel, WheelError, WheelFilename, WheelPath};

use super::arch::fits;
use super::elf_audit::{ElfAudit, ObjectSet, audit_with};
use super::finding::{Code, Finding, Severity};
use super::install_set::Siblings;
use super::options::AuditOptions;
use super::scan::{ScannedWheel, scan_wheel};
use super::subject::Package;
use super::wheel_kind::WheelKind;

/// The audit of a wheel. Plain data: the text and the JSON of `show` are two renderings of it, and the plan
/// of a repair is made from it without reading any file again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// The file name of the wheel.
    pub wheel: WheelFilename,
    /// The kind of wheel.
    pub kind: WheelKind,
    /// The hash of every file, in archive order.
    #[serde(skip)]
    pub hashes: Vec<(WheelPath, Sha256Digest)>,
    /// Members that `RECORD` does not list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<WheelPath>,
    /// Whether every row of `RECORD` is correct, and every member has one.
    #[serde(skip)]
    pub record_is_right: bool,
    /// The audit of its ELF files.
    #[serde(flatten)]
    pub elf: ElfAudit,
    /// The findings about installers and package indexes.
    #[serde(skip)]
    pub packaging: Vec<Finding>,
    /// The rules whose findings were suppressed ([`AuditOptions::allow`]); a plan does not apply them either.
    #[serde(skip)]
    pub allow: Vec<Code>,
}

impl Audit {
    /// Every finding, those about loading first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.elf.findings.iter().chain(&self.packaging)
    }

    /// The platform tag that the unrepaired wheel qualifies for: its own musllinux tag or that of the newest
    /// policy if it needs nothing from outside, else `linux`.
    #[must_use]
    pub fn overall_tag(&self) -> String {
        let Some(arch) = self.elf.arch else { return "linux".to_owned() };
        let own =
            self.wheel.platforms().iter().filter(|tag| matches!(tag, PlatformTag::Musllinux { .. })).min();
        let newest = || Policy::default_for(arch).map(|policy| policy.version.platform(arch));
        let sound = self.elf.external_libraries().is_empty() && self.elf.errors().next().is_none();
        match own.cloned().or_else(newest) {
            Some(tag) if sound => tag.to_string(),
            _ => format!("linux_{arch}"),
        }
    }

    /// The findings that make the rest of `show` meaningless: the ELF files are for another machine than the
    /// file name says, or for one without a tag for musl wheels.
    pub fn wrong_machine(&self) -> impl Iterator<Item = &Finding> {
        self.elf
            .errors()
            .filter(|finding| ["wrong-machine", "unknown-machine"].contains(&finding.code.as_str()))
    }

    /// Whether the file name names architectures, and no ELF file is for one of them.
    #[must_use]
    pub fn has_nothing_for_its_machine(&self) -> bool {
        let names: Vec<&str> = self.wheel.platforms().iter().filter_map(PlatformTag::arch_name).collect();
        let is_named = |arch: Arch| names.iter().any(|name| fits(arch, name).is_some());
        let mut members = self.elf.members().map(|(.., object)| object.facts.arch);
        self.kind == WheelKind::Platform
            && !names.is_empty()
            && !members.any(|arch| arch.is_some_and(is_named))
    }

    /// The errors among them.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings().filter(|finding| finding.severity == Severity::Error)
    }
}

/// Audits a wheel: reads it like [`scan_wheel`], resolves what its ELF files need, and checks everything
/// against the rules.
///
/// # Errors
///
/// Like [`scan_wheel`]. A problem that prevents the repair of a valid wheel is a [`Finding`], not an error.
pub fn audit(wheel: &Wheel, resolver: &Resolver, options: &AuditOptions) -> Result<Audit, Error> {
    audit_scanned(wheel, scan_wheel(wheel)?, Siblings::default(), resolver, options)
}

/// Audits a wheel that was read before and is installed together with others: see [`super::InstallSet`].
///
/// # Errors
///
/// If the wheel has changed since it was read.
pub fn audit_scanned(
    wheel: &Wheel,
    scanned: ScannedWheel,
    siblings: Siblings,
    resolver: &Resolver,
    options: &AuditOptions,
) -> Result<Audit, Error> {
    if (wheel.filename(), wheel.size()) != (&scanned.name, scanned.size) {
        return Err(WheelError::Changed(wheel.path().to_owned()).into());
    }
    let ScannedWheel { name: filename, hashes, unlisted, mismatches, roles, .. } = scanned;
    let pure = filename.platforms().iter().all(|tag| *tag == PlatformTag::Any);
    let kind = match (roles.objects.is_empty(), pure) {
        (false, _) => WheelKind::Platform,
        (true, true) => WheelKind::Pure,
        (true, false) => WheelKind::PlatformWithoutElf,
    };
    let mut layout = InstalledLayout::new(filename.python_version());
    for place in hashes.iter().filter_map(|(path, _)| wheel.place(path).ok()) {
        layout.insert_other(&place);
    }
    for directory in &siblings.directories {
        layout.insert_directory(directory);
    }
    let package = Package { wheel, kind, unlisted: &unlisted, mismatches: &mismatches };
    let set = ObjectSet {
        siblings: siblings.objects,
        layout,
        platforms: filename.platforms().to_vec(),
        ..ObjectSet::of(filename.to_string(), roles)
    };
    let (elf, packaging) = audit_with(set, Some(package), resolver, options);
    let record_is_right = unlisted.is_empty() && mismatches.is_empty() && wheel.record().is_usual();
    Ok(Audit {
        wheel: filename,
        // With an included library it becomes a platform wheel.
        kind: if elf.included.is_empty() { kind } else { WheelKind::Platform },
        hashes,
        unlisted,
        record_is_right,
        elf,
        packaging,
        allow: options.allow.clone(),
    })
}
