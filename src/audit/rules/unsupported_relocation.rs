//! `unsupported-relocation`: relocation types that musl does not support.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unsupported-relocation"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A relocation has a type that musl does not support on that architecture.",
    explanation: "\
musl supports absolute addresses, `GLOB_DAT`, `JUMP_SLOT`, `RELATIVE`, `COPY`, `DTPMOD`, `DTPOFF`, `TPOFF` and
`TLSDESC`, `PC32` on x86 and `UADDR64` on ppc64le. Linkers also write others without a warning, such as `SIZE64` and
`PC64`, which glibc supports. With an unsupported type the import fails. `IRELATIVE` has its own rule, `ifunc`.",
    source: "`do_relocs` in musl's `ldso/dynlink.c`, with the types of `arch/*/reloc.h`.",
    symptom: Some("Error relocating /path/x.so: unsupported relocation type 33"),
    fix: "\
Avoid the constructs that need it: the size of a symbol (`@SIZE` in assembly), or the distance to a symbol of another
file as a data word. `readelf -rW` shows the position. `muslrepair repair` cannot change it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter_map(|requirement| {
        let RequirementKind::UnsupportedRelocation { number } = requirement.kind else { return None };
        Some((number, requirement.object.as_str()))
    });
    let findings = grouped(found).into_iter().map(|(number, objects)| {
        let message = format!(
            "{} a relocation of type {number}, which musl does not support",
            subject(&objects, "has", "have")
        );
        let hint = "avoid `@SIZE` in assembly, or the distance to a symbol as a data word";
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
