//! `textrel`: relocations in read-only memory.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("textrel"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object has text relocations that musl cannot apply.",
    explanation: "\
A text relocation changes code, which is mapped read-only. In a library musl first makes the code writable, but only
if the file has the tag `DT_TEXTREL`; it ignores the flag `DF_TEXTREL`, which glibc accepts too. Programs are mapped
by the kernel, which does not make code writable. So programs, and libraries without the tag, crash when the
relocation is applied.",
    source: "`map_library` in musl's `ldso/dynlink.c`; gABI, `DT_TEXTREL`.",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "\
Compile libraries with `-fPIC` and programs with `-fPIE`; assembly has to address data relative to the program
counter. With `-Wl,-z,text` the linker reports the position. `muslrepair repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter(|one| one.kind == RequirementKind::TextRelocation);
    let found = found.filter_map(|requirement| {
        let object = audit.graph.objects.get(requirement.index)?;
        // With the tag, only programs are affected.
        Some((object.facts.textrel_tag, requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|(has_tag, objects)| {
        let (message, hint) = match has_tag {
            true => {
                let is = subject(&objects, "is a program", "are programs");
                (
                    format!("{is} with text relocations, which musl allows in libraries only"),
                    "compile with `-fPIE`",
                )
            }
            false => {
                let has = subject(&objects, "has", "have");
                (
                    format!("{has} text relocations, but not the tag `DT_TEXTREL`, without which musl cannot apply them"),
                    "compile with `-fPIC`",
                )
            }
        };
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
