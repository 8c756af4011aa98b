//! `initial-exec-tls`.

use muslrepair::resolve::Object;

use super::Case;
use super::scene::{asks, found, module, never_loads, only, program, sound};

pub const CASE: Case = Case {
    code: "initial-exec-tls",
    breaks: || found(vec![with_tls(module("a.so"))]),
    keeps: || found(vec![with_tls(program("tool"))]),
};

fn with_tls(mut object: Object) -> Object {
    object.facts.relocations.initial_exec_tls = 3;
    object
}

#[test]
fn initial_exec_tls_is_refused_in_libraries_and_fine_in_programs() {
    never_loads("initial-exec-tls", with_tls(module("a.so")));
    sound(vec![with_tls(program("tool"))]);
}

#[test]
fn a_module_that_has_an_interpreter_is_imported_and_refused() {
    let mut object = with_tls(program("a.so"));
    asks(&mut object, &["PyLong_FromLong"]);
    only("initial-exec-tls", vec![object]);
}

#[test]
fn libraries_with_initial_exec_tls_are_one_finding() {
    let finding = only("initial-exec-tls", ["a.so", "b.so"].map(|name| with_tls(module(name))).to_vec());
    assert!(finding.message.starts_with("`demo/a.so`, `demo/b.so` use initial-exec TLS"), "{finding:?}");
}
