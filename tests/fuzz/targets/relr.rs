//! `DT_RELR` tables of any content, lowered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::elf::{ElfEdit, ElfFacts, patch};
use muslrepair_fuzz::replace_table;

const DT_RELR: u64 = 36;
const DT_RELRSZ: u64 = 35;
const OBJECT: &[u8] = include_bytes!("../../../testdata/elf/x86_64/lld-relr.so");

fuzz_target!(|data: &[u8]| {
    let mut file = OBJECT.to_vec();
    replace_table(&mut file, DT_RELR, DT_RELRSZ, data);
    let edit = ElfEdit { lower_relr: true, ..ElfEdit::default() };
    let Ok(patched) = patch(file.clone(), &edit) else { return };
    // Every word of the file can be relocated once, with 24 bytes.
    assert!(patched.bytes.len() <= 5 * file.len() + (1 << 20), "{}", patched.bytes.len());
    let facts = ElfFacts::parse(&patched.bytes).expect("a patched file can be read");
    if patched.changes.lowered > 0 {
        assert!(!facts.relr);
    }
    let again = patch(patched.bytes.clone(), &edit).expect("a patched file can be patched again");
    assert_eq!(again.bytes, patched.bytes);
});
