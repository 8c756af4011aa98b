//! Objects that musl refuses, as reported by `verify` for a wheel with that object.

use crate::support::elf_builder::{
    DT_HASH, DT_RELA, DT_RELASZ, DT_SYMTAB, DT_VERSYM, ElfBuilder, relocation, symbol, words,
};
use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;
use muslrepair::elf::{ElfEdit, ElfFacts, Kind, RunPathEdit, Strip, patch};
use serde_json::{Value, json};

const NAME: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";

/// Bindings and types of symbols, combined as in `st_info`.
const GLOBAL: u8 = 0x10;
const WEAK: u8 = 0x20;
const OBJECT: u8 = 1;
const FUNC: u8 = 2;
const TLS: u8 = 6;
const IFUNC: u8 = 10;

/// Types of relocations (System V ABI, AMD64 supplement).
const ABSOLUTE: u64 = 1;
const COPY: u64 = 5;
const JUMP_SLOT: u64 = 7;
const DTPMOD: u64 = 16;
const DTPOFF: u64 = 17;
const PC64: u64 = 24;
const SIZE64: u64 = 33;
const IRELATIVE: u64 = 37;

/// The symbol of a module in addition to `PyInit__core`.
#[derive(Clone, Copy)]
struct Subject {
    info: u8,
    section: u16,
    value: u64,
    version: u16,
}

const UNDEFINED: Subject = Subject { info: GLOBAL | FUNC, section: 0, value: 0, version: 1 };
const DEFINED: Subject = Subject { info: GLOBAL | FUNC, section: 1, value: 0x100, version: 1 };

/// A module with a symbol `subject`, and one relocation of each type that refers to it.
fn module(subject: Subject, types: &[u64]) -> Vec<u8> {
    let symbols = [
        vec![0; 24],
        symbol(1, GLOBAL | FUNC, 1, 0x80),
        symbol(14, subject.info, subject.section, subject.value),
    ];
    let versions = [0, 1, subject.version].into_iter().flat_map(u16::to_le_bytes).collect();
    let relocations: Vec<u8> = types.iter().flat_map(|number| relocation(64, *number, 2)).collect();
    let size = relocations.len() as u64;
    ElfBuilder::new()
        .raw_strings(b"PyInit__core\0subject\0")
        .table(DT_SYMTAB, symbols.concat())
        .table(DT_HASH, words(&[1, 3, 0, 0, 0, 0]))
        .table(DT_VERSYM, versions)
        .table(DT_RELA, relocations)
        .entry(DT_RELASZ, size)
        .build()
}

/// The output of `verify` for a wheel with this module.
fn verdict(module: &[u8]) -> Value {
    let sandbox = Sandbox::new();
    sandbox.wheel(&WheelBuilder::new(NAME).file_with_mode("demo/_core.so", module, 0o755));
    serde_json::from_str(&sandbox.run(&["verify", "--format", "json", NAME]).stdout).unwrap()
}

