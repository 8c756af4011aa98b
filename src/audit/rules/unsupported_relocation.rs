//! `unsupported-relocation`: relocations that musl does not have.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unsupported-relocation"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A relocation is of a type that musl does not have on that architecture.",
    explanation: "\
musl knows absolute addresses, `GLOB_DAT`, `JUMP_SLOT`, `RELATIVE`, `COPY`, `DTPMOD`, `DTPOFF`, `TPOFF` and `TLSDESC`, besides `PC32`
on x86 and `UADDR64` on ppc64le. Linkers also write others without a warning, such as `SIZE64` and `PC64`, which glibc knows.
Whatever musl does not know ends the import. `IRELATIVE` has a rule of its own, `ifunc`.",
    source: "`do_relocs` in musl's `ldso/dynlink.c`, with the types of `arch/*/reloc.h`.",
    symptom: Some("Error relocating /path/x.so: unsupported relocation type 33"),
    fix: "\
Avoid what the linker makes it from: the size of a symbol (`@SIZE` in assembly), or the distance to a symbol of another
file as a word of data. `readelf -rW` shows where. `muslrepair repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::UnsupportedRelocation { number } = requirement.kind else { return None };
        Some((number, requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|(number, objects)| {
        let message = format!(
            "{} a relocation of type {number}, which musl does not have",
            subject(&objects, "has", "have")
        );
        let hint = "avoid what makes it: `@SIZE` in assembly, or the distance to a symbol as a word of data";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
