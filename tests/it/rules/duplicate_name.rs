//! `duplicate-name`.

use muslrepair::audit::Severity;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::{defining, extension, found_of, library, loads};
use super::scene::{TAG, asks, audit, found};

pub const CASE: Case =
    Case { code: "duplicate-name", breaks: || found(objects()), keeps: || found(copies()) };

/// `liby.so` finds its own library, but another one is loaded under that name.
fn objects() -> Vec<Object> {
    let mut asking = library("liby.so", &["libdup.so"], "$ORIGIN/y");
    asks(&mut asking, &["dup_y"]);
    vec![
        extension("ext.so", &["libx.so", "liby.so"], "$ORIGIN"),
        library("libx.so", &["libdup.so"], "$ORIGIN/x"),
        asking,
        defining(library("x/libdup.so", &[], ""), "dup_x"),
        defining(library("y/libdup.so", &[], ""), "dup_y"),
    ]
}

fn copies() -> Vec<Object> {
    vec![
        extension("a.so", &["libdup.so"], "$ORIGIN/x"),
        extension("b.so", &["libdup.so"], "$ORIGIN/y"),
        library("x/libdup.so", &[], ""),
        library("y/libdup.so", &[], ""),
    ]
}

#[test]
fn the_first_library_of_a_name_is_taken_for_all() {
    let audit = audit(TAG, objects());
    assert!(!loads(&audit, "ext.so"));
    let found = found_of("duplicate-name", objects());
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 2, Severity::Warning), "{found:?}");
    let message = "different libraries are named `libdup.so`, and a process uses the first one loaded for all: \
        `demo/x/libdup.so`, `demo/y/libdup.so`";
    assert_eq!(found[0].message, message);
}

#[test]
fn copies_of_one_library_may_share_a_name() {
    assert_eq!(audit(TAG, copies()).findings, []);
}

#[test]
fn libraries_of_different_modules_share_a_process() {
    let mut objects = copies();
    objects[3] = defining(library("y/libdup.so", &[], ""), "dup_y");
    assert_eq!(found_of("duplicate-name", objects).len(), 1);
}
