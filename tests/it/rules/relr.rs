//! `relr`.

use super::Case;
use super::scene::{changed, found, module};

pub const CASE: Case = Case {
    code: "relr",
    breaks: || found(vec![changed("a.so", |object| object.facts.relr = true), module("sound.so")]),
    keeps: || found(vec![module("a.so")]),
};

#[test]
fn objects_with_relative_relocations_are_one_finding_that_a_repair_fixes() {
    let relr = |name: &str| changed(name, |object| object.facts.relr = true);
    let findings = found(["a.so", "b.so", "c.so", "d.so"].map(relr).to_vec());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].count, findings[0].fixed_by_repair), (4, true));
    assert!(findings[0].message.starts_with("`demo/a.so`, `demo/b.so`, `demo/c.so` and 1 more have"));
}
