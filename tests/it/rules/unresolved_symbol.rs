//! `unresolved-symbol`.

use muslrepair::audit::Severity;
use muslrepair::musl::{LookupKind, ObjectSymbols};
use muslrepair::resolve::Object;

use super::Case;
use super::scene::{asks, changed, found, never_loads, only, program, sorted, sound};

pub const CASE: Case = Case {
    code: "unresolved-symbol",
    breaks: || found(vec![asking("a.so", &["__cxa_thread_atexit_impl", "printf"])]),
    keeps: || found(vec![asking("a.so", &["printf"])]),
};

fn asking(name: &str, symbols: &[&str]) -> Object {
    changed(name, |object| asks(object, symbols))
}

fn defining(name: &str, symbol: &str) -> Object {
    changed(name, |object| object.symbols.defined = [symbol.as_bytes()].into_iter().collect())
}

fn object_with_special_lookup(name: &str, why: LookupKind) -> Object {
    changed("a.so", |object| {
        asks(object, &[name]);
        object.symbols.lookup_kinds = [(name.as_bytes().into(), why)].into();
    })
}

fn linked_with(mut object: Object, library: &str) -> Object {
    object.facts.needed = vec![library.to_owned(), "libc.so".to_owned()];
    object.facts.rpath = Some("$ORIGIN".to_owned());
    object
}

#[test]
fn a_symbol_that_neither_musl_nor_a_library_defines_is_an_error() {
    let finding = only("unresolved-symbol", vec![asking("a.so", &["no_such_function", "printf"])]);
    assert_eq!(
        finding.message,
        "`demo/a.so` needs the symbol `no_such_function`, which no release of musl and none of its libraries provides"
    );
    assert_eq!((finding.severity, finding.hint), (Severity::Error, None));
    let weak = changed("a.so", |object| {
        object.symbols.weak = sorted(&["__cxa_thread_atexit_impl", "_ITM_registerTMCloneTable"]);
    });
    sound(vec![weak]);
    sound(vec![asking("a.so", &["PyLong_FromLong", "_Py_Dealloc"])]);
}

#[test]
fn a_symbol_that_musl_lost_says_since_when() {
    let finding = only("unresolved-symbol", vec![asking("a.so", &["__brk"])]);
    assert!(
        finding.message.contains("which no release of musl since 1.1.24 (Alpine 3.12) and"),
        "{finding:?}"
    );
}

#[test]
fn objects_that_miss_the_same_symbols_are_one_finding() {
    let findings =
        found(["a.so", "b.so", "c.so", "d.so"].map(|name| asking(name, &["no_such", "nor_this"])).to_vec());
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].count, 4);
    assert_eq!(
        findings[0].message,
        "`demo/a.so`, `demo/b.so`, `demo/c.so` and 1 more need the symbols `no_such`, `nor_this`, which no release of \
         musl and none of their libraries provides"
    );
    let different = found(vec![asking("a.so", &["no_such"]), asking("b.so", &["nor_this"])]);
    assert_eq!(different.len(), 2, "{different:?}");
}

#[test]
fn a_symbol_that_only_glibc_has_is_named_in_the_hint() {
    let finding = only("unresolved-symbol", vec![asking("a.so", &["__memcpy_chk"])]);
    assert!(finding.hint.unwrap().contains("only glibc has `__memcpy_chk`"));
}

#[test]
fn a_symbol_defined_in_an_object_that_is_not_linked_is_a_warning() {
    let (asking, defining) = (asking("a.so", &["demo_helper"]), defining("helper.so", "demo_helper"));
    let finding = only("unresolved-symbol", vec![asking.clone(), defining.clone()]);
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(
        finding.message,
        "`demo/a.so` is not linked with `demo/helper.so`, which defines `demo_helper`"
    );
    sound(vec![linked_with(asking, "helper.so"), defining]);
}

#[test]
fn a_definition_that_musl_ignores_does_not_count() {
    let own = object_with_special_lookup("helper", LookupKind::IneligibleDefinition);
    never_loads("unresolved-symbol", own.clone());
    sound(vec![linked_with(own, "helper.so"), defining("helper.so", "helper")]);
}

#[test]
fn a_weak_thread_local_symbol_has_to_be_found() {
    let finding =
        never_loads("unresolved-symbol", object_with_special_lookup("counter", LookupKind::WeakThreadLocal));
    assert!(finding.message.contains("the weak thread-local symbol `counter`"), "{finding:?}");
    assert!(finding.message.ends_with("musl crashes"), "{finding:?}");
}

#[test]
fn symbols_of_zlib_come_from_the_system_if_zlib_is_needed() {
    let with = |needed: &[&str]| {
        changed("a.so", |object| {
            asks(object, &["inflate"]);
            object.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    sound(vec![with(&["libz.so.1"])]);
    only("unresolved-symbol", vec![with(&["libc.so"])]);
}

#[test]
fn a_function_that_initialises_another_module_is_not_the_interpreters() {
    let module = |name: &str, defined: &str| {
        changed(name, |object| {
            object.symbols = ObjectSymbols::default();
            object.symbols.defined = [defined.as_bytes()].into_iter().collect();
        })
    };
    let mut asking = module("ext.so", "PyInit_ext");
    asks(&mut asking, &["PyInit_other"]);
    only("unresolved-symbol", vec![asking.clone(), module("other.so", "PyInit_other")]);
    sound(vec![asking]);
}

#[test]
fn libraries_that_need_each_other_are_loaded_too() {
    let a = linked_with(asking("liba.so", &["backtrace"]), "libb.so");
    let b = linked_with(changed("libb.so", |object| object.symbols = ObjectSymbols::default()), "liba.so");
    let finding = only("unresolved-symbol", vec![a, b]);
    assert_eq!(finding.objects, ["demo/liba.so"]);
}

#[test]
fn a_program_does_not_have_the_interpreters_symbols_and_a_module_with_an_interpreter_has() {
    let asking = |name: &str| {
        let mut object = program(name);
        asks(&mut object, &["PyLong_FromLong"]);
        object
    };
    sound(vec![asking("a.so")]);
    only("unresolved-symbol", vec![asking("tool")]);
}
