//! `refused-by-index`: what PyPI does not accept.

use crate::audit::finding::{Code, Finding, Severity, first_few, listed};
use crate::audit::subject::{Package, Subject};
use crate::audit::wheel_kind::WheelKind;
use crate::platform::Arch;
use crate::wheel::PlatformTag;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("refused-by-index"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: false,
    summary: "PyPI does not accept the wheel.",
    explanation: "\
PyPI checks wheels on upload: its file name must begin with the normalized name of the project, and `METADATA` and the `.dist-info`
directory must have the same name and version; a musllinux tag must be for an architecture that it knows; files that `License-File` names must
be in the wheel; and the archive must have no data descriptors and no comment, because programs that read archives in different
ways would see different files. Other indexes may accept such a wheel.",
    source: "\
PEP 427, \"Escaping and Unicode\"; PEP 503; PEP 625; PEP 639, \"Add License-File field\"; and what PyPI checks on upload (`warehouse`).",
    symptom: Some("HTTPError: 400 Bad Request from https://upload.pypi.org/legacy/"),
    fix: "\
Build the wheel again with a build backend of today. `muslrepair repair` writes an archive without data descriptors and
comments; names, versions and licences it does not change.",
    check,
};

/// The architectures of musllinux tags that PyPI accepts.
const INDEXED: [Arch; 7] =
    [Arch::X86_64, Arch::I686, Arch::Aarch64, Arch::Armv7l, Arch::Ppc64le, Arch::S390x, Arch::Riscv64];

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let mut findings = Vec::new();
    findings.extend(architectures(audit));
    findings.extend(identity(package, audit.name));
    findings.extend(distribution(package, audit.name));
    findings.extend(dist_info(package, audit.name));
    findings.extend(licences(package, audit.name));
    findings.extend(archive(package, audit.name));
    findings
}

fn architectures(audit: &Subject<'_>) -> Option<Finding> {
    let refused = audit.platforms.iter().filter(|tag| {
        let indexed = tag.arch().is_some_and(|arch| INDEXED.contains(&arch)) || !tag.is_known();
        matches!(tag, PlatformTag::Musllinux { .. }) && !indexed
    });
    let tags: Vec<String> = refused.map(ToString::to_string).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let message = || format!("PyPI does not accept {}; other indexes do", listed(&tags));
    (!tags.is_empty()).then(|| RULE.finding(audit.name, message()))
}

/// Name and version of `METADATA` against those of the file name, spelt as the rules for file names spell them: names as
/// PEP 503 has them, and versions with `_` for `-` (PEP 427, "Escaping and Unicode").
fn identity(package: Package<'_>, name: &str) -> Vec<Finding> {
    let plain = |text: &str| {
        let words = text.split(['-', '_', '.']).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_lowercase()
    };
    let spelt = |text: &str| text.replace('-', "_").to_lowercase();
    let (metadata, filename) = (package.wheel.metadata(), package.wheel.filename());
    let differs = |what: &str, listed: &str, named: &str| {
        let dist_info = package.wheel.dist_info();
        let message = format!("`{dist_info}/METADATA` has {what} `{listed}`, the file name `{named}`");
        RULE.finding(name, message).with_hint("build the wheel again")
    };
    let mut findings = Vec::new();
    if plain(metadata.name()) != plain(filename.distribution()) {
        findings.push(differs("the name", metadata.name(), filename.distribution()));
    }
    if spelt(metadata.version()) != spelt(filename.version()) {
        findings.push(differs("the version", metadata.version(), filename.version()));
    }
    findings
}

fn distribution(package: Package<'_>, name: &str) -> Option<Finding> {
    let distribution = package.wheel.filename().distribution();
    let normal = distribution.replace(['-', '.'], "_").to_lowercase();
    let message =
        || format!("PyPI expects a file name that begins with `{normal}-`, not with `{distribution}-`");
    let finding =
        || RULE.finding(name, message()).with_hint("build the wheel again, with a build backend of today");
    (distribution != normal).then(finding)
}

fn dist_info(package: Package<'_>, name: &str) -> Option<Finding> {
    let filename = package.wheel.filename();
    let expected = format!("{}-{}.dist-info", filename.distribution(), filename.version());
    let found = package.wheel.dist_info();
    let message = || format!("PyPI expects `{expected}`, the wheel has `{found}`");
    (found.as_str() != expected).then(|| RULE.finding(name, message()).with_hint("build the wheel again"))
}

/// `License-File` names files in `licenses` of the dist-info directory, since metadata 2.4 (PEP 639). Before, tools wrote it
/// as they liked.
fn licences(package: Package<'_>, name: &str) -> Option<Finding> {
    let metadata = package.wheel.metadata();
    let (major, minor) = metadata.all("Metadata-Version").next()?.split_once('.')?;
    let number = |text: &str| text.trim().parse::<u32>().ok();
    if (number(major)?, number(minor)?) < (2, 4) {
        return None;
    }
    let directory = format!("{}/licenses", package.wheel.dist_info());
    let is_missing = |file: &&str| package.wheel.member(&format!("{directory}/{file}")).is_none();
    let missing: Vec<&str> = metadata.all("License-File").filter(is_missing).collect();
    let message = || format!("`License-File` names what is not in `{directory}`: {}", listed(&missing));
    let hint = "build the wheel again, with a build backend that knows PEP 639";
    (!missing.is_empty()).then(|| RULE.finding(name, message()).with_hint(hint))
}

/// How the archive is written. A wheel with ELF files is written anew by a repair.
fn archive(package: Package<'_>, name: &str) -> Vec<Finding> {
    let streamed: Vec<&str> = package
        .wheel
        .members()
        .iter()
        .filter(|member| member.streamed)
        .map(|member| member.path.as_str())
        .collect();
    let mut messages = Vec::new();
    if !streamed.is_empty() {
        let has = if streamed.len() == 1 { "has a data descriptor" } else { "have data descriptors" };
        messages.push(format!("{} {has}, which PyPI refuses", first_few(&streamed)));
    }
    if package.wheel.has_comment() {
        messages.push("the archive has a comment, which PyPI refuses".to_owned());
    }
    let findings = messages.into_iter().map(|message| {
        let mut finding = RULE.finding(name, message).with_hint("write the archive again");
        finding.fixed_by_repair = package.kind == WheelKind::Platform;
        finding
    });
    findings.collect()
}
