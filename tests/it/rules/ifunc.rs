//! `ifunc`.

use muslrepair::musl::{LookupKind, ObjectSymbols, Releases};
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{TAG, asks, audit, changed, codes, found, never_loads, only, sound};

pub const CASE: Case = Case {
    code: "ifunc",
    breaks: || found(vec![referring("a.so", "fast_copy")]),
    keeps: || found(vec![referring("a.so", "memcpy")]),
};

/// Refers to an indirect function of its own.
fn referring(name: &str, function: &str) -> Object {
    changed(name, |object| {
        asks(object, &[function]);
        object.symbols.lookup_kinds = [(function.as_bytes().into(), LookupKind::IndirectFunction)].into();
    })
}

#[test]
fn an_indirect_function_is_an_error_where_a_relocation_refers_to_it() {
    let finding = never_loads("ifunc", referring("a.so", "fast_copy"));
    assert_eq!(
        finding.message,
        "`demo/a.so` refers to its own indirect function `fast_copy`, which musl does not support"
    );
    // musl defines an ordinary function of this name.
    sound(vec![referring("a.so", "memcpy")]);
}

#[test]
fn irelative_relocations_are_an_error_but_in_static_programs() {
    let finding = never_loads("ifunc", changed("a.so", |object| object.facts.relocations.irelative = 2));
    assert!(finding.message.contains("has `IRELATIVE` relocations"), "{finding:?}");
    let static_program = changed("tool", |object| {
        object.facts.relocations.irelative = 2;
        (object.facts.pie_flag, object.symbols) = (true, ObjectSymbols::default());
        object.facts.needed.clear();
    });
    let audit = audit(TAG, vec![static_program]);
    assert_eq!((codes(&audit.findings), audit.modules[0].loads_on), (vec![], Releases::ALL));
}

#[test]
fn both_kinds_of_evidence_in_one_object_are_one_finding() {
    let mut object = referring("a.so", "fast_copy");
    object.facts.relocations.irelative = 1;
    let finding = only("ifunc", vec![object, referring("b.so", "fast_copy")]);
    assert_eq!(finding.count, 2);
    assert!(finding.message.contains("refer to their own indirect function"), "{finding:?}");
}
