//! `limit-exceeded`: a search that was ended by a limit.

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::subject::Subject;
use crate::limits::Limits;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("limit-exceeded"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A limit was reached, so part of the wheel was not checked.",
    explanation: "\
The number of objects and of searches is limited, so that a damaged or hostile wheel cannot keep the program busy
forever. Everything past the limit was not read: findings and libraries may be missing.",
    source: "muslrepair's own limits, which `--limit` changes.",
    symptom: None,
    fix: "\
If you trust the wheel, raise the limit named in the message with `--limit NAME=VALUE`. `muslrepair repair` stops at
the same limit.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let exceeded = audit.graph.exceeded.iter();
    let findings = exceeded.map(|exceeded| {
        let finding = RULE.finding(&exceeded.object, exceeded.to_string());
        finding.with_hint(Limits::hint(exceeded.what))
    });
    findings.collect()
}
