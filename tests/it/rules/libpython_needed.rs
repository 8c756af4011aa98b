//! `libpython-needed`.

use muslrepair::audit::Severity;
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{changed, found, module, only};

pub const CASE: Case = Case {
    code: "libpython-needed",
    breaks: || found(vec![linked("a.so", "libpython3.12.so.1.0")]),
    keeps: || found(vec![module("a.so")]),
};

fn linked(name: &str, libpython: &str) -> Object {
    changed(name, |object| object.facts.needed = vec![libpython.to_owned()])
}

#[test]
fn a_module_that_needs_the_interpreters_library_is_a_warning_that_a_repair_fixes() {
    let finding = only("libpython-needed", vec![linked("a.so", "libpython3.12.so.1.0")]);
    assert_eq!((finding.severity, finding.fixed_by_repair), (Severity::Warning, true));
    assert!(finding.message.ends_with("cannot be imported by a Python without shared libpython"));
}

#[test]
fn each_library_of_an_interpreter_is_one_finding() {
    let objects =
        [("a.so", "libpython3.12.so.1.0"), ("b.so", "libpython3.so"), ("c.so", "libpython3.12.so.1.0")];
    let findings = found(objects.map(|(name, libpython)| linked(name, libpython)).to_vec());
    let counts: Vec<usize> = findings.iter().map(|finding| finding.count).collect();
    assert_eq!(counts, [2, 1], "{findings:?}");
}