/// The module loads nowhere, for one reason.
fn refused(module: &[u8], code: &str, cause: &Value) {
    let verdict = verdict(module);
    let codes: Vec<&Value> =
        verdict["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes, [code], "{verdict}");
    assert_eq!(verdict["sound"], false);
    assert_eq!(verdict["modules"][0]["loads_on"], json!([]));
    let mut wanted = cause.clone();
    wanted["object"] = json!("demo/_core.so");
    wanted["met_by"] = json!([]);
    assert_eq!(verdict["modules"][0]["requirements"], json!([wanted]));
}

/// The module loads on every musl, without findings.
fn loads(module: &[u8]) {
    let verdict = verdict(module);
    assert_eq!(verdict["findings"], json!([]));
    assert_eq!(verdict["minimum_musl"]["version"], "1.1.19");
}

#[test]
fn a_relocation_of_an_unknown_type_is_refused() {
    for number in [PC64, SIZE64] {
        let cause = json!({"cause": "unsupported-relocation", "number": number});
        refused(&module(DEFINED, &[ABSOLUTE, number]), "unsupported-relocation", &cause);
    }
    loads(&module(DEFINED, &[ABSOLUTE, JUMP_SLOT, DTPOFF, 0]));
}

#[test]
fn a_definition_that_musl_ignores_does_not_provide_its_symbol() {
    let cause = json!({"cause": "ineligible-definition", "symbol": "subject"});
    let hidden = Subject { version: 0x8002, ..DEFINED };
    let without_value = Subject { value: 0, ..DEFINED };
    let of_another_type = Subject { info: GLOBAL | 13, ..DEFINED };
    for subject in [hidden, without_value, of_another_type] {
        refused(&module(subject, &[ABSOLUTE]), "unresolved-symbol", &cause);
        loads(&module(subject, &[]));
        loads(&module(Subject { info: FUNC, ..subject }, &[ABSOLUTE]));
    }
    loads(&module(Subject { info: GLOBAL | TLS, value: 0, ..DEFINED }, &[DTPMOD]));
}

#[test]
fn indirect_functions_count_where_they_are_referred_to() {
    let indirect = Subject { info: GLOBAL | IFUNC, ..DEFINED };
    refused(&module(indirect, &[JUMP_SLOT]), "ifunc", &json!({"cause": "ifunc", "symbol": "subject"}));
    refused(&module(DEFINED, &[IRELATIVE]), "ifunc", &json!({"cause": "ifunc"}));
    loads(&module(indirect, &[]));
}

#[test]
fn a_weak_thread_local_symbol_has_to_be_provided() {
    let weak = Subject { info: WEAK | TLS, ..UNDEFINED };
    let cause = json!({"cause": "weak-thread-local", "symbol": "subject"});
    refused(&module(weak, &[DTPMOD, DTPOFF]), "unresolved-symbol", &cause);
    loads(&module(weak, &[DTPOFF]));
    loads(&module(Subject { info: WEAK | OBJECT, ..UNDEFINED }, &[ABSOLUTE]));
}

#[test]
fn a_copy_relocation_takes_its_symbol_from_a_library() {
    let copied = Subject { info: GLOBAL | OBJECT, ..DEFINED };
    let cause = json!({"cause": "symbol", "symbol": "subject", "elsewhere": null});
    refused(&module(copied, &[COPY]), "unresolved-symbol", &cause);
    loads(&module(copied, &[ABSOLUTE]));
}

/// An extension module whose program headers and section headers were changed, each by its type.
fn headers_changed(segment: impl Fn(u32, &mut [u8]), section: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = object("x86_64/ext_plain.so");
    let word = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let half = |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (segments, sections) = (word(&bytes, 32), word(&bytes, 40));
    let (count, section_count) = (half(&bytes, 56), half(&bytes, 60));
    assert!(section_count > 0);
    for header in bytes[segments..segments + 56 * count].chunks_exact_mut(56) {
        segment(u32::from_le_bytes(header[..4].try_into().unwrap()), header);
    }
    bytes[sections..sections + 64 * section_count].chunks_exact_mut(64).for_each(section);
    bytes
}

/// Text relocations: a writable segment becomes read-only.
#[test]
fn a_relocation_in_a_segment_that_cannot_be_written_is_refused() {
    let bytes = headers_changed(|kind, header| header[4] &= if kind == 1 { !2 } else { !0 }, |_| {});
    refused(&bytes, "textrel", &json!({"cause": "text-relocation"}));
}

/// An object as written by `objcopy --only-keep-debug`, and as by `eu-strip -f`: sections in memory have the
/// type `SHT_NOBITS` (8), except notes (7), and the described content is not in the file.
fn debug_files() -> [Vec<u8>; 2] {
    let no_bits = |header: &mut [u8]| {
        let (kind, allocated) = (header[4], header[8] & 2 != 0);
        if allocated && kind != 7 {
            header[4..8].copy_from_slice(&8u32.to_le_bytes());
        }
    };
    let emptied = |_, header: &mut [u8]| header[32..40].fill(0);
    let elsewhere = |_, header: &mut [u8]| header[11] = 1;
    [headers_changed(emptied, no_bits), headers_changed(elsewhere, no_bits)]
}

#[test]
fn debug_files_are_passed_over_and_left_alone() {
    for debug in debug_files() {
        let facts = ElfFacts::parse(&debug).unwrap();
        assert_eq!((facts.kind, facts.dynamic), (Kind::DebugFile, false));
        let strip = ElfEdit { strip: Some(Strip::All), ..ElfEdit::default() };
        assert_eq!(patch(&debug, &strip).unwrap().bytes, debug);
        let edit = ElfEdit { run_path: RunPathEdit::Set("$ORIGIN".to_owned()), ..ElfEdit::default() };
        assert!(patch(&debug, &edit).unwrap_err().is_unsupported());

        let sandbox = Sandbox::new();
        let wheel = WheelBuilder::new("demo-1.0-cp312-cp312-linux_x86_64.whl")
            .file_with_mode("demo/_core.so", object("x86_64/core.so"), 0o755)
            .file("demo/_core.so.debug", &debug);
        sandbox.wheel(&wheel);
        sandbox.run(&["show", wheel.filename().to_string().as_str()]).success();
        sandbox.repair(&["--strip=all"]).success();
        assert_eq!(sandbox.result().read("demo/_core.so.debug"), debug);
        sandbox.run(&["verify", "out"]).success();
    }
}
