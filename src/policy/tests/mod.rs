//! Every finding: an object that has it, and one that has not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod loading;
mod refused;

use std::collections::BTreeSet;

use super::audit::{AuditOptions, Examination};
use super::binding::MinimumMusl;
use super::examine::examine;
use super::{Code, ObjectSymbols, Severity};
use crate::elf::{ElfFacts, Segment, VersionNeed};
use crate::musl::Release;
use crate::resolve::{
    InstalledLayout, Object, Origin, Resolver, ResolverOptions, SearchPlaces, Sysroot, SystemPath,
};
use crate::wheel::{Arch, Place, PlatformTag};

const PLAIN: &[u8] = include_bytes!("../../../testdata/objects/x86_64/ext_plain.so");

/// A sound extension module of x86_64 in `demo/`, to be made unsound.
fn module(name: &str) -> Object {
    let facts = ElfFacts::parse(PLAIN).unwrap();
    let path = format!("demo/{name}");
    let place = Place::of(&path.parse().unwrap(), "demo-1.0.data").unwrap();
    let symbols = ObjectSymbols::read(PLAIN, &facts).unwrap();
    Object {
        origin: Origin::Member { path: path.parse().unwrap(), place },
        facts,
        symbols,
        size: 1,
        dependencies: Vec::new(),
    }
}

fn changed(name: &str, change: impl FnOnce(&mut Object)) -> Object {
    let mut object = module(name);
    change(&mut object);
    object
}

fn sorted(names: &[&str]) -> Vec<Box<[u8]>> {
    let names: BTreeSet<Box<[u8]>> = names.iter().map(|name| name.as_bytes().into()).collect();
    names.into_iter().collect()
}

fn asks(object: &mut Object, names: &[&str]) {
    object.symbols.undefined = sorted(names);
}

fn on(arch: Arch, object: &mut Object) {
    object.facts.arch = Some(arch);
}

fn look(platform: &str, objects: Vec<Object>) -> Examination {
    look_with(platform, objects, &AuditOptions::default())
}

fn look_with(platform: &str, objects: Vec<Object>, options: &AuditOptions) -> Examination {
    let platforms: [PlatformTag; 1] = [platform.parse().unwrap()];
    let places =
        SearchPlaces { sysroot: Sysroot::new("/nonexistent"), first: Vec::new(), system: SystemPath::None };
    let resolver = Resolver::new(ResolverOptions {
        places,
        allowed: vec!["libz.so.1".to_owned()],
        ..ResolverOptions::default()
    });
    examine(objects, Vec::new(), InstalledLayout::new(Some((3, 12))), &platforms, &resolver, options)
}

fn codes(examination: &Examination) -> Vec<Code> {
    examination.findings.iter().map(|finding| finding.code).collect()
}

const TAG: &str = "musllinux_1_2_x86_64";

/// The object has exactly this finding, and the sound one next to it does not add to it.
fn finds(code: Code, object: Object) -> String {
    finds_on(TAG, code, vec![object, module("sound.so")])
}

fn finds_on(tag: &str, code: Code, objects: Vec<Object>) -> String {
    let examination = look(tag, objects);
    assert_eq!(codes(&examination), [code], "{:?}", examination.findings);
    assert_eq!(examination.findings[0].severity, code.severity());
    examination.findings[0].message.clone()
}

fn minimum(objects: Vec<Object>) -> MinimumMusl {
    look(TAG, objects).minimum_musl
}

#[test]
fn a_sound_module_has_no_finding() {
    let examination = look(TAG, vec![module("a.so"), module("b.so")]);
    assert_eq!(codes(&examination), []);
    assert_eq!(examination.minimum_musl.version, Some(Release::OLDEST));
    assert_eq!(examination.modules.len(), 2);
}

