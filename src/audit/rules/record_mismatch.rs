//! `record-mismatch`: rows of `RECORD` that do not match the wheel.

use crate::audit::finding::{Code, Finding, Severity, first_few, subject};
use crate::audit::subject::{Package, Subject};
use crate::audit::wheel_kind::WheelKind;
use crate::wheel::{Mismatch, RowMismatch};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("record-mismatch"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "`RECORD` does not match the files of the wheel.",
    explanation: "\
`RECORD` lists every file of a wheel once, with its SHA-256 and its size. A row with another hash or size, or for a
file that the wheel does not have, means that the wheel was changed after it was built, or damaged. pip and uv ignore
the hashes and install such a wheel; `wheel unpack`, `installer` and programs that check installed packages refuse it.

Rows for directories, files that are listed twice, and hashes that are missing, weaker than SHA-256 or not encoded as
PEP 427 requires are a warning, because installers ignore them.",
    source: "PEP 427, \"The .dist-info directory\"; PEP 376, \"RECORD\".",
    symptom: Some("wheel.wheelfile.WheelError: Hash mismatch for file 'demo/__init__.py'"),
    fix: "\
If the wheel has ELF files, `muslrepair repair` warns and writes a correct `RECORD`; pure wheels are copied unchanged,
so build them again. `--allow record-mismatch` accepts it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let kinds: [fn(&Mismatch) -> bool; 4] = [
        |mismatch| matches!(mismatch, Mismatch::Hash),
        |mismatch| matches!(mismatch, Mismatch::Size { .. }),
        |mismatch| matches!(mismatch, Mismatch::Absent),
        |mismatch| matches!(mismatch, Mismatch::Directory),
    ];
    let groups = kinds.into_iter().map(|is_kind| {
        let rows = package.mismatches.iter().filter(|row| is_kind(&row.mismatch));
        rows.collect::<Vec<_>>()
    });
    let found = groups.filter_map(|rows| of_one_kind(package, &rows));
    found.chain(deviations(package)).map(|finding| with_hint(audit, package, finding)).collect()
}

/// The finding about rows that differ from the wheel in the same way.
fn of_one_kind(package: Package<'_>, rows: &[&RowMismatch]) -> Option<Finding> {
    let (first, rest) = rows.split_first()?;
    let members: Vec<String> = rows.iter().map(|row| row.member.to_string()).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let record = format!("`{}/RECORD`", package.wheel.dist_info());
    let message = match first.mismatch {
        Mismatch::Hash => {
            format!("{} the hash that {record} gives", subject(&members, "does not have", "do not have"))
        }
        Mismatch::Size { listed, found } if rest.is_empty() => {
            format!("{} {found} bytes, and {record} says {listed}", subject(&members, "has", "have"))
        }
        Mismatch::Size { .. } => {
            format!("{} the size that {record} gives", subject(&members, "does not have", "do not have"))
        }
        Mismatch::Absent => {
            format!("{record} lists files that the wheel does not have: {}", first_few(&members))
        }
        Mismatch::Directory => {
            format!("{record} lists directories: {}", first_few(&members))
        }
    };
    let finding = RULE.finding_about(&members, message);
    Some(match first.mismatch {
        Mismatch::Directory => finding.with_severity(Severity::Warning),
        _ => finding,
    })
}

/// The finding about rows that PEP 427 does not allow and installers accept.
fn deviations(package: Package<'_>) -> Option<Finding> {
    let faults = package.wheel.record().deviations();
    let (first, rest) = faults.first.split_first()?;
    let record = format!("{}/RECORD", package.wheel.dist_info());
    let more = match faults.count - 1 {
        0 => String::new(),
        more => format!(", and {more} more such rows"),
    };
    let finding = RULE.finding(&record, format!("`{record}`, {first}{more}"));
    let details = rest.iter().map(ToString::to_string).collect();
    Some(finding.with_severity(Severity::Warning).with_details(details))
}

/// Adds a hint on how to fix a wrong `RECORD`.
pub(super) fn with_hint(audit: &Subject<'_>, package: Package<'_>, mut finding: Finding) -> Finding {
    finding.fixed_by_repair = package.kind == WheelKind::Platform;
    let code = finding.code;
    let hint = match finding.fixed_by_repair {
        true => {
            format!("{} writes a correct `RECORD`; `--allow {code}` accepts this one", audit.repair_command())
        }
        false => format!("build the wheel again, or accept it with `--allow {code}`"),
    };
    finding.with_hint(hint)
}
