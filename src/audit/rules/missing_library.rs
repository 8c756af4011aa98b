//! `missing-library`: a library that was not found.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::advice::Advice;
use crate::audit::finding::{Code, Finding, Severity, grouped, listed};
use crate::audit::include::IncludeFailure;
use crate::audit::libc::evidence_of_glibc;
use crate::audit::subject::Subject;
use crate::musl::RunPath;
use crate::platform::Arch;
use crate::resolve::{Object, Purpose, Rejected, Resolution};

use super::glibc_object;
use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("missing-library"),
    severity: Severity::Error,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "A needed library was found neither in the wheel nor outside it.",
    explanation: "\
An object names a library in `DT_NEEDED`, and a search as in musl does not find it: no run path points to it in the
wheel, and it is not in the directories of the system that were searched. musl searches the run path of the object,
then those of the objects that caused it to be loaded, then the directories of the system. It ignores `DT_SONAME`: a
library that Python opened by its path (`ctypes.CDLL`) is not used for that name, as it would be on glibc.

The musllinux policies leave `libz.so.1` to the system, so a wheel may need it. `verify --sysroot` reports it if that
root file system does not have it.",
    source: "`load_library` and `path_open` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library libfoo.so.1: No such file or directory (needed by /path/x.so)"),
    fix: "\
Install the library on the machine that repairs the wheel (`apk add so:libfoo.so.1`), name its directory with `-l`, or
pass `--exclude libfoo.so.1` if the user must provide it. `repair` then grafts it.",
    check,
};

/// The number of rejected files that a finding lists.
const MOST_REJECTED: usize = 8;

/// The number of run paths that a finding shows.
const MOST_RUN_PATHS: usize = 3;

/// The name, the directories searched, and the files rejected there.
type Search<'a> = (&'a str, (&'a [String], &'a [Rejected]));

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    needed(audit)
        .into_iter()
        .chain(audit.include_failures.iter().map(|failure| not_included(audit, failure)))
        .collect()
}

/// One finding for each name and unsuccessful search, with all objects that need it. Objects for glibc are ignored:
/// they have a finding of their own.
fn needed(audit: &Subject<'_>) -> Vec<Finding> {
    let for_glibc = |index: usize| {
        !audit.options.allow.contains(&glibc_object::RULE.code)
            && evidence_of_glibc(audit.graph, index).is_some()
    };
    if audit.package.is_some() && audit.objects_and_indices().any(|(index, _)| for_glibc(index)) {
        return Vec::new();
    }
    let must_have = audit.options.system.purpose == Purpose::Run;
    let objects = audit.objects_and_indices().filter(|(index, _)| !for_glibc(*index));
    let missing = objects.flat_map(|(_, object)| {
        object.dependencies.iter().filter_map(move |dependency| match &dependency.resolution {
            Resolution::Missing { searched, rejected } => {
                let search: (&[String], &[Rejected]) = (searched, rejected);
                Some(((dependency.name.as_str(), search), object))
            }
            Resolution::Allowed { file: None, searched, rejected } if must_have => {
                let search: (&[String], &[Rejected]) = (searched, rejected);
                Some(((dependency.name.as_str(), search), object))
            }
            _ => None,
        })
    });
    let missing: Vec<(Search<'_>, &Object)> = missing.collect();
    let mut advice = Advice::new(audit, missing.iter().map(|((name, _), _)| *name));
    let mut asked_with: BTreeMap<Search<'_>, BTreeSet<&str>> = BTreeMap::new();
    for (search, object) in &missing {
        asked_with.entry(*search).or_default().extend(object.facts.run_path());
    }
    let mut problems = BTreeMap::new();
    let by_search = grouped(missing.iter().map(|(search, object)| (*search, object.origin.display_name())));
    let findings = by_search.into_iter().map(|((name, (searched, rejected)), requesters)| {
        let message = format!("`{name}`, needed by {}, was not found", listed(&requesters));
        let mut details = details(searched, rejected);
        let with = asked_with.get(&(name, (searched, rejected))).into_iter().flatten().copied();
        details.extend(with.take(MOST_RUN_PATHS).map(|text| {
            // The same run path may have failed for thousands of names.
            let problem = problems.entry(text).or_insert_with(|| problem_of(text));
            format!("run path: `{text}`{problem}")
        }));
        advice.add_to(RULE.finding_about(&requesters, message).with_details(details), name)
    });
    findings.collect()
}

/// Why musl reads a run path differently from what its author probably meant.
fn problem_of(run_path: &str) -> &'static str {
    match run_path {
        _ if RunPath::parse(run_path) == RunPath::Void => {
            ", which musl ignores: it has a `$` other than `$ORIGIN`"
        }
        _ if run_path.contains(';') => ", in which `;` does not separate entries: use `:`",
        _ if run_path.contains('\\') => ", in which the backslash is part of a name",
        _ => "",
    }
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

/// The finding for a library of `--include`.
fn not_included(audit: &Subject<'_>, failure: &IncludeFailure) -> Finding {
    let IncludeFailure { library, why, details, no_arch } = failure;
    let message = format!("`{library}`, requested with `--include`, {why}");
    let finding = RULE.finding(library, message).with_details(details.clone());
    if !no_arch {
        return finding.with_hint(
            "name a library that exists, by its name or by its path; `-l DIR` adds a directory to the search",
        );
    }
    // A pure wheel in a batch is not a failure.
    let arch = audit.options.system.arches.first().copied().unwrap_or(Arch::X86_64);
    let hint = format!("give the wheel a platform: `wheel tags --platform-tag linux_{arch} {}`", audit.name);
    finding.with_severity(Severity::Warning).with_hint(hint)
}