#[test]
fn s1_a_symbol_that_nothing_defines_is_unresolved() {
    let message =
        finds(Code::UnresolvedSymbol, changed("a.so", |o| asks(o, &["__cxa_thread_atexit_impl", "printf"])));
    assert!(message.ends_with("`__cxa_thread_atexit_impl`"), "{message}");
    let weak = changed("a.so", |o| {
        o.symbols.weak = sorted(&["__cxa_thread_atexit_impl", "_ITM_registerTMCloneTable"])
    });
    assert_eq!(codes(&look(TAG, vec![weak])), []);
    let python = changed("a.so", |o| asks(o, &["PyLong_FromLong", "_Py_Dealloc"]));
    assert_eq!(codes(&look(TAG, vec![python])), []);
}

#[test]
fn s1_what_only_glibc_has_is_said_in_the_hint() {
    let examination = look(TAG, vec![changed("a.so", |o| asks(o, &["__memcpy_chk"]))]);
    assert!(examination.findings[0].hint.as_ref().unwrap().contains("only glibc has `__memcpy_chk`"));
}

#[test]
fn s1_a_symbol_defined_beside_the_closure_is_a_warning() {
    let asking = changed("a.so", |o| asks(o, &["demo_helper"]));
    let defining = changed("helper.so", |o| o.symbols.defined = [&b"demo_helper"[..]].into_iter().collect());
    let examination = look(TAG, vec![asking.clone(), defining.clone()]);
    assert_eq!(codes(&examination), [Code::UnresolvedSymbol]);
    assert_eq!(examination.findings[0].severity, Severity::Warning);
    let leading = changed("a.so", |o| {
        asks(o, &["demo_helper"]);
        o.facts.needed = vec!["helper.so".to_owned(), "libc.so".to_owned()];
        o.facts.rpath = Some("$ORIGIN".to_owned());
    });
    assert_eq!(codes(&look(TAG, vec![leading, defining])), []);
}

#[test]
fn s2_a_symbol_newer_than_the_tag_is_a_warning_and_raises_the_minimum() {
    let object = changed("a.so", |o| asks(o, &["pthread_getname_np"]));
    let message = finds(Code::NewSymbol, object.clone());
    assert!(message.contains("since 1.2.3 (Alpine 3.16)"), "{message}");
    let minimum = minimum(vec![object, changed("b.so", |o| asks(o, &["gettid"]))]);
    assert_eq!((minimum.version, minimum.alpine), (Some(Release::V1_2_3), Some("3.16")));
    assert_eq!(minimum.because.len(), 1);
    assert_eq!(codes(&look("musllinux_1_3_x86_64", vec![changed("a.so", |o| asks(o, &["gettid"]))])), []);
}

#[test]
fn s2_posix_fallocate64_is_missing_from_two_releases() {
    let examination = look(TAG, vec![changed("a.so", |o| asks(o, &["posix_fallocate64", "open64"]))]);
    let loads_on = examination.modules[0].loads_on;
    let missing: Vec<Release> =
        Release::ALL.into_iter().filter(|release| !loads_on.contains(*release)).collect();
    assert_eq!(missing, [Release::V1_2_4, Release::V1_2_5]);
    let message = &examination.findings[0].message;
    assert!(
        message.ends_with("`posix_fallocate64`, which is missing from musl 1.2.4 and 1.2.5"),
        "{message}"
    );
}

#[test]
fn s3_relr_raises_the_minimum_until_it_is_lowered() {
    let examination = look(TAG, vec![changed("a.so", |o| o.facts.relr = true)]);
    assert_eq!(codes(&examination), [Code::Relr]);
    assert_eq!(examination.minimum_musl.version, Some(Release::V1_2_4));
    assert_eq!(examination.minimum_musl_repaired.version, Some(Release::OLDEST));
}

#[test]
fn s4_initial_exec_tls_is_refused_in_libraries_and_fine_in_programs() {
    let with_tls = |o: &mut Object| o.facts.relocations.initial_exec_tls = 3;
    finds(Code::InitialExecTls, changed("a.so", with_tls));
    let program = changed("tool", |o| {
        with_tls(o);
        asks(o, &["printf"]);
        o.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
    });
    assert_eq!(codes(&look(TAG, vec![program])), []);
}

