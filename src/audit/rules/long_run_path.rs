//! `long-run-path`: run path entries that may not fit musl's buffer.

use std::collections::BTreeMap;

use crate::audit::finding::{Code, Finding, Severity, first_few, grouped};
use crate::audit::subject::Subject;
use crate::musl::RunPath;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("long-run-path"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A run path entry is so long that musl may skip it after installation.",
    explanation: "\
musl joins the directory of a run path entry, a slash and the name of the library in a buffer of 512 bytes, and
silently skips the entry if they do not fit. `$ORIGIN` is first replaced with the directory of the object, and `..` is
not resolved, so the path of the virtual environment counts too. An entry of more than 300 bytes leaves little space
for it.",
    source: "`path_open` in musl's `ldso/dynlink.c`: `buf[2*NAME_MAX+2]` of `load_library`.",
    symptom: Some("Error loading shared library libfoo.so.1: No such file or directory (needed by /path/x.so)"),
    fix: "Move the library closer to the object, or shorten the names of directories. `repair` does not shorten entries.",
    check,
};

/// The length above which an unexpanded entry is likely to overflow the 512 bytes in which musl appends a library's
/// name to it: the paths of virtual environments have about 100 bytes.
const LONG_ENTRY: usize = 300;

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    // Many objects have the same run path, which is parsed once.
    let mut read: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let found = audit.members_with_run_path().filter_map(|(object, _, text)| {
        let long = read.entry(text).or_insert_with(|| {
            let run_path = RunPath::parse(text);
            run_path.entries().iter().copied().find(|entry| entry.len() > LONG_ENTRY)
        });
        Some(((*long)?, object.origin.display_name()))
    });
    let findings = grouped(found).into_iter().map(|(entry, objects)| {
        let message = format!(
            "the run path of {} has an entry of {} bytes; musl's buffer has 512, including the installed path \
             and the name of the library",
            first_few(&objects),
            entry.len()
        );
        RULE.finding_about(&objects, message).with_hint("shorten the path")
    });
    findings.collect()
}
