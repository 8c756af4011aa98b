//! `outside-run-path`.

use super::Case;
use super::linked::with_run_path;
use super::scene::found;

pub const CASE: Case = Case {
    code: "outside-run-path",
    breaks: || found(vec![with_run_path("a.so", "$ORIGIN:/usr/local/lib")]),
    keeps: || found(vec![with_run_path("a.so", "$ORIGIN/../demo.libs")]),
};

#[test]
fn ninety_modules_with_one_entry_outside_are_one_finding() {
    let modules = (0..90).map(|number| with_run_path(&format!("m{number}.so"), "$ORIGIN:/usr/local/lib"));
    let found = found(modules.collect());
    assert_eq!((found.len(), found[0].count, found[0].objects.len()), (1, 90, 8), "{found:?}");
    let message = "`demo/m0.so`, `demo/m1.so`, `demo/m2.so` and 87 more have a run path entry outside the wheel: \
        `/usr/local/lib`";
    assert_eq!(found[0].message, message);
    assert!(found[0].fixed_by_repair);
}

#[test]
fn modules_with_other_entries_are_other_findings() {
    let found = found(vec![
        with_run_path("a.so", "/usr/local/lib:/opt"),
        with_run_path("b.so", "/opt"),
        with_run_path("c.so", "$ORIGIN/../../../../../.."),
    ]);
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    let first = "`demo/a.so` has run path entries outside the wheel: `/usr/local/lib`, `/opt`";
    assert_eq!(messages[0], first);
}

#[test]
fn what_musl_ignores_leads_nowhere() {
    let found = found(vec![with_run_path("a.so", "/usr/lib:/x/$LIB")]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, "ignored-run-path");
}
