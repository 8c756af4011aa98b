//! `outside-run-path`: run path entries that are outside the wheel.

use std::collections::BTreeMap;

use crate::audit::finding::{Code, Finding, Severity, grouped, listed, subject};
use crate::audit::subject::Subject;
use crate::musl::RunPath;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("outside-run-path"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: true,
    summary: "A run path has an entry outside the wheel.",
    explanation: "\
An entry of a run path is a directory of the build machine (`/usr/local/lib`), or goes above the directory in which
the wheel is installed. If the user's machine has a library there, it is loaded instead of the one that the wheel was
tested with, and anyone who can write to that directory decides what the process runs. Entries that point to other
directories of site-packages are fine: that is how libraries of other wheels are found.",
    source: "`fixup_rpath` and `load_library` in musl's `ldso/dynlink.c`; PEP 427, \"Installing a wheel\".",
    symptom: None,
    fix: "`muslrepair repair` removes such entries. Or link only with `-Wl,-rpath,'$ORIGIN/...'`.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    // Most objects of a directory have the same run path, which is resolved once.
    let mut followed: BTreeMap<(String, &str), Vec<&str>> = BTreeMap::new();
    let found = audit.members_with_run_path().filter_map(|(object, place, text)| {
        let outside = followed.entry((audit.directory(place), text)).or_insert_with_key(|(origin, text)| {
            let run_path = RunPath::parse(text);
            let entries = run_path.entries().iter().copied();
            entries.filter(|entry| audit.is_outside_entry(origin, entry)).collect()
        });
        (!outside.is_empty()).then(|| (outside.clone(), object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|(outside, objects)| {
        let (entries, them) = match outside.len() {
            1 => ("a run path entry", "it"),
            _ => ("run path entries", "them"),
        };
        let has = subject(&objects, "has", "have");
        let message = format!("{has} {entries} outside the wheel: {}", listed(&outside));
        RULE.finding_about(&objects, message).with_hint(format!("{} removes {them}", audit.repair_command()))
    });
    findings.collect()
}
