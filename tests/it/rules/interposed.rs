//! `interposed`.

use muslrepair::resolve::Object;

use super::Case;
use super::linked::found_of;
use super::scene::{asks, changed, found};

pub const CASE: Case = Case {
    code: "interposed",
    breaks: || found(vec![asking("a.so", true), library()]),
    keeps: || found(vec![asking("a.so", false), library()]),
};

fn library() -> Object {
    changed("libcrypt.so.2", |object| object.symbols.defined = [&b"crypt"[..]].into_iter().collect())
}

fn asking(name: &str, with_version: bool) -> Object {
    changed(name, |object| {
        asks(object, &["crypt"]);
        object.facts.needed = vec!["libcrypt.so.2".to_owned()];
        object.facts.rpath = Some("$ORIGIN".to_owned());
        if with_version {
            object.symbols.interposed.insert(("libcrypt.so.2".to_owned(), "crypt".to_owned()));
        }
    })
}

#[test]
fn what_libc_defines_too_is_taken_from_libc() {
    let found = found(vec![asking("a.so", true), asking("b.so", true), library()]);
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    let message =
        "`crypt` of `libcrypt.so.2` is never used by `demo/a.so`, `demo/b.so`: musl's own takes precedence";
    assert_eq!(found[0].message, message);
}

#[test]
fn what_the_library_does_not_define_is_not_taken_from_it() {
    let other =
        changed("libcrypt.so.2", |object| object.symbols.defined = [&b"other"[..]].into_iter().collect());
    assert_eq!(found_of("interposed", vec![asking("a.so", true), other]), []);
}
