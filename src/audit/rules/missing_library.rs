//! `missing-library`: a library that is found nowhere.

use crate::audit::finding::{Code, Finding, Severity, grouped, listed};
use crate::audit::include::IncludeFailure;
use crate::audit::subject::Subject;
use crate::resolve::{Rejected, Resolution, is_apk_name};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("missing-library"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A needed library was found neither in the wheel nor outside it.",
    explanation: "\
An object names a library in `DT_NEEDED`, and the search that musl would make ends without it: no run path finds it in the wheel,
and it is not in the directories of the system that were searched. musl looks at the run path of the object, then at those of
the objects that caused it to be loaded, then at the directories of the system. It does not look at `DT_SONAME`: a library that
Python opened by its path (`ctypes.CDLL`) is not taken for one of that name, as it would be on glibc.",
    source: "`load_library` and `path_open` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library libfoo.so.1: No such file or directory (needed by /path/x.so)"),
    fix: "\
Install the library on the machine that repairs the wheel (`apk add so:libfoo.so.1`), name its directory with `-l`, or pass
`--exclude libfoo.so.1` if the user must provide it. `repair` then grafts it; it cannot graft what is not there.",
    check,
};

/// How many rejected files a finding lists.
const MOST_REJECTED: usize = 8;

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    needed(audit).into_iter().chain(audit.include_failures.iter().map(not_included)).collect()
}

/// One finding for each name and search that ended without it, with everyone who needs it.
fn needed(audit: &Subject<'_>) -> Vec<Finding> {
    let missing = audit.objects().flat_map(|object| {
        object.dependencies.iter().filter_map(|dependency| match &dependency.resolution {
            Resolution::Missing { searched, rejected } => {
                let search: (&[String], &[Rejected]) = (searched, rejected);
                Some(((dependency.name.as_str(), search), object.origin.shown()))
            }
            _ => None,
        })
    });
    let findings = grouped(missing).into_iter().map(|((name, (searched, rejected)), requesters)| {
        let message = format!("`{name}`, needed by {}, was not found", listed(&requesters));
        let finding = RULE.finding_about(&requesters, message);
        finding.with_details(details(searched, rejected)).with_hint(hint(audit, name))
    });
    findings.collect()
}

fn details(searched: &[String], rejected: &[Rejected]) -> Vec<String> {
    let mut details = Vec::new();
    if !searched.is_empty() {
        details.push(format!("searched: {}", listed(searched)));
    }
    let shown = rejected.iter().take(MOST_REJECTED);
    details.extend(shown.map(|file| format!("rejected: `{}` ({})", file.path, file.reason)));
    if let more @ 1.. = rejected.len().saturating_sub(MOST_REJECTED) {
        details.push(format!("rejected: {more} more"));
    }
    details
}

fn hint(audit: &Subject<'_>, name: &str) -> String {
    let inside = audit.layout.named(name).find_map(|index| audit.graph.objects.get(index));
    if let Some(object) = inside {
        return format!(
            "no run path leads there, but there is `{}`: link with `-Wl,-rpath,'$ORIGIN/...'` (musl does not take a \
             library that was opened by its path for one of the same name)",
            object.origin.shown()
        );
    }
    if is_apk_name(name) {
        return format!("`apk add so:{name}`, or pass `--exclude {name}` if the user must provide it");
    }
    if name.split('/').all(|part| part.is_empty() || is_apk_name(part)) {
        return format!(
            "link with a library that has a `DT_SONAME`, so that it is needed by its name, or pass `--exclude {name}` \
             if the user must provide it"
        );
    }
    "no package can provide a library of that name: build the object again".to_owned()
}

/// A library of `--include`.
fn not_included(failure: &IncludeFailure) -> Finding {
    let IncludeFailure { library, why, details } = failure;
    let message = format!("`{library}`, requested with `--include`, {why}");
    RULE.finding(library, message).with_details(details.clone())
}
