//! `purelib`: a wheel with ELF files that says it has none.

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::subject::Subject;
use crate::audit::wheel_kind::WheelKind;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("purelib"),
    severity: Severity::Warning,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "`Root-Is-Purelib` is true although the wheel has ELF files.",
    explanation: "\
`Root-Is-Purelib: true` tells installers to put the wheel into `purelib`, the directory for files that are the same on every
platform. Where that is another directory than `platlib`, or is shared between machines, the ELF files are in the wrong place.",
    source: "PEP 427, \"File contents\" and \"Installing a wheel\".",
    symptom: None,
    fix: "\
`muslrepair repair` corrects it. Or tell the build backend that the package has extension modules, so that it builds a platform wheel.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let platform = audit.package.filter(|package| package.kind == WheelKind::Platform);
    if !platform.is_some_and(|package| package.wheel.info().root_is_purelib()) {
        return Vec::new();
    }
    let message = "`Root-Is-Purelib` is true, but the wheel has ELF files";
    vec![RULE.finding(audit.name, message).with_hint("`muslrepair repair` corrects it")]
}
