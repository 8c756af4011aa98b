//! What depends on the order in which musl loads. Each layout here was loaded by musl 1.2.3 and 1.2.5, with this outcome.

use super::*;

/// A library in `demo/`, with what it needs and its run path.
fn library(name: &str, needed: &[&str], run_path: &str) -> Object {
    let mut object = module(name);
    object.symbols = ObjectSymbols::default();
    object.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
    object.facts.runpath = (!run_path.is_empty()).then(|| run_path.to_owned());
    object
}

/// The same, imported by the interpreter.
fn extension(name: &str, needed: &[&str], run_path: &str) -> Object {
    let mut object = library(name, needed, run_path);
    object.symbols.defined = [&b"PyInit_x"[..]].into_iter().collect();
    object
}

fn defining(mut object: Object, name: &str) -> Object {
    object.symbols.defined = [name.as_bytes()].into_iter().collect();
    object
}

fn asking(mut object: Object, name: &str) -> Object {
    asks(&mut object, &[name]);
    object
}

fn loads(examination: &Examination, path: &str) -> bool {
    let module = examination.modules.iter().find(|module| module.path == format!("demo/{path}"));
    module.unwrap().loads_on.contains(Release::NEWEST)
}

#[test]
fn a_run_path_is_inherited_from_what_was_loaded_and_from_nothing_else() {
    let objects = || vec![library("a/liba.so", &["libb.so"], ""), library("b/libb.so", &[], "")];
    let ext1 = extension("ext1.so", &["liba.so"], "$ORIGIN/a");
    let ext2 = extension("ext2.so", &["liba.so"], "$ORIGIN/a:$ORIGIN/b");
    let with = |extensions: Vec<Object>| look(TAG, [extensions, objects()].concat());

    let examination = with(vec![ext2.clone()]);
    assert_eq!(codes(&examination), []);
    assert!(loads(&examination, "ext2.so"));

    let examination = with(vec![ext1, ext2]);
    assert_eq!(codes(&examination), [Code::BorrowedRunPath]);
    assert!(!loads(&examination, "ext1.so") && loads(&examination, "ext2.so"));
    let message = &examination.findings[0].message;
    assert!(message.contains("`demo/a/liba.so` does not find `libb.so` when `demo/ext1.so`"), "{message}");
    assert_eq!(examination.minimum_musl.version, None);
    assert_eq!(examination.minimum_musl_repaired.version, Some(Release::OLDEST));
}

#[test]
fn what_is_loaded_under_a_name_is_taken_for_it() {
    let examination = look(
        TAG,
        vec![
            extension("ext.so", &["libx.so", "liby.so"], "$ORIGIN"),
            library("libx.so", &["libdup.so"], "$ORIGIN/x"),
            asking(library("liby.so", &["libdup.so"], "$ORIGIN/y"), "dup_y"),
            defining(library("x/libdup.so", &[], ""), "dup_x"),
            defining(library("y/libdup.so", &[], ""), "dup_y"),
        ],
    );
    assert_eq!(codes(&examination), [Code::DuplicateName, Code::UnresolvedSymbol]);
    // Nothing that is loaded before helps: the name is taken.
    assert_eq!(examination.findings[1].severity, Severity::Error);
    assert!(!loads(&examination, "ext.so"));
}

#[test]
fn copies_of_one_library_may_share_a_name() {
    let objects = vec![
        extension("a.so", &["libdup.so"], "$ORIGIN/x"),
        extension("b.so", &["libdup.so"], "$ORIGIN/y"),
        library("x/libdup.so", &[], ""),
        library("y/libdup.so", &[], ""),
    ];
    assert_eq!(codes(&look(TAG, objects)), []);
}

#[test]
fn names_are_looked_for_in_the_order_of_loading() {
    let objects = |first: &str, second: &str| {
        vec![
            extension("ext.so", &[first, second], "$ORIGIN/x"),
            library("x/liba.so", &["libc1.so"], ""),
            library("x/libb.so", &["libc1.so"], "$ORIGIN/../y"),
            library("y/libc1.so", &[], ""),
        ]
    };
    assert_eq!(codes(&look(TAG, objects("libb.so", "liba.so"))), []);
    assert_eq!(codes(&look(TAG, objects("liba.so", "libb.so"))), [Code::BorrowedRunPath]);
}

#[test]
fn libraries_that_need_each_other_are_looked_at() {
    let a = asking(library("liba.so", &["libb.so"], "$ORIGIN"), "backtrace");
    let b = library("libb.so", &["liba.so"], "$ORIGIN");
    let examination = look(TAG, vec![a, b]);
    assert_eq!(examination.modules.len(), 1);
    assert_eq!(codes(&examination), [Code::UnresolvedSymbol]);
}

#[test]
fn a_path_that_is_needed_is_opened_as_it_is() {
    let objects = |name: &str| vec![extension("ext.so", &[name], "$ORIGIN"), library("sub/libb.so", &[], "")];
    for name in ["sub/libb.so", "./sub/libb.so"] {
        let examination = look(TAG, objects(name));
        assert_eq!(codes(&examination), [Code::NeededPath], "{name}");
        assert!(!loads(&examination, "ext.so"));
        assert_eq!(examination.minimum_musl_repaired.version, Some(Release::OLDEST));
    }
    assert_eq!(codes(&look(TAG, objects("other/libb.so"))), [Code::MissingLibrary]);
}

#[test]
fn another_architecture_first_on_the_run_path_ends_the_search() {
    let examination = look(
        TAG,
        vec![
            extension("ext.so", &["libb.so"], "$ORIGIN/a:$ORIGIN/b"),
            changed("a/libb.so", |o| {
                *o = library("a/libb.so", &[], "");
                o.facts.machine = 183;
                on(Arch::Aarch64, o);
            }),
            library("b/libb.so", &[], ""),
        ],
    );
    let missing = examination.findings.iter().find(|finding| finding.code == Code::MissingLibrary);
    let rejected = &missing.unwrap().details[0];
    assert!(rejected.starts_with("rejected: `demo/a/libb.so` (aarch64"), "{rejected}");
}

#[test]
fn what_initialises_another_module_is_not_the_interpreters() {
    let other = defining(extension("other.so", &[], ""), "PyInit_other");
    let asking = asking(extension("ext.so", &[], ""), "PyInit_other");
    assert_eq!(codes(&look(TAG, vec![asking.clone(), other])), [Code::UnresolvedSymbol]);
    assert_eq!(codes(&look(TAG, vec![asking])), []);
}
