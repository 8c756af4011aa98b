//! `dlopen-note`.

use muslrepair::audit::Severity;
use muslrepair::elf::DlopenNote;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::library;
use super::scene::{changed, found, module, only, sound};

pub const CASE: Case = Case {
    code: "dlopen-note",
    breaks: || found(vec![opening("a.so", &["libfido2.so.1"])]),
    keeps: || found(vec![opening("a.so", &["libfido2.so.1"]), library("libfido2.so.1", &[], "")]),
};

fn opening(name: &str, sonames: &[&str]) -> Object {
    changed(name, |object| {
        object.facts.dlopen_notes = vec![DlopenNote {
            sonames: sonames.iter().map(|name| (*name).to_owned()).collect(),
            priority: Some("recommended".to_owned()),
            feature: Some("fido2".to_owned()),
        }];
    })
}

#[test]
fn a_library_that_an_object_says_it_opens_is_noted_and_an_include_is_proposed() {
    let names = ["libfido2.so.2", "libfido2.so.1"];
    let finding = only("dlopen-note", vec![opening("a.so", &names), opening("b.so", &names)]);
    let message = "`demo/a.so`, `demo/b.so` say that they open `libfido2.so.2`, `libfido2.so.1` with `dlopen` (recommended, \
                   fido2)";
    assert_eq!((finding.message.as_str(), finding.severity), (message, Severity::Note));
    assert_eq!(finding.hint.as_deref(), Some("`muslrepair repair --include libfido2.so.2` grafts it"));
}

#[test]
fn one_of_several_names_is_enough_and_musl_has_its_own() {
    sound(vec![opening("a.so", &["libfido2.so.2", "libfido2.so.1"]), library("libfido2.so.1", &[], "")]);
    sound(vec![opening("a.so", &["libm.so.6"]), module("b.so")]);
}
