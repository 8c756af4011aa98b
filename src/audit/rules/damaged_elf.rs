//! `damaged-elf`: damaged ELF files that nothing loads.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::roles::DataReason;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("damaged-elf"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A file that nothing loads begins like an ELF file, but is damaged.",
    explanation: "\
Fixtures of tests are cut short on purpose, and some data formats begin with the bytes of an ELF file by accident. Where such a file has
neither the name of an extension module nor is a library or program for the wheel's machine, nothing loads it, and it is data. Where
it is one of these, the error is `not-loadable`.",
    source: "gABI, \"ELF Header\" and \"Program Header\".",
    symptom: None,
    fix: "Nothing has to be fixed, unless the file was damaged by accident. `repair` copies it byte for byte.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.data.iter().filter_map(|file| match &file.reason {
        DataReason::Damaged(error) => Some((error.as_str(), file.path.as_str())),
        _ => None,
    });
    let findings = grouped(found).into_iter().map(|(error, files)| {
        let begins = subject(&files, "begins", "begin");
        let stays = if files.len() == 1 { "it stays as it is" } else { "they stay as they are" };
        RULE.finding_about(&files, format!("{begins} as ELF files do, but cannot be read ({error}); {stays}"))
    });
    findings.collect()
}
