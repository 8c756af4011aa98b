//! `reserved-name`.

use muslrepair::resolve::Object;

use super::Case;
use super::linked::found_of;
use super::scene::{changed, found, module};

pub const CASE: Case = Case {
    code: "reserved-name",
    breaks: || found(vec![needing("a.so"), module("libutil.so")]),
    keeps: || found(vec![module("a.so"), module("libutil.so")]),
};

fn needing(name: &str) -> Object {
    changed(name, |object| object.facts.needed = vec!["libutil.so".to_owned()])
}

#[test]
fn a_library_under_a_reserved_name_is_never_loaded() {
    let objects = vec![needing("a.so"), needing("b.so"), module("libutil.so")];
    let found = found_of("reserved-name", objects);
    assert_eq!((found.len(), found[0].object.as_str()), (1, "demo/libutil.so"), "{found:?}");
    let message = "`demo/libutil.so` is never loaded: musl answers the name `libutil.so` itself, which \
        `demo/a.so`, `demo/b.so` need";
    assert_eq!(found[0].message, message);
}

#[test]
fn a_name_that_only_begins_like_a_reserved_one_is_not_reserved() {
    let needing = changed("a.so", |object| {
        object.facts.needed = vec!["libutil-1a2b.so".to_owned()];
        object.facts.runpath = Some("$ORIGIN".to_owned());
    });
    assert_eq!(found_of("reserved-name", vec![needing, module("libutil-1a2b.so")]), []);
}
