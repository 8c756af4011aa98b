//! The changes to a wheel's name and its `WHEEL` file.

use std::collections::BTreeSet;

use serde::Serialize;

use super::error::RepairError;
use crate::audit::rules::overclaimed;
use crate::audit::{Audit, WheelKind, built_for_musl};
use crate::musl::MuslRelease;
use crate::platform::{Arch, MuslVersion};
use crate::policy::Policy;
use crate::wheel::{PlatformTag, Wheel, WheelFilename, WheelInfo, WheelInfoJson};

use super::note::Note;
use super::options::{PlatformChoice, RepairOptions};

/// The changes to `WHEEL` and `WHEEL.json`. A field that is `None` is not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetadataEdit {
    /// The `Tag:` lines: the product of the file name's tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// `Root-Is-Purelib`, which is false if there is an ELF file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_is_purelib: Option<bool>,
    /// `Build`, a copy of the file name's build tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}

impl MetadataEdit {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The new bytes of `WHEEL`.
    #[must_use]
    pub fn apply(&self, info: &WheelInfo) -> Vec<u8> {
        let mut info = info.clone();
        if let Some(tags) = &self.tags {
            info.set_tags(tags);
        }
        if let Some(purelib) = self.root_is_purelib {
            info.set_root_is_purelib(purelib);
        }
        if let Some(build) = &self.build {
            info.set_build(Some(build));
        }
        info.to_bytes()
    }

    /// The new bytes of `WHEEL.json`, which has the same content (PEP 819).
    #[must_use]
    pub fn apply_to_json(&self, json: &WheelInfoJson) -> Vec<u8> {
        let mut json = json.clone();
        if let Some(tags) = &self.tags {
            json.set_tags(tags);
        }
        if let Some(purelib) = self.root_is_purelib {
            json.set_root_is_purelib(purelib);
        }
        if let Some(build) = &self.build {
            json.set_build(build);
        }
        json.to_bytes()
    }

    /// The necessary changes to `WHEEL`, and to `WHEEL.json` if it exists, for a wheel with this name.
    pub(super) fn between(wheel: &Wheel, filename: &WheelFilename) -> Self {
        let (info, json) = (wheel.info(), wheel.info_json());
        let tags = filename.tags();
        let named: BTreeSet<String> = tags.iter().cloned().collect();
        // Lines that list the same tags in another form stay.
        let same = info.tag_set() == named
            && json.is_none_or(|json| json.tags().is_some_and(|tags| BTreeSet::from_iter(tags) == named));
        let differs = |build: &&str| {
            info.build() != Some(build) || json.is_some_and(|json| json.build().as_deref() != Some(build))
        };
        let purelib =
            info.root_is_purelib() || json.is_some_and(|json| json.root_is_purelib() != Some(false));
        Self {
            tags: (!same).then_some(tags),
            root_is_purelib: purelib.then_some(false),
            build: filename.build().filter(differs).map(str::to_owned),
        }
    }
}

/// The platform of the result: the requested tag, the wheel's own musllinux tag, or the newest policy.
pub(super) fn target(audit: &Audit, options: &RepairOptions) -> Result<PlatformTag, RepairError> {
    let Some(arch) = audit.elf.arch else { return Err(RepairError::NoPolicy(audit.wheel.to_string())) };
    match &options.platform {
        PlatformChoice::Auto => {
            let own = audit
                .wheel
                .platforms()
                .iter()
                .filter(|tag| matches!(tag, PlatformTag::Musllinux { .. }))
                .min();
            match own {
                // The architecture is written as Pythons spell it, whatever the name says.
                Some(PlatformTag::Musllinux { version, .. }) => Ok(version.platform(arch)),
                _ => Policy::default_for(arch)
                    .map(|policy| policy.version.platform(arch))
                    .ok_or_else(|| RepairError::NoPolicy(format!("musllinux for {arch}"))),
            }
        }
        PlatformChoice::Policy(version) => Policy::find(*version, arch)
            .map(|policy| policy.version.platform(arch))
            .ok_or_else(|| RepairError::NoPolicy(version.platform(arch).to_string())),
        PlatformChoice::Tag(tag) => {
            // A 32-bit process on a 64-bit ARM kernel reports this machine; the objects show the real one.
            if let (PlatformTag::Musllinux { version, arch: name }, Arch::Armv7l | Arch::Aarch64) =
                (tag, arch)
                && name == "armv8l"
            {
                return Ok(version.platform(arch));
            }
            if tag.arch() != Some(arch) {
                return Err(RepairError::WrongPlatform { built: arch.to_string(), asked: tag.to_string() });
            }
            if let PlatformTag::Musllinux { version, .. } = tag {
                Policy::find(*version, arch).ok_or_else(|| RepairError::NoPolicy(tag.to_string()))?;
            }
            Ok(tag.clone())
        }
    }
}

