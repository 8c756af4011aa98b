//! `unknown-machine`: objects for an architecture without musllinux tags.

use crate::audit::arch::ArchConflict;
use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unknown-machine"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object is built for a machine that no musllinux tag names.",
    explanation: "\
The ELF header of an object has a number for the machine of its instructions (`e_machine`), and its word size and byte
order. The platform tag of a musl wheel ends in the name of an architecture that both musl and Python support: x86_64,
i686, aarch64, armv7l, armv6l, ppc64le, s390x, riscv64 or loongarch64. This machine is none of them.",
    source: "PEP 656; gABI, \"ELF Header\".",
    symptom: None,
    fix: "Leave the object out of the wheel, or build it for the architecture of the wheel. `repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.arch_conflicts.iter().filter_map(|conflict| match conflict {
        ArchConflict::UnknownMachine { object, machine } => Some((*machine, object.as_str())),
        _ => None,
    });
    let findings = grouped(found).into_iter().map(|(machine, objects)| {
        let message = format!(
            "{} built for the ELF machine {machine}, which no musllinux tag names",
            subject(&objects, "is", "are")
        );
        RULE.finding_about(&objects, message)
    });
    findings.collect()
}
