//! The views that auditwheel's users know: its sentences, and its JSON of `show` (schema version 1).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::policy::{Audit, Policy, WheelKind};
use crate::resolve::{Origin, Resolution};
use crate::wheel::PlatformTag;

/// The first sentence of `show`.
pub(super) fn consistent_sentence(audit: &Audit) -> String {
    match audit.kind {
        WheelKind::Platform => {
            format!(
                "{} is consistent with the following platform tag: \"{}\".",
                audit.wheel,
                overall_tag(audit)
            )
        }
        WheelKind::Pure | WheelKind::PlatformWithoutElf => no_elf_sentence(),
    }
}

fn no_elf_sentence() -> String {
    "This does not look like a platform wheel, no ELF executable or shared library file (including compiled Python \
     C extension) found in the wheel archive"
        .to_owned()
}

/// The platform tag the wheel deserves as it is: the newest policy if it needs nothing from outside, else `linux`.
#[must_use]
fn overall_tag(audit: &Audit) -> String {
    let Some(arch) = audit.elf.arch else { return "linux".to_owned() };
    let own = audit.wheel.platforms().iter().filter(|tag| matches!(tag, PlatformTag::Musllinux { .. })).min();
    let best = own.cloned().or_else(|| Policy::default_for(arch).map(|policy| policy.version.platform(arch)));
    match best {
        Some(tag) if audit.elf.external_libraries().is_empty() && audit.elf.errors().next().is_none() => {
            tag.to_string()
        }
        _ => format!("linux_{arch}"),
    }
}

/// Versions wanted of libraries that the wheel does not hold, by library.
pub(super) fn versioned_symbols(audit: &Audit) -> BTreeMap<String, BTreeSet<String>> {
    let mut symbols: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, _, _, object) in audit.elf.members() {
        for need in &object.facts.version_needs {
            let resolution = object.dependencies.iter().find(|d| d.name == need.file).map(|d| &d.resolution);
            let inside =
                matches!(resolution, Some(Resolution::Object { index }) if !audit.elf.is_outside(*index));
            if !inside {
                symbols.entry(need.file.clone()).or_default().extend(need.versions.iter().cloned());
            }
        }
    }
    symbols
}

#[derive(Serialize)]
struct Platform<'a> {
    version: u32,
    wheel: &'a str,
    pure: bool,
    overall_tag: String,
    sym_tag: String,
    pyfpe: bool,
    ucs2: bool,
    unsupported_isa: bool,
    versioned_symbols: BTreeMap<String, BTreeSet<String>>,
    external_libs: BTreeMap<String, Option<String>>,
    policy_upgrades: BTreeMap<String, Upgrade>,
}

#[derive(Serialize)]
struct Upgrade {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    libs_to_eliminate: BTreeMap<String, Option<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    blacklisted_symbols: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Serialize)]
struct Pure<'a> {
    version: u32,
    wheel: &'a str,
    pure: bool,
}

#[derive(Serialize)]
struct Failure<'a> {
    version: u32,
    wheel: &'a str,
    error: &'a str,
}

/// `show --json` of auditwheel for a wheel: the keys its schema has, and no others.
#[must_use]
pub fn show_json(audit: &Audit, allow_pure: bool) -> String {
    let wheel = audit.wheel.to_string();
    if audit.kind != WheelKind::Platform {
        return if allow_pure && audit.kind == WheelKind::Pure {
            render(&Pure { version: 1, wheel: &wheel, pure: true })
        } else {
            show_error_json(&wheel, &no_elf_sentence())
        };
    }
    let external: BTreeMap<String, Option<String>> = (audit.elf.external_libraries().into_iter())
        .map(|library| {
            let object = library.object.and_then(|index| audit.elf.graph.objects.get(index));
            let path = object.and_then(|object| match &object.origin {
                Origin::File { file, .. } => Some(file.path.clone()),
                Origin::Member { .. } | Origin::Neighbour { .. } => None,
            });
            (library.name, path)
        })
        .collect();
    let mut blacklisted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, _, _, object) in audit.elf.members() {
        for (library, symbol) in &object.symbols.forbidden {
            blacklisted.entry(library.clone()).or_default().insert(symbol.clone());
        }
    }
    let best =
        audit.elf.arch.and_then(|arch| Policy::default_for(arch).map(|policy| policy.version.platform(arch)));
    let best = best.map(|tag| tag.to_string());
    let mut policy_upgrades = BTreeMap::new();
    if let (Some(best), false) = (&best, external.is_empty() && blacklisted.is_empty()) {
        let upgrade = Upgrade { libs_to_eliminate: external.clone(), blacklisted_symbols: blacklisted };
        policy_upgrades.insert(best.clone(), upgrade);
    }
    render(&Platform {
        version: 1,
        wheel: &wheel,
        pure: false,
        overall_tag: overall_tag(audit),
        sym_tag: best.unwrap_or_else(|| "linux".to_owned()),
        pyfpe: false,
        ucs2: false,
        unsupported_isa: false,
        versioned_symbols: versioned_symbols(audit),
        external_libs: external,
        policy_upgrades,
    })
}

/// `show --json` of auditwheel for a wheel that cannot be audited.
#[must_use]
pub fn show_error_json(wheel: &str, error: &str) -> String {
    render(&Failure { version: 1, wheel, error })
}

/// Four spaces of indentation, as auditwheel prints it.
fn render(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // Strings, booleans and maps with string keys always serialise, into memory that is always there.
    let _ = value.serialize(&mut serializer);
    String::from_utf8_lossy(&bytes).into_owned()
}
