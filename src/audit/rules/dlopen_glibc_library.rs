//! `dlopen-glibc-library`: libraries of glibc that are opened by name.

use crate::audit::finding::{Code, Finding, Severity, grouped, listed, subject};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("dlopen-glibc-library"),
    severity: Severity::Note,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "An object that calls `dlopen` names a library that musl systems do not have.",
    explanation: "\
The object calls `dlopen`, and has the name of a library among its strings that systems with glibc have and those with
musl do not have: `libresolv.so.2`, `libcrypt.so.1`, `libnss_dns.so.2` or `libnss_files.so.2`. This code may never
run, or may handle the failure. No `DT_NEEDED` names the library, so no other rule checks it.",
    source: "`dlopen` and `load_library` in musl's `ldso/dynlink.c`.",
    symptom: Some("Error loading shared library libresolv.so.2: No such file or directory"),
    fix: "\
Check what the code does when `dlopen` fails. `repair --include NAME` grafts a library that is only opened with
`dlopen`; because the graft has a new name, only code that searches the directory of grafts finds it.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let having = audit.members().filter(|object| !object.symbols.opened.is_empty());
    let found = having.map(|object| (object.symbols.opened.as_slice(), object.origin.display_name()));
    let findings = grouped(found).into_iter().map(|(opened, objects)| {
        let message = format!(
            "{} `dlopen` and may open libraries that musl systems do not have: {}",
            subject(&objects, "calls", "call"),
            listed(opened)
        );
        RULE.finding_about(&objects, message)
    });
    findings.collect()
}
