//! `purelib`: a wheel with ELF files that is marked as pure Python.

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
`Root-Is-Purelib: true` tells installers to put the wheel into `purelib`, the directory for files that are the same on
every platform; `.data/purelib` has the same effect for the files in it. On systems where `purelib` and `platlib`
differ, or where `purelib` is shared between machines, the ELF files are in the wrong place.",
    source: "PEP 427, \"File contents\" and \"Installing a wheel\".",
    symptom: None,
    fix: "\
`muslrepair repair` corrects `Root-Is-Purelib`; files in `.data/purelib` are not moved. Or tell the build backend that
the package has extension modules, so that it builds a platform wheel.",
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
        let platlib = format!(
            "configure the build backend to put ELF files into `{}/platlib`",
            package.wheel.data_dir()
        );
        findings.push(finding.with_hint(platlib));
    }
    findings
}
