//! `foreign-elf`: ELF files that nothing loads.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::roles::DataReason;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("foreign-elf"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An ELF file is for another machine, or nothing loads it: it is data.",
    explanation: "\
Firmware, GPU code, helpers for other architectures and test fixtures can be ELF files too. musl loads only extension
modules, libraries (shared objects for the wheel's machine that another file needs, or that are named `*.so` or
`*.so.*`) and programs for the wheel's machine, and only these are checked. Every other ELF file is data: it breaks no
rule, and is never patched or stripped.",
    source: "The platform tag of the file name (PEP 425) with `e_machine` of the ELF header (gABI, \"ELF Header\").",
    symptom: None,
    fix: "\
Nothing needs fixing. If musl does load the file, give it the name of a library. `repair` copies it byte for byte.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit
        .data
        .iter()
        .filter(|file| matches!(file.reason, DataReason::Foreign { .. } | DataReason::Unnamed));
    let groups = grouped(found.map(|file| (&file.reason, file.path.as_str()))).into_iter();
    let findings = groups.map(|(reason, files)| {
        let one = files.len() == 1;
        let stays = if one { "it stays as it is" } else { "they stay as they are" };
        let what = match reason {
            DataReason::Foreign { arch: Some(arch), .. } => {
                format!("{} built for {arch}", subject(&files, "is", "are"))
            }
            DataReason::Foreign { machine, .. } => {
                format!("{} built for the ELF machine {machine}", subject(&files, "is", "are"))
            }
            _ => subject(&files, "is neither named as a library", "are neither named as libraries"),
        };
        let and = match reason {
            DataReason::Unnamed => "nor needed by another object",
            _ if one => "and has no role in this wheel",
            _ => "and have no role in this wheel",
        };
        RULE.finding_about(&files, format!("{what} {and}; {stays}"))
    });
    findings.collect()
}