#[test]
fn s6_a_library_that_no_run_path_leads_to_is_missing_and_found_in_the_wheel() {
    let needing = changed("a.so", |o| o.facts.needed = vec!["helper.so".to_owned()]);
    let examination = look(TAG, vec![needing, module("helper.so")]);
    assert_eq!(codes(&examination), [Code::MissingLibrary]);
    assert!(examination.findings[0].hint.as_ref().unwrap().contains("no run path leads there"));
    assert!(examination.modules[0].loads_on.is_empty());
}

#[test]
fn s7_glibc_objects_are_told_by_versions_libraries_and_interpreters() {
    let need =
        |file: &str, version: &str| VersionNeed { file: file.to_owned(), versions: vec![version.to_owned()] };
    let message = finds(
        Code::GlibcObject,
        changed("a.so", |o| o.facts.version_needs = vec![need("libc.so.6", "GLIBC_2.17")]),
    );
    assert!(message.contains("`GLIBC_2.17` of `libc.so.6`"), "{message}");
    let loader = changed("a.so", |o| o.facts.needed = vec!["ld-linux-x86-64.so.2".to_owned()]);
    assert_eq!(codes(&look(TAG, vec![loader])), [Code::GlibcObject, Code::MissingLibrary]);
    // Some toolchains for musl write the names that musl takes for itself.
    let reserved = changed("a.so", |o| o.facts.needed = vec!["libm.so.6".to_owned(), "libc.so.6".to_owned()]);
    assert_eq!(codes(&look(TAG, vec![reserved])), []);
    let fine = changed("a.so", |o| o.facts.version_needs = vec![need("libgcc_s.so.1", "GLIBC_2.0")]);
    assert_eq!(codes(&look(TAG, vec![fine])), []);
}

#[test]
fn s8_a_library_under_a_reserved_name_is_never_loaded() {
    let needing = changed("a.so", |o| o.facts.needed = vec!["libutil.so".to_owned()]);
    finds_on(TAG, Code::ReservedName, vec![needing, module("libutil.so")]);
    assert_eq!(codes(&look(TAG, vec![module("a.so"), module("libutil.so")])), []);
}

#[test]
fn s9_run_paths_that_musl_ignores_or_cannot_hold_or_that_lead_out() {
    let with = |path: &str| changed("a.so", |o| o.facts.runpath = Some(path.to_owned()));
    finds(Code::VoidRunPath, with("$ORIGIN/lib:/x/$LIB"));
    finds(Code::OutsideRunPath, with("$ORIGIN:/usr/local/lib"));
    finds(Code::LongRunPath, with(&format!("$ORIGIN/{}", "d/".repeat(150))));
    assert_eq!(codes(&look(TAG, vec![with("$ORIGIN/../demo.libs")])), []);
}

#[test]
fn s10_what_libc_defines_too_is_taken_from_libc() {
    let library = changed("libcrypt.so.2", |o| o.symbols.defined = [&b"crypt"[..]].into_iter().collect());
    let asking = |interposed: bool| {
        changed("a.so", |o| {
            asks(o, &["crypt"]);
            o.facts.needed = vec!["libcrypt.so.2".to_owned()];
            o.facts.rpath = Some("$ORIGIN".to_owned());
            if interposed {
                o.symbols.interposed.insert(("libcrypt.so.2".to_owned(), "crypt".to_owned()));
            }
        })
    };
    finds_on(TAG, Code::Interposed, vec![asking(true), library.clone()]);
    assert_eq!(codes(&look(TAG, vec![asking(false), library])), []);
}

#[test]
fn s11_programs_ask_for_the_loader_of_their_architecture() {
    let program = |interpreter: &str| {
        changed("tool", |o| {
            asks(o, &["printf"]);
            o.facts.interpreter = Some(interpreter.to_owned());
        })
    };
    finds(Code::WrongInterpreter, program("/opt/lib/ld-musl-x86_64.so.1"));
    finds(Code::WrongInterpreter, program("/lib/ld-musl-aarch64.so.1"));
    finds(Code::GlibcObject, program("/lib64/ld-linux-x86-64.so.2"));
    assert_eq!(codes(&look(TAG, vec![program("/lib/ld-musl-x86_64.so.1")])), []);
}

