//! `damaged-elf`: damaged files that nothing loads.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::roles::DataReason;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("damaged-elf"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A file that nothing loads starts like an ELF file, but is damaged.",
    explanation: "\
Test fixtures may be truncated on purpose, and some data formats start like an ELF file by accident. If such a file is
not named like an extension module, and is no library or program for the wheel's machine, nothing loads it: it is
data. Otherwise the error is `not-loadable`.",
    source: "gABI, \"ELF Header\" and \"Program Header\".",
    symptom: None,
    fix: "Nothing needs fixing, unless the file was damaged by accident. `repair` copies it byte for byte.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.data.iter().filter_map(|file| match &file.reason {
        DataReason::Damaged(error) => Some((error.as_str(), file.path.as_str())),
        _ => None,
    });
    let findings = grouped(found).into_iter().map(|(error, files)| {
        let starts = subject(&files, "starts", "start");
        let stays = if files.len() == 1 { "it stays as it is" } else { "they stay as they are" };
        RULE.finding_about(
            &files,
            format!("{starts} like an ELF file, but cannot be read ({error}); {stays}"),
        )
    });
    findings.collect()
}
