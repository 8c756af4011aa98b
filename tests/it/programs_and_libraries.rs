//! Which objects are programs, and which are libraries whatever their headers say.

use muslrepair::audit::{Severity, libc_name};
use muslrepair::musl::ObjectSymbols;
use muslrepair::resolve::Object;

use crate::rules::linked::{extension, library};
use crate::rules::scene::{TAG, asks, audit, changed, found, module, only, program, sound};

/// The object with an interpreter that no musl system has.
fn with_interpreter(mut object: Object) -> Object {
    object.facts.interpreter = Some("/lib64/ld-linux-x86-64.so.2".to_owned());
    object
}

#[test]
fn the_interpreter_of_a_library_or_module_is_never_read() {
    for name in ["a.so", "liba.so.1", "a.cpython-312-x86_64-linux-musl.so"] {
        sound(vec![with_interpreter(module(name))]);
        sound(vec![with_interpreter(library(name, &[], ""))]);
    }
    // Another object needs it, whatever its name is.
    sound(vec![extension("a.so", &["plugin"], "$ORIGIN"), with_interpreter(library("plugin", &[], ""))]);
    assert_eq!(only("glibc-object", vec![with_interpreter(program("tool"))]).object, "demo/tool");
    only("glibc-object", vec![with_interpreter(program("so"))]);
}

#[test]
fn an_interpreter_tells_the_libc_of_programs_only() {
    let libc = |object| libc_name(&audit(TAG, vec![object]).graph, 0);
    assert_eq!(libc(with_interpreter(library("a.so", &[], ""))), None);
    assert_eq!(libc(with_interpreter(library("tool", &[], ""))), Some("glibc"));
    assert_eq!(libc(program("tool")), Some("musl"));
}

#[test]
fn a_library_that_says_it_is_a_position_independent_program_is_judged_as_a_library() {
    let pie = |name: &str, needed: &[&str]| {
        let mut object = library(name, needed, "");
        object.facts.pie_flag = true;
        object
    };
    sound(vec![pie("liba.so", &["libc.so"])]);
    only("wrong-interpreter", vec![pie("tool", &["libc.so"])]);
    // It is not a static program, which would need nothing.
    let mut asking = pie("liba.so", &[]);
    asks(&mut asking, &["no_such_function"]);
    only("unresolved-symbol", vec![asking.clone()]);
    asking.origin = module("tool").origin;
    sound(vec![asking]);
}

/// A library that needs a symbol, and a program that exports it.
fn plugin_and_server(plugin: &str) -> Vec<Object> {
    let mut server = program("server");
    server.symbols.defined = [&b"server_api"[..]].into_iter().collect();
    let plugin = changed(plugin, |object| {
        object.symbols = ObjectSymbols::default();
        asks(object, &["server_api", "printf"]);
    });
    vec![plugin, server]
}

#[test]
fn a_symbol_that_a_program_of_the_wheel_exports_is_a_warning() {
    let finding = only("unresolved-symbol", plugin_and_server("plugin.so"));
    let message = "`demo/plugin.so` needs the symbol `server_api`, which only the program `demo/server` exports, and loads \
                   only in it";
    assert_eq!((finding.severity, finding.message.as_str()), (Severity::Warning, message));
    // A library with which the plugin is linked is loaded in the same process.
    let mut linked = plugin_and_server("libdep.so");
    linked.push(library("plugin.so", &["libdep.so"], "$ORIGIN"));
    assert_eq!(only("unresolved-symbol", linked).severity, Severity::Warning);
}

#[test]
fn a_symbol_of_a_program_is_no_help_to_a_module_or_to_another_program() {
    let mut imported = plugin_and_server("plugin.so");
    imported[0].symbols.defined = [&b"PyInit_plugin"[..]].into_iter().collect();
    assert_eq!(only("unresolved-symbol", imported).severity, Severity::Error);
    let mut started = plugin_and_server("tool");
    started[0].facts.interpreter.clone_from(&program("tool").facts.interpreter);
    assert_eq!(only("unresolved-symbol", started).severity, Severity::Error);
    let mut neither = plugin_and_server("plugin.so");
    asks(&mut neither[0], &["server_api", "nobody_has_this"]);
    let severities: Vec<Severity> = found(neither).iter().map(|finding| finding.severity).collect();
    assert!(severities.contains(&Severity::Error), "{severities:?}");
}
