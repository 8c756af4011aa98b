//! `unknown-machine`.

use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, module};

pub const CASE: Case = Case {
    code: "unknown-machine",
    breaks: || found(vec![unknown("a.so")]),
    keeps: || found(vec![module("a.so")]),
};

fn unknown(name: &str) -> Object {
    changed(name, |object| (object.facts.arch, object.facts.machine) = (None, 8))
}

#[test]
fn objects_for_one_machine_without_a_tag_are_one_finding() {
    let found = found(vec![unknown("a.so"), unknown("b.so"), module("sound.so")]);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message = "`demo/a.so`, `demo/b.so` are built for the ELF machine 8, which no musllinux tag names";
    assert_eq!(found[0].message, message);
}
