//! `unsupported-isa`: instructions that some machines of the platform tag lack.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::platform::Arch;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unsupported-isa"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object needs instructions that not every processor of the tag has.",
    explanation: "\
The tag `x86_64` promises every processor of that architecture. A note in the file (`GNU_PROPERTY_X86_ISA_1_NEEDED`)
says whether its code requires the instructions of a higher level: x86-64-v2 (SSE4.2), v3 (AVX2), v4 (AVX-512). On a
machine without them the process crashes at the first such instruction. Code that tests the processor before it uses
them needs no note.",
    source: "System V ABI for x86-64, \"Program Property\" and \"Micro-Architecture Levels\".",
    symptom: Some("Illegal instruction (core dumped)"),
    fix: "\
Build without `-march=x86-64-v2`, `-march=native` and the like, and without `-Wl,-z,x86-64-v3`. If every machine that
the wheel will run on has these instructions, pass `--disable-isa-ext-check`. `muslrepair repair` cannot change the
code.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    if audit.arch != Some(Arch::X86_64) {
        return Vec::new();
    }
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::InstructionSet { level } = requirement.kind else { return None };
        Some((level, requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|(level, objects)| {
        let message = format!(
            "{} instructions of {level}, which not every x86_64 processor has",
            subject(&objects, "needs", "need")
        );
        let hint = "build without `-march=x86-64-v2` and the like, or pass `--disable-isa-ext-check` if every machine it \
                    will run on has these instructions";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
