//! `dlopen-glibc-library`.

use muslrepair::audit::Severity;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, module};

pub const CASE: Case = Case {
    code: "dlopen-glibc-library",
    breaks: || found(vec![opening("a.so")]),
    keeps: || found(vec![module("a.so")]),
};

fn opening(name: &str) -> Object {
    changed(name, |object| object.symbols.opened = vec!["libresolv.so.2".to_owned()])
}

#[test]
fn libraries_of_glibc_that_programs_open_are_noted_once() {
    let found = found(vec![opening("a.so"), opening("b.so"), module("sound.so")]);
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 2, Severity::Note), "{found:?}");
    let message =
        "`demo/a.so`, `demo/b.so` call `dlopen` and may open what musl systems do not have: `libresolv.so.2`";
    assert_eq!(found[0].message, message);
}
