//! `relr`: relative relocations that older musl releases ignore.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;
use crate::musl::MuslRelease;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("relr"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: true,
    summary: "`DT_RELR` is ignored by musl before 1.2.4, which the tag promises.",
    explanation: "\
`DT_RELR` is a compact table of relative relocations, which linkers write with `-z pack-relative-relocs`. musl applies
it since 1.2.4 (Alpine 3.18). Older releases silently ignore the table: pointers in the file keep their unrelocated
values, and the process crashes as soon as it uses one, most often in the first constructor during import.",
    source: "`do_relr_relocs` and `reloc_all` in musl's `ldso/dynlink.c`; gABI, \"Relative Relocation Table\".",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "\
`muslrepair repair` replaces the table with ordinary relocations, which every musl applies. Or link with
`-Wl,-z,nopack-relative-relocs`. If the wheel need not run on musl before 1.2.4, keep the table with `--keep-relr`.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    if audit.promised >= MuslRelease::V1_2_4 {
        return Vec::new();
    }
    let objects: Vec<&str> = audit.objects_that_need(&RequirementKind::Relr).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "{} `DT_RELR`, which musl applies since {}, but the tag promises {}",
        subject(&objects, "has", "have"),
        MuslRelease::V1_2_4.with_alpine(audit.arch),
        audit.promised.with_alpine(audit.arch)
    );
    vec![
        RULE.finding_about(&objects, message)
            .with_hint(format!("{} replaces it with ordinary relocations", audit.repair_command())),
    ]
}
