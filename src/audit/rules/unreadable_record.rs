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
`RECORD` is a CSV file in UTF-8 with a row for each file: its name, its hash and its size. pip uses these names to
remove a package. A blank row, a row with another number of fields, a name that points out of the installation
directory, or a character at which Python ends a line and other readers do not (`U+2028`, a carriage return) stops an
installer, or makes it remove files of other packages.",
    source: "\
PEP 376, \"RECORD\"; PEP 427; `get_csv_rows_for_installed` in pip's `_internal/operations/install/wheel.py`, and
Python's `str.splitlines`.",
    symptom: Some("IndexError: list index out of range"),
    fix: "\
If the wheel has ELF files, `muslrepair repair` writes a correct `RECORD` without such rows. It refuses other wheels,
which it would copy unchanged: build them again. `--allow unreadable-record` accepts it.",
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
