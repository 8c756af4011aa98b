//! `no-hash-table`: objects without a hash table for symbol lookups.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::requirement::RequirementKind;
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("no-hash-table"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object has no hash table of symbols, and musl crashes without one.",
    explanation: "\
The dynamic linker finds symbols with a hash table, `DT_GNU_HASH` or `DT_HASH`. If a file has neither, musl follows a
null pointer: in a library as soon as it is opened, because musl checks whether it is a C library, and in a program at
the first symbol lookup. Linkers always write a table; tools that rewrite or pack files sometimes remove it.",
    source: "`find_sym2`, `sysv_lookup` and `load_library` in musl's `ldso/dynlink.c`.",
    symptom: Some("Segmentation fault (core dumped)"),
    fix: "Link the file again, with `-Wl,--hash-style=both` if in doubt. `muslrepair repair` does not add a table.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let objects: Vec<&str> = audit.objects_that_need(&RequirementKind::NoHashTable).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "{} neither `DT_HASH` nor `DT_GNU_HASH`: musl crashes when it looks up a symbol there",
        subject(&objects, "has", "have")
    );
    vec![RULE.finding_about(&objects, message).with_hint("link again with `-Wl,--hash-style=both`")]
}
