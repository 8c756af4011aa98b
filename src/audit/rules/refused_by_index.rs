//! `refused-by-index`: wheels that PyPI does not accept.

use crate::audit::finding::{Code, Finding, Severity, first_few, listed};
use crate::audit::subject::{Package, Subject};
use crate::audit::wheel_kind::WheelKind;
use crate::escaped::Excerpt;
use crate::platform::Arch;
use crate::wheel::{
    Member, PlatformTag, VersionKind, canonical, is_path, leads_elsewhere, normalized_name, version_kind,
};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("refused-by-index"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: false,
    summary: "PyPI does not accept the wheel.",
    explanation: "\
PyPI checks wheels on upload: the file name must begin with the normalized name of the project; `METADATA` and the
`.dist-info` directory must have the same name and version; the version must follow PEP 440 and have no local part
(`+cpu`); a musllinux tag must be for an architecture that it knows; files that `License-File` names must be in the
wheel; scripts in `entry_points.txt` must have plain names; members of more than 64 MiB together must not be more than
50 times larger than the archive; and the archive must have no data descriptors and no comment, because different
programs would read different files from it. Other indexes may accept such a wheel.

Some of this affects installers too and is an error: pip (since 25.3) and uv refuse a wheel whose version does not
follow PEP 440. uv also refuses a wheel with another name or version in `METADATA` than in its file name, and a ZIP64
field that the sizes do not need.",
    source: "\
PEP 427, \"Escaping and Unicode\"; PEP 440; PEP 503; PEP 625; PEP 639, \"Add License-File field\"; the entry points
specification; APPNOTE 4.5.3; and what PyPI checks on upload (`warehouse`).",
    symptom: Some("HTTPError: 400 Bad Request from https://upload.pypi.org/legacy/"),
    fix: "\
Build the wheel again with a current build backend. `muslrepair repair` writes an archive without data descriptors,
comments and ZIP64 fields; it does not change names, versions, scripts and licences.",
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
    findings.extend(version(package, audit.name));
    findings.extend(licences(package, audit.name));
    findings.extend(scripts(package, audit.name));
    findings.extend(ratio(package, audit.name));
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
/// PEP 503 has them, and versions with `_` for `-` (PEP 427, "Escaping and Unicode"). Another spelling of the same version is
/// refused by PyPI only.
fn identity(package: Package<'_>, name: &str) -> Vec<Finding> {
    let (metadata, filename) = (package.wheel.metadata(), package.wheel.filename());
    let differs = |what: &str, listed: &str, named: &str| {
        let dist_info = package.wheel.dist_info();
        let message = format!("`{dist_info}/METADATA` has {what} `{listed}`, the file name `{named}`");
        RULE.finding(name, message).with_hint("build the wheel again")
    };
    let mut findings = Vec::new();
    let (listed, named) = (metadata.name(), filename.distribution());
    if !is_project_name(listed) || normalized_name(listed) != normalized_name(named) {
        findings.push(differs("the name", listed, named).with_severity(Severity::Error));
    }
    let (listed, named) = (metadata.version(), filename.version());
    if spelt(listed) != spelt(named) {
        let same = canonical(listed).is_some_and(|version| Some(version) == canonical(named));
        let severity = if same { Severity::Warning } else { Severity::Error };
        findings.push(differs("the version", listed, named).with_severity(severity));
    }
    findings
}

/// Whether a text is the name of a project (PEP 508, "Names").
fn is_project_name(name: &str) -> bool {
    let ends_well = |end: Option<char>| end.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ends_well(name.chars().next()) && ends_well(name.chars().next_back()) && name.chars().all(is_right)
}

fn distribution(package: Package<'_>, name: &str) -> Option<Finding> {
    let distribution = package.wheel.filename().distribution();
    let normal = normalized_name(distribution).replace('-', "_");
    let message =
        || format!("PyPI expects a file name that begins with `{normal}-`, not with `{distribution}-`");
    let finding =
        || RULE.finding(name, message()).with_hint("build the wheel again with a current build backend");
    (distribution != normal).then(finding)
}

/// A version in the form for file names.
fn spelt(version: &str) -> String {
    version.replace('-', "_").to_lowercase()
}

/// The version of the file name, and that of `METADATA` if it differs.
fn version(package: Package<'_>, name: &str) -> Vec<Finding> {
    let (named, listed) = (package.wheel.filename().version(), package.wheel.metadata().version());
    let other = Some(listed).filter(|listed| spelt(listed) != spelt(named));
    let found = std::iter::once(named).chain(other).filter_map(|version| {
        let shown = Excerpt(version);
        match version_kind(version) {
            VersionKind::Public => None,
            VersionKind::Local => {
                let message = format!("PyPI does not accept the local version `{shown}`; other indexes do");
                Some(RULE.finding(name, message).with_hint("build the wheel with a version without `+`"))
            }
            VersionKind::Invalid => {
                let message =
                    format!("`{shown}` is not a version of PEP 440: pip, uv and PyPI refuse the wheel");
                let hint = "build the wheel with a version such as `1.0.post1`";
                Some(RULE.finding(name, message).with_hint(hint).with_severity(Severity::Error))
            }
        }
    });
    found.collect()
}

fn scripts(package: Package<'_>, name: &str) -> Option<Finding> {
    // Where installers differ about one, that is another finding.
    let paths = package.wheel.scripts().iter().filter(|script| is_path(script) && !leads_elsewhere(script));
    let paths: Vec<String> = paths.map(|path| Excerpt(path).to_string()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let message = || {
        let dist_info = package.wheel.dist_info();
        format!("`{dist_info}/entry_points.txt` has paths instead of names for scripts: {}", listed(&paths))
    };
    let finding =
        || RULE.finding(name, message()).with_hint("give the scripts plain names, and build the wheel again");
    (!paths.is_empty()).then(finding)
}

/// `COMPRESSION_RATIO_THRESHOLD` and `COMPRESSION_RATIO_MIN_SIZE` of `warehouse`.
fn ratio(package: Package<'_>, name: &str) -> Option<Finding> {
    const THRESHOLD: u64 = 50;
    const FLOOR: u64 = 64 << 20;
    let sizes = package.wheel.members().iter().map(|member| member.size);
    let unpacked = sizes.fold(0, u64::saturating_add);
    let is_refused = unpacked > FLOOR && unpacked > package.wheel.size().saturating_mul(THRESHOLD);
    let message = || {
        let times = unpacked / package.wheel.size().max(1);
        format!("the members are {times} times larger than the archive; PyPI refuses more than {THRESHOLD}")
    };
    is_refused.then(|| RULE.finding(name, message()))
}

fn dist_info(package: Package<'_>, name: &str) -> Option<Finding> {
    let filename = package.wheel.filename();
    let expected = format!("{}-{}.dist-info", filename.distribution(), filename.version());
    let found = package.wheel.dist_info();
    let message = || format!("PyPI expects `{expected}`, the wheel has `{found}`");
    (found.as_str() != expected).then(|| RULE.finding(name, message()).with_hint("build the wheel again"))
}

/// Checks `License-File`, which since metadata 2.4 names files in `licenses` of the dist-info directory (PEP 639). Before,
/// its meaning was not defined.
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
    let message =
        || format!("`License-File` names files that are not in `{directory}`: {}", listed(&missing));
    let hint = "build the wheel again with a build backend that supports PEP 639";
    (!missing.is_empty()).then(|| RULE.finding(name, message()).with_hint(hint))
}

/// Checks the archive itself. A repair writes the archive of a wheel with ELF files anew.
fn archive(package: Package<'_>, name: &str) -> Vec<Finding> {
    let paths = |is_asked: fn(&&Member) -> bool| -> Vec<&str> {
        let members = package.wheel.members().iter().filter(is_asked);
        members.map(|member| member.path.as_str()).collect()
    };
    let (streamed, irregular_zip64) =
        (paths(|member| member.streamed), paths(|member| member.irregular_zip64));
    let mut messages = Vec::new();
    if !streamed.is_empty() {
        let has = if streamed.len() == 1 { "has a data descriptor" } else { "have data descriptors" };
        messages.push((Severity::Warning, format!("{} {has}, which PyPI refuses", first_few(&streamed))));
    }
    if !irregular_zip64.is_empty() {
        let has = if irregular_zip64.len() == 1 { "has a ZIP64 field" } else { "have ZIP64 fields" };
        let them = first_few(&irregular_zip64);
        let message = format!("{them} {has} with unnecessary sizes, which uv refuses");
        messages.push((Severity::Error, message));
    }
    if package.wheel.has_comment() {
        messages.push((Severity::Warning, "the archive has a comment, which PyPI refuses".to_owned()));
    }
    let findings = messages.into_iter().map(|(severity, message)| {
        let finding = RULE.finding(name, message).with_severity(severity);
        let mut finding = finding.with_hint("write the archive again");
        finding.fixed_by_repair = package.kind == WheelKind::Platform;
        finding
    });
    findings.collect()
}
