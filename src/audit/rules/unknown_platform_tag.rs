//! `unknown-platform-tag`: a platform tag that no Python has.

use crate::audit::finding::{Code, Finding, Severity, listed, subject};
use crate::audit::subject::Subject;
use crate::audit::wheel_kind::WheelKind;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unknown-platform-tag"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "No Python has this platform tag, so no installer takes the wheel.",
    explanation: "\
Installers compare the platform tags of a wheel with those of their Python, letter by letter. Tags for Linux are `linux_<arch>`, and those of
PEP 600 and PEP 656, with the architecture as `uname -m` spells it: `x86_64` and not `amd64`, `aarch64` and not `arm64`. Tags such as `linux` or
`alpine_3_18_x86_64` are none of any system. PyPI refuses them. Where a wheel has no other tag, nobody can install it, which is an error.",
    source: "PEP 425, \"Platform Tag\"; PEP 600; PEP 656.",
    symptom: Some("ERROR: demo-1.0-cp312-cp312-linux_amd64.whl is not a supported wheel on this platform."),
    fix: "`muslrepair repair` drops such tags and gives the wheel a musllinux tag, where the wheel has ELF files.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let unknown = audit.platforms.iter().filter(|tag| !tag.is_known());
    let tags: Vec<String> = unknown.map(ToString::to_string).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    if tags.is_empty() {
        return Vec::new();
    }
    let is =
        subject(&tags, "is no platform tag that any Python has", "are no platform tags that any Python has");
    let mut finding = RULE.finding(audit.name, is);
    if tags.len() == audit.platforms.len() {
        finding.severity = Severity::Error;
    }
    finding.fixed_by_repair = package.kind == WheelKind::Platform;
    vec![finding.with_hint(match package.kind {
        WheelKind::Platform => format!("`muslrepair repair` drops {}", listed(&tags)),
        _ => "retag it with `wheel tags --platform-tag`".to_owned(),
    })]
}
