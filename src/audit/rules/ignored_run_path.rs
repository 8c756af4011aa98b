//! `ignored-run-path`: a run path that musl ignores.

use crate::audit::finding::{Code, Finding, Severity, first_few, grouped};
use crate::audit::subject::Subject;
use crate::musl::{self, RunPath};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("ignored-run-path"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A run path has a `$` other than `$ORIGIN`, so musl ignores all of it.",
    explanation: "\
In run paths musl expands only `$ORIGIN` and `${ORIGIN}`. If a run path has any other `$`, such as glibc's `$LIB` or
`$PLATFORM`, musl ignores the whole run path, including its valid entries.",
    source: "`fixup_rpath` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library libfoo.so.1: No such file or directory (needed by /path/x.so)"),
    fix: "\
Link with `$ORIGIN` only. `repair` removes entries that are outside the wheel. This fixes the run path if no other
entry has such a `$`.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let ignored = audit.members_with_run_path().filter(|(_, _, text)| RunPath::is_void(text));
    let found = ignored.map(|(object, place, text)| {
        let origin = audit.directory(place);
        let mut unread = musl::search_path_entries(text).filter(|entry| RunPath::is_void(entry));
        let dropped = unread.all(|entry| audit.is_outside_entry(&origin, entry));
        ((text, dropped), object.origin.display_name())
    });
    let findings = grouped(found).into_iter().map(|((text, dropped), objects)| {
        let message = format!(
            "musl ignores the run path of {}: it has a `$` other than `$ORIGIN`: `{text}`",
            first_few(&objects)
        );
        let mut finding = RULE.finding_about(&objects, message);
        finding.fixed_by_repair = dropped;
        finding.with_hint(match dropped {
            true => "`muslrepair repair` removes the entry, which is outside the wheel",
            false => "link with `$ORIGIN` only",
        })
    });
    findings.collect()
}
