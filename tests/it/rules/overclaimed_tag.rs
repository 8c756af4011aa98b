//! `overclaimed-tag`.

use muslrepair::audit::{AuditOptions, Finding};
use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, asks, audit_with, changed, codes};

pub const CASE: Case = Case {
    code: "overclaimed-tag",
    breaks: || asked_for(MuslRelease::V1_2_2, vec![asking("a.so", &["qsort_r"])]),
    keeps: || asked_for(MuslRelease::V1_2_3, vec![asking("a.so", &["qsort_r"])]),
};

fn asking(name: &str, symbols: &[&str]) -> Object {
    changed(name, |object| asks(object, symbols))
}

fn asked_for(release: MuslRelease, objects: Vec<Object>) -> Vec<Finding> {
    let options = AuditOptions { min_musl: Some(release), ..AuditOptions::default() };
    audit_with(TAG, objects, &options).findings
}

/// What this rule finds where a root file system has this musl.
fn on_root(release: MuslRelease, objects: Vec<Object>) -> Vec<Finding> {
    let options = AuditOptions { root_musl: Some(release), ..AuditOptions::default() };
    let mut findings = audit_with(TAG, objects, &options).findings;
    findings.retain(|finding| finding.code == "overclaimed-tag");
    findings
}

#[test]
fn a_wheel_that_needs_a_newer_musl_than_requested_says_why() {
    let findings = asked_for(MuslRelease::V1_2_0, vec![asking("a.so", &["qsort_r", "gettid"])]);
    let finding = findings.last().unwrap();
    assert_eq!(
        finding.message,
        "`demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl` needs musl 1.2.3 (Alpine 3.16), but musl 1.2.0 (Alpine 3.13) \
         was requested"
    );
    assert_eq!(finding.details, ["`demo/a.so` needs `qsort_r`, available since musl 1.2.3 (Alpine 3.16)"]);
    assert_eq!(
        finding.hint.as_deref(),
        Some("build on an older Alpine, or request musl 1.2.3 (Alpine 3.16)")
    );
}

#[test]
fn what_no_release_of_musl_has_is_not_reported_again_for_a_minimum() {
    let findings = asked_for(MuslRelease::NEWEST, vec![asking("a.so", &["no_such_function"])]);
    assert_eq!(codes(&findings), ["unresolved-symbol"]);
    let both = asked_for(MuslRelease::V1_2_0, vec![asking("a.so", &["no_such_function", "qsort_r"])]);
    let overclaimed = both.iter().find(|finding| finding.code == "overclaimed-tag").unwrap();
    assert_eq!(
        overclaimed.details,
        ["`demo/a.so` needs `qsort_r`, available since musl 1.2.3 (Alpine 3.16)"]
    );
}

#[test]
fn the_reasons_are_bounded() {
    let names: Vec<String> = (0..12).map(|index| format!("{index:02}.so")).collect();
    let objects = names.iter().map(|name| asking(name, &["qsort_r"])).collect();
    let details = asked_for(MuslRelease::V1_2_0, objects).pop().unwrap().details;
    assert_eq!((details.len(), details[8].as_str()), (9, "and 4 more"));
}

#[test]
fn modules_that_do_not_load_on_the_musl_of_the_root_are_one_finding() {
    let objects =
        || vec![asking("a.so", &["qsort_r"]), asking("b.so", &["statx"]), asking("c.so", &["open"])];
    let findings = on_root(MuslRelease::V1_2_2, objects());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        findings[0].message,
        "`demo/a.so`, `demo/b.so` do not load on musl 1.2.2 (Alpine 3.13) of the root file system"
    );
    assert_eq!(findings[0].details.len(), 2);
    assert!(on_root(MuslRelease::V1_2_5, objects()).is_empty());
}

#[test]
fn a_release_between_that_lost_a_symbol_counts_as_the_musl_of_a_root() {
    let objects = || vec![asking("a.so", &["posix_fallocate64"])];
    assert_eq!(on_root(MuslRelease::V1_2_4, objects()).len(), 1);
    assert!(on_root(MuslRelease::V1_2_3, objects()).is_empty());
}

#[test]
fn an_object_that_loads_nowhere_is_not_reported_again_for_a_root() {
    assert!(on_root(MuslRelease::V1_2_5, vec![asking("a.so", &["no_such_function"])]).is_empty());
}
