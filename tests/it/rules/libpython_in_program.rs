//! `libpython-in-program`.

use muslrepair::resolve::Object;

use super::Case;
use super::scene::{found, only, program};

pub const CASE: Case = Case {
    code: "libpython-in-program",
    breaks: || found(vec![embedding("tool")]),
    keeps: || found(vec![program("tool")]),
};

fn embedding(name: &str) -> Object {
    let mut object = program(name);
    object.facts.needed = vec!["libpython3.12.so.1.0".to_owned()];
    object
}

#[test]
fn a_program_may_not_need_the_interpreters_library() {
    let finding = only("libpython-in-program", vec![embedding("tool"), embedding("other")]);
    assert_eq!(
        finding.message,
        "`demo/tool`, `demo/other` are programs that need `libpython3.12.so.1.0`, and only the interpreter itself has that library"
    );
}
