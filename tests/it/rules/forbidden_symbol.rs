//! `forbidden-symbol`.

use muslrepair::audit::AuditOptions;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::found_of;
use super::scene::{TAG, asks, audit_with, changed, found, module};

pub const CASE: Case = Case {
    code: "forbidden-symbol",
    breaks: || found(vec![asking("a.so")]),
    keeps: || found(vec![bundling(), module("libz.so.1")]),
};

fn asking(name: &str) -> Object {
    changed(name, |object| {
        object.facts.needed = vec!["libz.so.1".to_owned()];
        asks(object, &["inflate_table"]);
    })
}

fn bundling() -> Object {
    let mut object = asking("a.so");
    object.facts.rpath = Some("$ORIGIN".to_owned());
    object
}

#[test]
fn private_symbols_of_zlib_are_refused() {
    let found = found_of("forbidden-symbol", vec![asking("a.so"), asking("b.so")]);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message = "`demo/a.so`, `demo/b.so` need symbols of `libz.so.1` that are private to one build of it: \
        `inflate_table`";
    assert_eq!(found[0].message, message);
}

#[test]
fn private_symbols_of_a_zlib_that_is_grafted_are_tolerated() {
    let tolerant = AuditOptions { tolerate_forbidden_symbols: true, ..AuditOptions::default() };
    let found = audit_with(TAG, vec![asking("a.so")], &tolerant).findings;
    assert!(found.iter().all(|finding| finding.code != "forbidden-symbol"), "{found:?}");
}

#[test]
fn public_symbols_of_zlib_are_not_forbidden() {
    let mut object = asking("a.so");
    asks(&mut object, &["inflate"]);
    assert_eq!(found_of("forbidden-symbol", vec![object]), []);
}
