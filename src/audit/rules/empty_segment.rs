//! `empty-segment`: segments of no size.

use crate::audit::finding::{Code, Finding, Severity, grouped, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::musl::MuslRelease;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("empty-segment"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A `PT_LOAD` segment is empty; musl before 1.2.3 rejects the object.",
    explanation: "\
musl maps every `PT_LOAD`. One of no size at the start of a page asks for a mapping of zero bytes, which the kernel refuses; musl
leaves such segments out since 1.2.3 (Alpine 3.16). This is a warning.

One of no size in the middle of a page is rounded to a whole page, and every release of musl maps that over what was there
before. If the page held something else, code or data of another segment is gone. This is an error.",
    source: "`map_library` and `mmap_fixed` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library /path/x.so: Invalid argument"),
    fix: "\
Link with another linker, or without the linker script that makes the segment. `muslrepair repair` does not remove segments.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.requirements.iter().filter(|one| one.kind == RequirementKind::EmptySegment);
    let found = found.map(|requirement| (requirement.met_by.is_empty(), requirement.object.as_str()));
    let findings = grouped(found).into_iter().map(|(hides, objects)| {
        let has = subject(&objects, "has", "have");
        let hint = "link with another linker";
        if hides {
            let message = format!(
                "{has} an empty segment in the middle of a page, which musl maps over another segment"
            );
            let finding = RULE.finding_about(&objects, message).with_hint(hint);
            return finding.with_severity(Severity::Error);
        }
        let since = MuslRelease::V1_2_3.with_alpine(audit.arch);
        let message = format!("{has} an empty segment, which musl loads since {since} only");
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
