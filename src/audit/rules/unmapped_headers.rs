//! `unmapped-headers`: program headers that are not mapped into memory.

use crate::audit::finding::{Code, Finding, Severity, subject};
use crate::audit::subject::Subject;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("unmapped-headers"),
    severity: Severity::Warning,
    concern: Concern::Loading,
    fixed_by_repair: false,
    summary: "The program headers are not mapped, so exceptions cannot pass through it.",
    explanation: "\
The unwinder finds the tables of a library through `dl_iterate_phdr`, which reports the program headers in memory. If
no `PT_LOAD` covers them, musl reports none for the library. It loads, but a C++ exception or a Rust panic that passes
through it ends the process, and `dladdr` does not find its addresses. Tools that move the headers to the end of a
file without mapping them leave such files.",
    source: "`map_library` and `dl_iterate_phdr` in musl's `ldso/dynlink.c`.",
    symptom: Some("terminate called after throwing an instance of 'std::runtime_error'"),
    fix: "Build the file again without the tool that rewrote it. `muslrepair repair` keeps mapped headers mapped, but cannot map lost ones.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let found = audit.objects().filter(|object| object.facts.dynamic && !object.facts.headers_mapped);
    let objects: Vec<&str> = found.map(|object| object.origin.display_name()).collect();
    if objects.is_empty() {
        return Vec::new();
    }
    let through = if objects.len() == 1 { "it" } else { "them" };
    let message = format!(
        "{} program headers that are not mapped: exceptions cannot pass through {through}",
        subject(&objects, "has", "have")
    );
    let hint = "build again without the tool that moved the program headers";
    vec![RULE.finding_about(&objects, message).with_hint(hint)]
}
