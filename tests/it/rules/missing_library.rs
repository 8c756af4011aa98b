//! `missing-library`.

use muslrepair::audit::{AuditOptions, Severity};
use muslrepair::platform::Arch;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::{extension, found_of, library, loads, of};
use super::scene::{TAG, audit, audit_with, changed, found, module, on};

pub const CASE: Case = Case {
    code: "missing-library",
    breaks: || found(vec![needing("a.so"), module("helper.so")]),
    keeps: || found(vec![extension("a.so", &["helper.so"], "$ORIGIN"), library("helper.so", &[], "")]),
};

fn needing(name: &str) -> Object {
    changed(name, |object| object.facts.needed = vec!["helper.so".to_owned()])
}

#[test]
fn a_library_that_no_run_path_leads_to_is_missing_although_the_wheel_has_it() {
    let audit = audit(TAG, vec![needing("a.so"), module("helper.so")]);
    assert!(!loads(&audit, "a.so"));
    let missing = of("missing-library", audit.findings);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].hint.as_ref().unwrap().contains("no run path leads there"), "{missing:?}");
    assert!(missing[0].hint.as_ref().unwrap().contains("`demo/helper.so`"), "{missing:?}");
}

#[test]
fn all_who_miss_one_library_are_one_finding() {
    let found = found_of("missing-library", ["a.so", "b.so", "c.so"].map(needing).to_vec());
    assert_eq!((found.len(), found[0].count), (1, 3), "{found:?}");
    let message = "`helper.so`, needed by `demo/a.so`, `demo/b.so`, `demo/c.so`, was not found";
    assert_eq!(found[0].message, message);
    let hint = "`apk add so:helper.so`, or pass `--exclude helper.so` if the user must provide it";
    assert_eq!(found[0].hint.as_deref(), Some(hint));
}

#[test]
fn no_hint_names_what_apk_would_read_as_something_else() {
    let hint = |name: &str| {
        let object = changed("a.so", |object| object.facts.needed = vec![name.to_owned()]);
        found_of("missing-library", vec![object])[0].hint.clone().unwrap()
    };
    assert!(hint("other/libb.so").starts_with("link with a library that has a `DT_SONAME`"));
    assert!(!hint("libx.so;reboot").contains("apk add"));
}

#[test]
fn another_architecture_first_on_the_run_path_ends_the_search() {
    let rejected = &found_of("missing-library", beside_another_architecture(&[]))[0].details[0];
    assert!(rejected.starts_with("rejected: `demo/a/libb.so` (aarch64"), "{rejected}");
}

#[test]
fn a_search_that_ended_otherwise_is_another_finding() {
    let found = found_of("missing-library", beside_another_architecture(&["libb.so"]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[1].object.as_str(), found[1].details.len()), ("demo/other.so", 0), "{found:?}");
}

/// What leads to a library of another architecture first, and a module without a run path that needs these.
fn beside_another_architecture(needed: &[&str]) -> Vec<Object> {
    let other = changed("a/libb.so", |object| {
        *object = library("a/libb.so", &[], "");
        object.facts.machine = 183;
        on(Arch::Aarch64, object);
    });
    vec![
        extension("ext.so", &["libb.so"], "$ORIGIN/a:$ORIGIN/b"),
        other,
        library("b/libb.so", &[], ""),
        extension("other.so", needed, ""),
    ]
}

#[test]
fn a_library_that_was_to_be_included_and_is_not_found_is_missing() {
    let options = AuditOptions { include: vec!["libopened.so".to_owned()], ..AuditOptions::default() };
    let found = of("missing-library", audit_with(TAG, vec![module("a.so")], &options).findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`libopened.so`, requested with `--include`, was not found");
    assert_eq!((found[0].object.as_str(), found[0].severity), ("libopened.so", Severity::Error));
}