#[test]
fn s12_the_suffix_of_glibc_is_not_looked_for_since_3_11() {
    for name in [
        "_x.cpython-311-x86_64-linux-gnu.so",
        "_x.cpython-313t-x86_64-linux-gnu.so",
        "_x.cpython-312-arm-linux-gnueabihf.so",
        "_x.cpython-312-aarch64-linux-musl.so",
        "_x.cpython-39-aarch64-linux-gnu.so",
        "_x.abi3-x86_64-linux-gnu.so",
        "_x.abi3-aarch64-linux-musl.so",
        "_x.pypy311-pp73-aarch64-linux-gnu.so",
    ] {
        finds(Code::WrongSuffix, module(name));
    }
    for name in [
        "_x.cpython-310-x86_64-linux-gnu.so",
        "_x.cpython-312-x86_64-linux-musl.so",
        "_x.abi3.so",
        "_x.abi3-x86_64-linux-musl.so",
        "_x.pypy311-pp73-x86_64-linux-gnu.so",
        "libcpython-3-gnu.so",
    ] {
        assert_eq!(codes(&look(TAG, vec![module(name)])), [], "{name}");
    }
}

#[test]
fn s13_an_object_of_another_architecture_is_an_error() {
    let other = changed("b.so", |o| {
        on(Arch::Aarch64, o);
        o.facts.segments.clear();
    });
    finds_on(TAG, Code::WrongMachine, vec![module("a.so"), other.clone()]);
    assert_eq!(codes(&look("musllinux_1_2_aarch64", vec![other])), []);
    finds(Code::UnknownMachine, changed("b.so", |o| o.facts.arch = None));
}

#[test]
fn s14_threads_with_small_stacks_are_noted() {
    finds(Code::SmallStacks, changed("a.so", |o| asks(o, &["pthread_create"])));
    let sized = changed("a.so", |o| asks(o, &["pthread_attr_setstacksize", "pthread_create"]));
    assert_eq!(codes(&look(TAG, vec![sized])), []);
}

#[test]
fn s15_layouts_that_musl_takes_badly() {
    finds(Code::UnmappedHeaders, changed("a.so", |o| o.facts.headers_mapped = false));
    let empty = changed("a.so", |o| {
        let load = o.facts.segments.iter().find(|segment| segment.kind == 1).copied().unwrap();
        o.facts.segments.push(Segment { memory_size: 0, file_size: 0, address: 0x90_0000, ..load });
    });
    finds(Code::EmptySegment, empty.clone());
    assert_eq!(minimum(vec![empty]).version, Some(Release::V1_2_3));
    let arm = "musllinux_1_2_aarch64";
    let legacy = |arch| {
        changed("a.so", |o| {
            on(arch, o);
            o.facts.legacy_init_only = true;
            o.facts.segments.clear();
        })
    };
    finds_on(arm, Code::LegacyInit, vec![legacy(Arch::Aarch64)]);
    assert_eq!(codes(&look(TAG, vec![legacy(Arch::X86_64)])), []);
}

#[test]
fn s15_segments_that_share_a_large_page() {
    let load = |address: u64, offset: u64, align: u64| Segment {
        kind: 1,
        flags: 5,
        offset,
        address,
        file_size: 0x800,
        memory_size: 0x800,
        align,
    };
    let with = |arch, segments: [Segment; 2]| {
        changed("a.so", |o| {
            on(arch, o);
            o.facts.segments = segments.to_vec();
        })
    };
    let small = [load(0, 0, 0x1000), load(0x2000, 0x1000, 0x1000)];
    finds_on("musllinux_1_2_aarch64", Code::SmallAlignment, vec![with(Arch::Aarch64, small)]);
    assert_eq!(codes(&look(TAG, vec![with(Arch::X86_64, small)])), []);
    let large = [load(0, 0, 0x1_0000), load(0x1_1000, 0x1000, 0x1_0000)];
    assert_eq!(codes(&look("musllinux_1_2_aarch64", vec![with(Arch::Aarch64, large)])), []);
}

