//! `unreadable-record`: rows of `RECORD` that cannot be read.

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::subject::Subject;

use super::record_mismatch::with_hint;
use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unreadable-record"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "`RECORD` has rows that cannot be read, or that are read in different ways.",
    explanation: "\
`RECORD` is a CSV file in UTF-8 with a row for each file: its name, its hash and its size. pip removes a package by these names. A row
that is blank or has another number of fields, a name that leads out of the installation directory, and a character at which Python ends a
line and others do not (`U+2028`, a carriage return), stop an installer, or make it remove a file of somebody else.",
    source: "\
PEP 376, \"RECORD\"; PEP 427; `get_csv_rows_for_installed` in pip's `_internal/operations/install/wheel.py`, and Python's
`str.splitlines`.",
    symptom: Some("IndexError: list index out of range"),
    fix: "\
`muslrepair repair` drops such rows and writes a right `RECORD`, where the wheel has ELF files. A wheel without ELF files would be copied as
it is, which `repair` refuses: build it again. `--allow unreadable-record` accepts it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let faults = package.wheel.record().unreadable();
    let Some((first, rest)) = faults.first.split_first() else { return Vec::new() };
    let record = format!("{}/RECORD", package.wheel.dist_info());
    let more = match faults.count - 1 {
        0 => String::new(),
        more => format!(", and {more} more rows cannot be read"),
    };
    let finding = RULE.finding(&record, format!("`{record}`, {first}{more}"));
    let details = rest.iter().map(ToString::to_string).collect();
    vec![with_hint(audit, package, finding.with_details(details))]
}
