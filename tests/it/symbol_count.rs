//! The number of dynamic symbols of a file: all that musl may use, whatever the section headers say.

use muslrepair::elf::{DynamicSymbols, ElfFacts};
use muslrepair::musl::ObjectSymbols;

use crate::support::elf_builder::{
    DT_HASH, DT_RELA, DT_RELASZ, DT_SYMTAB, ElfBuilder, SHF_ALLOC, Section, relocation, symbols, words,
};

/// `SHT_DYNSYM`.
const SHT_DYNSYM: u32 = 11;

/// `R_X86_64_GLOB_DAT`.
const GLOB_DAT: u64 = 6;

/// A library with three undefined symbols, for which a section header and a hash table each declare a number,
/// the null symbol included. A relocation refers to the last one.
fn described(header: u64, hash: u32) -> Vec<u8> {
    let names = b"\0first\0second\0third\0";
    let builder = ElfBuilder::new()
        .raw_strings(names)
        .table(DT_HASH, words(&[1, hash, 0, 0, 0, 0, 0]))
        .table(DT_SYMTAB, symbols(4, |index| [0, 2, 8, 15][index as usize]))
        .table(DT_RELA, relocation(0, GLOB_DAT, 3))
        .entry(DT_RELASZ, 24);
    let address = builder.place_of(DT_SYMTAB);
    let table = Section {
        name: ".dynsym",
        kind: SHT_DYNSYM,
        flags: SHF_ALLOC,
        address,
        offset: address,
        size: header * 24,
        ..Section::default()
    };
    builder.sections([table]).build()
}

#[test]
fn the_largest_count_of_headers_hash_tables_and_relocations_holds() {
    for (header, hash, count) in [(1, 4, 4), (2, 1, 4), (4, 1, 4), (1, 2, 4), (5, 4, 5)] {
        let bytes = described(header, hash);
        let facts = ElfFacts::parse(&bytes).unwrap();
        assert_eq!(facts.dynamic_symbol_count, count, "header {header}, hash table {hash}");
    }
}

#[test]
fn a_section_header_that_is_too_small_hides_no_undefined_symbol() {
    let undefined = |header, hash| {
        let bytes = described(header, hash);
        ObjectSymbols::read(&bytes, &ElfFacts::parse(&bytes).unwrap()).unwrap().undefined
    };
    assert_eq!(undefined(1, 4), [Box::from(&b"third"[..])]);
    assert_eq!(undefined(1, 1), undefined(4, 4));
}

#[test]
fn a_hash_table_that_cannot_be_right_does_not_count_beside_a_header_that_can() {
    let bytes = described(4, 0x00ff_ffff);
    assert_eq!(DynamicSymbols::parse(&bytes).unwrap().iter().count(), 3);
    ElfFacts::parse(&described(0x00ff_ffff, 0x00ff_ffff)).unwrap_err();
}
