//! `inherited-run-path`.

use muslrepair::musl::MuslRelease;
use muslrepair::resolve::Object;

use super::Case;
use super::linked::{extension, found_of, library, loads, of};
use super::scene::{TAG, audit, found};

pub const CASE: Case = Case {
    code: "inherited-run-path",
    breaks: || found(with(vec![lacking("ext1.so"), leading()])),
    keeps: || found(with(vec![leading()])),
};

/// `liba.so` has no run path, and needs a library in another directory.
fn with(extensions: Vec<Object>) -> Vec<Object> {
    [extensions, vec![library("a/liba.so", &["libb.so"], ""), library("b/libb.so", &[], "")]].concat()
}

fn lacking(name: &str) -> Object {
    extension(name, &["liba.so"], "$ORIGIN/a")
}

fn leading() -> Object {
    extension("ext2.so", &["liba.so"], "$ORIGIN/a:$ORIGIN/b")
}

#[test]
fn a_run_path_is_inherited_from_what_was_loaded_and_from_nothing_else() {
    let sound = audit(TAG, with(vec![leading()]));
    assert_eq!(sound.findings, []);
    assert!(loads(&sound, "ext2.so"));

    let audit = audit(TAG, with(vec![lacking("ext1.so"), leading()]));
    assert!(!loads(&audit, "ext1.so") && loads(&audit, "ext2.so"));
    assert_eq!(audit.minimum_musl.version, None);
    assert_eq!(audit.minimum_musl_repaired.version, Some(MuslRelease::OLDEST));
    assert_eq!((audit.findings.len(), audit.findings[0].fixed_by_repair), (1, true), "{:?}", audit.findings);
    let message = "`demo/a/liba.so` does not find `libb.so` when `demo/ext1.so` is loaded first: \
        only another object's run path finds `demo/b/libb.so`";
    assert_eq!(audit.findings[0].message, message);
}

#[test]
fn all_modules_that_fail_are_named_in_one_finding() {
    let found = found_of("inherited-run-path", with(vec![lacking("ext1.so"), lacking("ext3.so"), leading()]));
    assert_eq!((found.len(), found[0].count), (1, 1), "{found:?}");
    assert!(found[0].message.contains("one of `demo/ext1.so`, `demo/ext3.so` is loaded first"), "{found:?}");
}

#[test]
fn libraries_that_lack_one_library_in_the_same_modules_are_one_finding() {
    let found = found_of(
        "inherited-run-path",
        vec![
            extension("ext1.so", &["liba.so", "libc1.so"], "$ORIGIN/a"),
            extension("ext2.so", &["liba.so", "libc1.so"], "$ORIGIN/a:$ORIGIN/b"),
            library("a/liba.so", &["libb.so"], ""),
            library("a/libc1.so", &["libb.so"], ""),
            library("b/libb.so", &[], ""),
        ],
    );
    assert_eq!((found.len(), found[0].count), (1, 2), "{found:?}");
    assert!(found[0].message.starts_with("`demo/a/liba.so`, `demo/a/libc1.so` do not find `libb.so`"));
}

#[test]
fn names_are_looked_for_in_the_order_of_loading() {
    let found = |first: &str, second: &str| {
        let objects = vec![
            extension("ext.so", &[first, second], "$ORIGIN/x"),
            library("x/liba.so", &["libc1.so"], ""),
            library("x/libb.so", &["libc1.so"], "$ORIGIN/../y"),
            library("y/libc1.so", &[], ""),
        ];
        of("inherited-run-path", audit(TAG, objects).findings).len()
    };
    assert_eq!(found("libb.so", "liba.so"), 0);
    assert_eq!(found("liba.so", "libb.so"), 1);
}
