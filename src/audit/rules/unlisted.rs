//! `unlisted`: files that `RECORD` does not list.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::subject::Subject;
use crate::wheel::WheelPath;

use super::record_mismatch::with_hint;
use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unlisted"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "A file of the wheel is not listed in `RECORD`.",
    explanation: "\
`RECORD` lists every file of a wheel with its hash. Changes to a file that is not listed go unnoticed; some installers
skip it, others install it, and pip does not remove it with the package.",
    source: "PEP 427, \"The .dist-info directory\".",
    symptom: None,
    fix: "\
If the wheel has ELF files, `muslrepair repair` writes a `RECORD` that lists every file; pure wheels are copied
unchanged, so build them again. `--allow unlisted` accepts it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package.filter(|package| !package.unlisted.is_empty()) else {
        return Vec::new();
    };
    let files: Vec<String> = package.unlisted.iter().map(WheelPath::to_string).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let message =
        format!("{} not listed in `{}/RECORD`", subject(&files, "is", "are"), package.wheel.dist_info());
    vec![with_hint(audit, package, RULE.finding_about(&files, message))]
}
