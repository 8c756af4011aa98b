//! `dlopen-glibc-library`.

use muslrepair::audit::Severity;
use muslrepair::elf::ElfFacts;
use muslrepair::musl::ObjectSymbols;
use muslrepair::resolve::Object;

use crate::support::elf_builder::{DT_RELA, DT_RELASZ, DT_SYMTAB, ElfBuilder, relocation, symbols};

use super::Case;
use super::scene::{changed, found, module};

pub const CASE: Case = Case {
    code: "dlopen-glibc-library",
    breaks: || found(vec![opening("a.so")]),
    keeps: || found(vec![module("a.so")]),
};

fn opening(name: &str) -> Object {
    changed(name, |object| object.symbols.opened = vec!["libresolv.so.2".to_owned()])
}

#[test]
fn libraries_of_glibc_that_programs_open_are_noted_once() {
    let found = found(vec![opening("a.so"), opening("b.so"), module("sound.so")]);
    assert_eq!((found.len(), found[0].count, found[0].severity), (1, 2, Severity::Note), "{found:?}");
    let message = "`demo/a.so`, `demo/b.so` call `dlopen` and may open libraries that musl systems do not have: `libresolv.so.2`";
    assert_eq!(found[0].message, message);
}

/// A library that calls `dlopen`, with these strings in its string table and behind it.
fn read(in_table: &[u8], elsewhere: &[u8]) -> Vec<String> {
    let bytes = ElfBuilder::new()
        .raw_strings(b"dlopen\0")
        .raw_strings(in_table)
        .table(DT_SYMTAB, symbols(2, |_| 1))
        .table(DT_RELA, relocation(0, 6, 1))
        .entry(DT_RELASZ, 24)
        .behind(elsewhere)
        .build();
    ObjectSymbols::read(&bytes, &ElfFacts::parse(&bytes).unwrap()).unwrap().opened
}

#[test]
fn strings_that_are_left_over_in_the_string_table_are_no_evidence() {
    assert_eq!(read(b"", b"\0libresolv.so.2\0"), ["libresolv.so.2"]);
    assert_eq!(read(b"libresolv.so.2\0", b""), [""; 0]);
    assert_eq!(read(b"libresolv.so.2\0", b"\0libcrypt.so.1\0"), ["libcrypt.so.1"]);
    // Alpine has it.
    assert_eq!(read(b"", b"\0libgomp.so.1\0"), [""; 0]);
}
