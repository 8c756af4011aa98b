//! What changes in a wheel's name and in its `WHEEL` file.

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

/// What changes in `WHEEL` and `WHEEL.json`. Fields that are `None` stay as they are, to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetadataEdit {
    /// The `Tag:` lines: the product of the file name's tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// `Root-Is-Purelib`, which is false wherever there is an ELF file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_is_purelib: Option<bool>,
    /// `Build`, which mirrors the file name's build tag.
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

    /// The new bytes of `WHEEL.json`, which says the same (PEP 819).
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

    /// What has to change in `WHEEL`, and in `WHEEL.json` where there is one, for a wheel of this name.
    pub(super) fn between(wheel: &Wheel, filename: &WheelFilename) -> Self {
        let (info, json) = (wheel.info(), wheel.info_json());
        let tags = filename.tags();
        let named: BTreeSet<String> = tags.iter().cloned().collect();
        // Lines that stand for the same tags in another way stay.
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

/// The platform the result is for: the tag asked for, the wheel's own musllinux tag, or the newest policy.
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
                // The architecture is spelt as Pythons have it, whatever the name says.
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
            // What a 32-bit process on a 64-bit ARM kernel says of its machine; the objects know better.
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

/// The oldest musl that the result has to load on: `--min-musl`, and the one that a musllinux tag or policy asked for by name
/// promises if that is older than 1.2. (Of `musllinux_1_2` nearly every current wheel promises too much, so that is no error.)
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

/// Whether the result loads on every musl that was asked for. `lowers_relr` says whether `DT_RELR` is lowered in it.
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

/// The file name of the result. `linux` and `any` give way to the target, and so do tags that no Python has, and tags for
/// glibc where the wheel shows that it is for musl; tags of other systems stay; of several musllinux tags only the target stays, unless nothing was
/// asked for and nothing else gives way.
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

/// The file name of a wheel that leaves its libraries to the system, and what changes in its metadata: of the tags for Linux,
/// whatever its C library, `linux` for this architecture is left.
///
/// # Errors
///
/// When no such file name can be made.
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

/// The tags for glibc that the result does not have, each with what shows that it is for musl, and those that no Python has.
/// A tag for Linux in general is no news: what takes its place says more.
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

/// The platform that a repair gives a wheel unless another one is asked for; `None` where no policy is for its architecture.
#[must_use]
pub fn default_target(audit: &Audit) -> Option<PlatformTag> {
    target(audit, &RepairOptions::default()).ok()
}
