//! `purelib`: a wheel with ELF files that says it has none.

use crate::audit::finding::{Code, Finding, Severity, first_few};
use crate::audit::subject::Subject;
use crate::audit::wheel_kind::WheelKind;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("purelib"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "ELF files are installed into the directory for pure Python.",
    explanation: "\
`Root-Is-Purelib: true` tells installers to put the wheel into `purelib`, the directory for files that are the same on every
platform, and so does `.data/purelib`. Where that is another directory than `platlib`, or is shared between machines, the ELF files are in the wrong place.",
    source: "PEP 427, \"File contents\" and \"Installing a wheel\".",
    symptom: None,
    fix: "\
`muslrepair repair` corrects `Root-Is-Purelib`; files of `.data/purelib` stay where they are. Or tell the build backend that the package has extension modules, so that it builds a platform wheel.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package.filter(|package| package.kind == WheelKind::Platform) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if package.wheel.info().root_is_purelib() {
        let message = "`Root-Is-Purelib` is true, but the wheel has ELF files";
        let hint = format!("{} corrects it", audit.repair_command());
        findings.push(RULE.finding(audit.name, message).with_hint(hint));
    }
    let below = format!("{}/purelib/", package.wheel.data_dir());
    let inside =
        audit.objects().map(|object| object.origin.display_name()).filter(|path| path.starts_with(&below));
    let inside: Vec<&str> = inside.collect();
    if !inside.is_empty() {
        let is = if inside.len() == 1 { "is an ELF file" } else { "are ELF files" };
        let message = format!("{} {is} in the directory for pure Python", first_few(&inside));
        let mut finding = RULE.finding_about(&inside, message);
        finding.fixed_by_repair = false;
        let platlib =
            format!("have the build backend put ELF files into `{}/platlib`", package.wheel.data_dir());
        findings.push(finding.with_hint(platlib));
    }
    findings
}
