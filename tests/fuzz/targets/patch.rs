//! Any edit of anything that may be an ELF file. What is patched can be read, and patched again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muslrepair::elf::{DynamicSymbols, ElfFacts, Kind, patch};
use muslrepair_fuzz::Control;

/// How long a patched file may be: longer by the longest names, a page of alignment for each of two pieces, what
/// `DT_RELR` unfolds to, and in a program the hole that `HOLE_MAX` in `append.rs` allows.
fn bound(size: usize, facts: &ElfFacts) -> usize {
    let unfolded = if facts.relr { 24 * size } else { 0 };
    let hole = if facts.kind == Kind::Executable || facts.interpreter.is_some() || facts.pie_flag {
        16 << 20
    } else {
        0
    };
    size + unfolded + hole + (256 << 10)
}

fuzz_target!(|data: &[u8]| {
    let (file, mut control) = Control::split(data);
    let Ok(facts) = ElfFacts::parse(file) else { return };
    let edit = control.edit(&facts);
    let Ok(patched) = patch(file.to_vec(), &edit) else { return };
    assert!(patched.bytes.len() <= bound(file.len(), &facts), "{} from {}", patched.bytes.len(), file.len());
    assert_eq!(ElfFacts::parse(&patched.bytes).expect("a patched file can be read"), patched.facts);
    let names = |bytes| -> Option<Vec<Vec<u8>>> {
        Some(DynamicSymbols::parse(bytes).ok()?.iter().map(|symbol| symbol.name.to_vec()).collect())
    };
    if let Some(before) = names(file) {
        assert_eq!(Some(before), names(&patched.bytes), "the symbols stay");
    }
    // With other names, perhaps: an edit may rename what it has renamed.
    patch(patched.bytes, &edit).expect("a patched file can be patched again");
});
