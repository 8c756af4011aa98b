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
    summary: "No Python has this platform tag, so no installer accepts the wheel.",
    explanation: "\
Installers compare the platform tags of a wheel literally with those of their Python. Tags for Linux are
`linux_<arch>`, and those of PEP 600 and PEP 656, with the architecture as `uname -m` spells it: `x86_64` and not
`amd64`, `aarch64` and not `arm64`. No system has tags such as `linux` or `alpine_3_18_x86_64`. PyPI refuses them. If
a wheel has no other tag, nobody can install it; this is an error.",
    source: "PEP 425, \"Platform Tag\"; PEP 600; PEP 656.",
    symptom: Some("ERROR: demo-1.0-cp312-cp312-linux_amd64.whl is not a supported wheel on this platform."),
    fix: "If the wheel has ELF files, `muslrepair repair` drops such tags and gives it a musllinux tag.",
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
    let is = subject(&tags, "is not a platform tag of any Python", "are not platform tags of any Python");
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