#[test]
fn s16_ports_and_tls_descriptors_have_floors() {
    let loongarch = |tlsdesc| {
        changed("a.so", |o| {
            on(Arch::Loongarch64, o);
            o.facts.relocations.tlsdesc = tlsdesc;
            o.facts.segments.clear();
            o.symbols = ObjectSymbols::default();
        })
    };
    let least = |tlsdesc| look("musllinux_1_2_loongarch64", vec![loongarch(tlsdesc)]).minimum_musl.version;
    assert_eq!((least(0), least(1)), (Some(Release::V1_2_5), Some(Release::V1_2_6)));
}

#[test]
fn s17_two_widths_of_time_in_one_wheel() {
    let with = |name: &str, symbol: &str| {
        changed(name, |o| {
            on(Arch::I686, o);
            asks(o, &[symbol]);
        })
    };
    let tag = "musllinux_1_2_i686";
    finds_on(tag, Code::MixedTime, vec![with("a.so", "__clock_gettime64"), with("b.so", "stat")]);
    assert_eq!(codes(&look(tag, vec![with("a.so", "__clock_gettime64"), with("b.so", "__stat_time64")])), []);
}

#[test]
fn s18_names_that_programs_open_on_glibc_are_noted() {
    finds(Code::OpenedName, changed("a.so", |o| o.symbols.opened = vec!["libresolv.so.2".to_owned()]));
}

#[test]
fn private_symbols_of_zlib_are_refused_unless_the_wheel_has_its_own() {
    let asking = |name: &str| {
        changed(name, |o| {
            o.facts.needed = vec!["libz.so.1".to_owned()];
            o.symbols.forbidden.insert(("libz.so.1".to_owned(), "inflate_table".to_owned()));
        })
    };
    finds(Code::ForbiddenSymbol, asking("a.so"));
    let own = changed("a.so", |o| {
        o.facts.needed = vec!["libz.so.1".to_owned()];
        o.facts.rpath = Some("$ORIGIN".to_owned());
        o.symbols.forbidden.insert(("libz.so.1".to_owned(), "inflate_table".to_owned()));
    });
    assert_eq!(codes(&look(TAG, vec![own, module("libz.so.1")])), []);
    let tolerant = AuditOptions { tolerate_forbidden_symbols: true, ..AuditOptions::default() };
    assert_eq!(codes(&look_with(TAG, vec![asking("a.so")], &tolerant)), []);
}

#[test]
fn zlibs_public_symbols_come_from_the_system_and_only_if_zlib_is_needed() {
    let with = |needed: &[&str]| {
        changed("a.so", |o| {
            asks(o, &["inflate"]);
            o.facts.needed = needed.iter().map(|name| (*name).to_owned()).collect();
        })
    };
    assert_eq!(codes(&look(TAG, vec![with(&["libz.so.1"])])), []);
    finds(Code::UnresolvedSymbol, with(&["libc.so"]));
}

#[test]
fn programs_may_not_need_the_interpreters_library() {
    let program = changed("tool", |o| {
        o.facts.interpreter = Some("/lib/ld-musl-x86_64.so.1".to_owned());
        o.facts.needed = vec!["libpython3.12.so.1.0".to_owned()];
    });
    finds(Code::LibpythonInProgram, program);
    let module = changed("a.so", |o| o.facts.needed = vec!["libpython3.12.so.1.0".to_owned()]);
    finds(Code::LibpythonNeeded, module);
}

#[test]
fn a_finding_can_be_turned_off_by_its_code() {
    let object = changed("a.so", |o| asks(o, &["__memcpy_chk", "pthread_create"]));
    let allow = AuditOptions { allow: vec![Code::UnresolvedSymbol], ..AuditOptions::default() };
    assert_eq!(codes(&look_with(TAG, vec![object], &allow)), [Code::SmallStacks]);
}
