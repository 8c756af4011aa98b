//! What no musl loads.

use super::*;
use crate::elf::Kind;
use crate::musl::Releases;
use crate::musl::Unusual;

/// The object has exactly this finding, and loads on no musl.
fn never_loads(code: Code, object: Object) {
    let examination = look(TAG, vec![object]);
    assert_eq!(codes(&examination), [code], "{:?}", examination.findings);
    assert_eq!(examination.findings[0].severity, Severity::Error);
    assert!(examination.modules[0].loads_on.is_empty());
}

fn unusual(object: &mut Object, name: &str, why: Unusual) {
    asks(object, &[name]);
    object.symbols.unusual = [(name.as_bytes().into(), why)].into();
}

#[test]
fn s5_indirect_functions_are_refused_where_they_are_referred_to() {
    never_loads(Code::Ifunc, changed("a.so", |o| unusual(o, "fast_copy", Unusual::IndirectFunction)));
    never_loads(Code::Ifunc, changed("a.so", |o| o.facts.relocations.irelative = 2));
    let of_libc = changed("a.so", |o| unusual(o, "memcpy", Unusual::IndirectFunction));
    assert_eq!(codes(&look(TAG, vec![of_libc])), []);
    let static_program = changed("tool", |o| {
        o.facts.relocations.irelative = 2;
        (o.facts.pie_flag, o.symbols) = (true, ObjectSymbols::default());
        o.facts.needed.clear();
    });
    let examination = look(TAG, vec![static_program]);
    assert_eq!((codes(&examination), examination.modules[0].loads_on), (vec![], Releases::ALL));
}

#[test]
fn definitions_that_musl_passes_over_must_be_found_elsewhere() {
    let own = changed("a.so", |o| unusual(o, "helper", Unusual::PassedOver));
    never_loads(Code::UnresolvedSymbol, own.clone());
    let leading = changed("a.so", |o| {
        *o = own;
        o.facts.needed = vec!["helper.so".to_owned()];
        o.facts.rpath = Some("$ORIGIN".to_owned());
    });
    let defining = changed("helper.so", |o| o.symbols.defined = [&b"helper"[..]].into_iter().collect());
    assert_eq!(codes(&look(TAG, vec![leading, defining])), []);
}

#[test]
fn weak_thread_local_symbols_must_be_found() {
    let object = changed("a.so", |o| unusual(o, "counter", Unusual::WeakThreadLocal));
    never_loads(Code::UnresolvedSymbol, object.clone());
    assert!(finds(Code::UnresolvedSymbol, object).ends_with("and musl crashes: `counter`"));
}

#[test]
fn relocations_that_musl_does_not_have_are_refused() {
    never_loads(Code::UnsupportedRelocation, changed("a.so", |o| o.facts.relocations.unsupported = Some(33)));
}

#[test]
fn text_relocations_need_the_tag_and_a_library() {
    let with = |tag: bool| {
        changed("a.so", |o| {
            o.facts.relocations.text = true;
            (o.facts.textrel_flag, o.facts.textrel_tag) = (true, tag);
        })
    };
    never_loads(Code::Textrel, with(false));
    assert_eq!(codes(&look(TAG, vec![with(true)])), []);
    let mut program = with(true);
    program.facts.kind = Kind::Executable;
    program.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
    asks(&mut program, &["printf"]);
    never_loads(Code::Textrel, program);
    let flag_alone = changed("a.so", |o| o.facts.textrel_flag = true);
    assert_eq!(codes(&look(TAG, vec![flag_alone])), []);
}

#[test]
fn a_segment_of_no_size_may_hide_another() {
    let hiding = changed("a.so", |o| {
        let load = o.facts.segments.iter().rfind(|segment| segment.kind == 1).copied().unwrap();
        let address = (load.address | 0xfff) - 7;
        o.facts.segments.push(Segment { memory_size: 0, file_size: 0, flags: 4, address, ..load });
    });
    never_loads(Code::EmptySegment, hiding);
}

#[test]
fn musl_looks_into_no_object_without_a_hash_table() {
    never_loads(Code::NoHashTable, changed("a.so", |o| o.facts.hash_table = false));
}

#[test]
fn a_program_that_needs_libraries_asks_for_a_loader() {
    let bare = |kind| {
        changed("tool", |o| {
            (o.facts.kind, o.facts.pie_flag) = (kind, true);
            o.symbols = ObjectSymbols::default();
            o.facts.needed = vec!["libc.so".to_owned()];
        })
    };
    for kind in [Kind::Executable, Kind::Dynamic] {
        never_loads(Code::WrongInterpreter, bare(kind));
        let alone = changed("tool", |o| {
            *o = bare(kind);
            o.facts.needed.clear();
        });
        assert_eq!(codes(&look(TAG, vec![alone])), [], "a static program");
    }
    assert_eq!(codes(&look(TAG, vec![changed("a.so", |o| o.facts.pie_flag = true)])), [], "imported");
}

#[test]
fn what_the_interpreter_imports_does_not_start_a_process_whatever_interpreter_it_has() {
    let asking = |name: &str| {
        changed(name, |o| {
            asks(o, &["PyLong_FromLong"]);
            o.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
        })
    };
    assert_eq!(codes(&look(TAG, vec![asking("a.so")])), []);
    finds(Code::UnresolvedSymbol, asking("tool"));
    let mut with_tls = asking("a.so");
    with_tls.facts.relocations.initial_exec_tls = 1;
    finds(Code::InitialExecTls, with_tls);
}

#[test]
fn a_static_program_asks_nothing_of_musl() {
    let program = changed("tool", |o| {
        o.facts.needed.clear();
        o.facts.pie_flag = true;
        o.facts.relr = true;
        o.facts.relocations.irelative = 3;
        o.facts.relocations.initial_exec_tls = 1;
        let empty = Segment { memory_size: 0, ..*o.facts.segments.last().unwrap() };
        o.facts.segments.push(Segment { kind: 1, ..empty });
    });
    let examination = look(TAG, vec![program]);
    assert_eq!(examination.minimum_musl.version, Some(Release::OLDEST), "{:?}", examination.minimum_musl);
}
