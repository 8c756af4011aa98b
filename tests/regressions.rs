//! What fuzzing found, each with the bytes that showed it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use muslrepair::elf::{DynamicSymbols, ElfFacts};

/// A small shared object to damage.
fn object(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf").join(name)).unwrap()
}

#[test]
fn what_is_never_loaded_has_no_dynamic_symbols_whatever_its_segments_say() {
    let mut bytes = object("x86_64/lld-plain.so");
    for kind in [1u8, 4, 0] {
        bytes[16] = kind;
        assert_eq!(ElfFacts::parse(&bytes).unwrap().dynamic_symbol_count, 0);
        assert_eq!(DynamicSymbols::parse(&bytes).unwrap().iter().count(), 0);
    }
}
