//! `overclaimed-tag`.

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::minimum::MinimumMusl;
use crate::audit::subject::Subject;
use crate::musl::Release;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("overclaimed-tag"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "The wheel needs a newer musl than was asked for.",
    explanation: "x.",
    source: "x.",
    symptom: None,
    fix: "x.",
    check,
};

fn check(_: &Subject<'_>) -> Vec<Finding> {
    Vec::new()
}

pub(crate) fn overclaimed(minimum: &MinimumMusl, name: &str, asked: Release) -> Finding {
    RULE.finding(name, format!("{:?} {asked}", minimum.version))
}
