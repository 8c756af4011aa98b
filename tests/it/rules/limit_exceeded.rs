//! `limit-exceeded`.

use muslrepair::Limits;
use muslrepair::audit::{AuditOptions, Finding};

use super::Case;
use super::scene::{TAG, audit_within, changed};

pub const CASE: Case = Case { code: "limit-exceeded", breaks: || within(1), keeps: || within(2) };

/// What is found in an object that needs two libraries, within a limit of so many.
fn within(dependencies: u64) -> Vec<Finding> {
    let object = changed("a.so", |object| {
        object.facts.needed = ["libc.so", "libm.so"].map(str::to_owned).to_vec();
    });
    let limits = Limits { dependencies, ..Limits::default() };
    audit_within(TAG, vec![object], &AuditOptions::default(), limits).findings
}

#[test]
fn a_limit_that_ends_the_search_is_an_error_with_the_option_that_raises_it() {
    let findings = within(1);
    let finding = findings.iter().find(|finding| finding.code == "limit-exceeded").unwrap();
    assert_eq!(finding.object, "demo/a.so");
    assert!(finding.message.contains("limit `dependencies` of 1"), "{finding:?}");
    assert!(finding.hint.as_ref().unwrap().contains("`--limit dependencies=VALUE`"), "{finding:?}");
    assert!(within(2).is_empty());
}
