//! Facts and symbols of anything that may be an ELF file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::elf::{DynamicSymbols, ElfFacts};
use muslrepair::musl::{ObjectSymbols, glibc_evidence};

fuzz_target!(|data: &[u8]| {
    let Ok(facts) = ElfFacts::parse(data) else { return };
    let _ = glibc_evidence(&facts);
    let _ = ObjectSymbols::read(data, &facts);
    if let Ok(symbols) = DynamicSymbols::parse(data) {
        let count = symbols.iter().count() as u64;
        assert!(count <= facts.dynamic_symbol_count, "{count} of {}", facts.dynamic_symbol_count);
    }
});
