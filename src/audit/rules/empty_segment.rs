//! `empty-segment`: empty segments.

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
musl maps every `PT_LOAD`. An empty one at the start of a page needs a mapping of zero bytes, which the kernel
refuses. musl skips such segments since 1.2.3 (Alpine 3.16). This is a warning.

An empty one in the middle of a page is rounded to a whole page, and every release of musl maps that over the previous
content. If the page belonged to another segment, code or data of that segment is lost. This is an error.",
    source: "`map_library` and `mmap_fixed` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library /path/x.so: Invalid argument"),
    fix: "\
Link with another linker, or without the linker script that creates the segment. `muslrepair repair` does not remove
segments.",
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
        let message = format!("{has} an empty segment, which musl supports only since {since}");
        RULE.finding_about(&objects, message).with_hint(hint)
    });
    findings.collect()
}
