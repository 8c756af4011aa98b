//! `damaged-elf`.

use muslrepair::audit::Severity;

use super::Case;
use super::scene::PLAIN;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "damaged-elf",
    breaks: || found_in(&with_module(SOUND).file("demo/fixture.bin", &PLAIN[..600])),
    keeps: || found_in(&with_module(SOUND).file("demo/fixture.bin", "text")),
};

#[test]
fn damaged_data_is_a_note_that_names_what_is_wrong() {
    let wheel = with_module(SOUND)
        .file("demo/a", &PLAIN[..6])
        .file("demo/b", b"\x7fELF of no kind, but longer than any header of an ELF file");
    let found = found_in_of("damaged-elf", &wheel);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|finding| finding.severity == Severity::Note));
    let message = "`demo/b` starts like an ELF file, but cannot be read (ELF header: EI_CLASS is neither 32 nor 64 bit (offset 0x4)); it stays as it is";
    assert_eq!(found[1].message, message);
}
