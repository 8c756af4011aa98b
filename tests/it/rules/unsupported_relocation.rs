//! `unsupported-relocation`.

use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, module, never_loads};

pub const CASE: Case = Case {
    code: "unsupported-relocation",
    breaks: || found(vec![with_relocation("a.so", 33)]),
    keeps: || found(vec![module("a.so")]),
};

fn with_relocation(name: &str, number: u64) -> Object {
    changed(name, |object| object.facts.relocations.unsupported = Some(number))
}

#[test]
fn a_relocation_that_musl_does_not_have_is_an_error() {
    let finding = never_loads("unsupported-relocation", with_relocation("a.so", 33));
    assert_eq!(finding.message, "`demo/a.so` has a relocation of type 33, which musl does not support");
}

#[test]
fn each_type_of_relocation_is_one_finding() {
    let objects = vec![with_relocation("a.so", 33), with_relocation("b.so", 24), with_relocation("c.so", 33)];
    let counts: Vec<usize> = found(objects).iter().map(|finding| finding.count).collect();
    assert_eq!(counts, [2, 1]);
}
