//! `linux-tag`: a platform tag that promises nothing about the C library.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;
use crate::audit::wheel_kind::WheelKind;
use crate::wheel::PlatformTag;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("linux-tag"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "The platform tag does not name a C library; package indexes refuse it.",
    explanation: "\
A `linux_*` tag says that the wheel was built on some Linux. It names neither the C library nor its version, and does
not promise that the wheel contains the libraries it needs. Pythons on glibc and on musl both install such a wheel.
PyPI refuses it, except for `linux_armv6l` and `linux_armv7l`, which it accepted before there were policies for them.",
    source: "PEP 425; PEP 656; what PyPI checks on upload.",
    symptom: Some("Binary wheel 'demo-1.0-cp312-cp312-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'."),
    fix: "\
`muslrepair repair` gives the wheel a musllinux tag. A wheel without ELF files is retagged with `wheel tags
--platform-tag any` if it is pure Python.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let names: Vec<(bool, String)> = audit
        .platforms
        .iter()
        .filter_map(|tag| match tag {
            // PyPI accepts these two, from before there was a policy.
            PlatformTag::Linux(arch) => Some((arch == "armv6l" || arch == "armv7l", tag.to_string())),
            _ => None,
        })
        .collect();
    let tags = names.iter().map(|(accepted, tag)| (*accepted, tag.as_str()));
    let findings = grouped(tags).into_iter().map(|(accepted, tags)| {
        let promises = subject(&tags, "promises", "promise");
        let pypi = match (accepted, tags.len()) {
            (true, 1) => "PyPI accepts it nevertheless",
            (true, _) => "PyPI accepts them nevertheless",
            (false, 1) => "PyPI refuses it",
            (false, _) => "PyPI refuses them",
        };
        let message = format!("{promises} nothing about the C library, and {pypi}");
        let mut finding = RULE.finding(audit.name, message);
        finding.fixed_by_repair = package.kind == WheelKind::Platform;
        finding.with_hint(match package.kind {
            WheelKind::Platform => "`muslrepair repair` retags it",
            _ => "if it is pure Python, retag it with `wheel tags --platform-tag any`",
        })
    });
    findings.collect()
}