/// The oldest musl that the result has to load on: from `--min-musl`, and from a requested musllinux tag or
/// policy that promises one older than 1.2. (Nearly every current wheel needs more than `musllinux_1_2`
/// promises, so that tag does not count.)
pub(super) fn musl_asked_for(target: &PlatformTag, options: &RepairOptions) -> Option<MuslRelease> {
    let granted = match (&options.platform, target) {
        (PlatformChoice::Auto, _) => None,
        (_, PlatformTag::Musllinux { version, .. }) if *version < MuslVersion::V1_2 => {
            Some(MuslRelease::oldest_of(*version))
        }
        _ => None,
    };
    [options.min_musl, granted].into_iter().flatten().min()
}

/// Checks that the result loads on every requested musl. `lowers_relr` says whether `DT_RELR` is lowered.
pub(super) fn check_minimum(
    audit: &Audit,
    target: &PlatformTag,
    options: &RepairOptions,
    lowers_relr: bool,
) -> Result<(), RepairError> {
    if audit.allow.iter().any(|code| *code == "overclaimed-tag") {
        return Ok(());
    }
    let minimum = if lowers_relr { &audit.elf.minimum_musl_repaired } else { &audit.elf.minimum_musl };
    match musl_asked_for(target, options) {
        Some(asked) if minimum.exceeds(asked) => Err(RepairError::Unrepairable {
            findings: vec![overclaimed(minimum, &audit.wheel.to_string(), audit.elf.arch, asked)],
        }),
        _ => Ok(()),
    }
}

/// The file name of the result. The target replaces `linux` and `any`, tags that no Python has, and tags for
/// glibc if the wheel is evidently for musl. Tags of other systems stay. Of several musllinux tags only the
/// target stays, unless no tag was requested and no other tag is replaced.
pub(super) fn output_name(
    audit: &Audit,
    target: &PlatformTag,
    options: &RepairOptions,
) -> Result<WheelFilename, RepairError> {
    let mut name = audit.wheel.clone();
    let current = audit.wheel.platforms();
    let for_musl = built_for_musl(&audit.elf.graph).is_some();
    let gives_way = |tag: &PlatformTag| match tag {
        PlatformTag::Linux(_) | PlatformTag::Any => true,
        PlatformTag::Manylinux(_) if for_musl => true,
        tag => !tag.is_known(),
    };
    let settled = options.platform == PlatformChoice::Auto
        && current.contains(target)
        && !current.iter().any(gives_way);
    if options.update_tags && !settled && audit.kind == WheelKind::Platform {
        let replaced = |tag: &PlatformTag| gives_way(tag) || matches!(tag, PlatformTag::Musllinux { .. });
        let mut platforms: Vec<PlatformTag> = current.iter().filter(|tag| !replaced(tag)).cloned().collect();
        platforms.push(target.clone());
        platforms.sort_by_key(ToString::to_string);
        name = name.with_platforms(&platforms)?;
    }
    if let Some(build) = &options.build_tag {
        name = name.with_build(Some(build))?;
    }
    Ok(name)
}

/// The file name of a wheel that uses libraries of the system, and the changes to its metadata: all Linux
/// tags, for any C library, are replaced with `linux` for this architecture.
///
/// # Errors
///
/// If the file name would be invalid.
pub(crate) fn renamed(
    wheel: &Wheel,
    arch: Arch,
    build: Option<&str>,
) -> Result<(WheelFilename, MetadataEdit), RepairError> {
    let filename = wheel.filename();
    let is_for_linux = |tag: &PlatformTag| {
        matches!(tag, PlatformTag::Linux(_) | PlatformTag::Musllinux { .. } | PlatformTag::Manylinux(_))
            || *tag == PlatformTag::Any
            || !tag.is_known()
    };
    let mut platforms: Vec<PlatformTag> =
        filename.platforms().iter().filter(|tag| !is_for_linux(tag)).cloned().collect();
    platforms.push(PlatformTag::Linux(arch.to_string()));
    platforms.sort_by_key(ToString::to_string);
    let mut output = filename.with_platforms(&platforms)?;
    if let Some(build) = build {
        output = output.with_build(Some(build))?;
    }
    let edit = MetadataEdit::between(wheel, &output);
    Ok((output, edit))
}

/// The tags that are removed from the name: those for glibc, with the evidence that the wheel is for musl,
/// and those that no Python has. Plain Linux tags are not reported, because the new tag replaces them.
pub(super) fn dropped_tags(audit: &Audit, output: &WheelFilename) -> Vec<Note> {
    let object = built_for_musl(&audit.elf.graph);
    let dropped = audit.wheel.platforms().iter().filter(|tag| !output.platforms().contains(tag));
    let notes = dropped.filter_map(|tag| match (tag, object) {
        (PlatformTag::Manylinux(_), Some(object)) => {
            Some(Note::TagDropped { tag: tag.clone(), object: Some(object.to_owned()) })
        }
        (tag, _) if !tag.is_known() => Some(Note::TagDropped { tag: tag.clone(), object: None }),
        _ => None,
    });
    notes.collect()
}
