//! Bugs found by fuzzing, each with the bytes that showed it.

use muslrepair::elf::{DynamicSymbols, ElfEdit, ElfFacts, RunPathEdit, Strip, patch};
use muslrepair::resolve::{ApkDatabase, Sysroot};

/// A small shared object to damage.
fn object(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf").join(name)).unwrap()
}

/// The offset of the header of the first section with this type, in a 64-bit little-endian file, among loaded
/// sections or among the others.
fn section_header(bytes: &[u8], kind: u32, in_memory: bool) -> usize {
    const SHF_ALLOC: u8 = 2;
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let is_wanted = |at: &usize| {
        bytes[at + 4..at + 8] == kind.to_le_bytes() && (bytes[at + 8] & SHF_ALLOC != 0) == in_memory
    };
    (headers..).step_by(64).find(is_wanted).unwrap()
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

/// Appending once padded the file to the alignment of a segment, however large.
#[test]
fn an_alignment_that_no_machine_has_does_not_blow_the_file_up() {
    const PT_LOAD: [u8; 4] = [1, 0, 0, 0];
    let long = "x".repeat(4000);
    for name in ["x86_64/lld-plain.so", "x86_64/bfd-plain.so", "x86_64/lld-no-sections.so"] {
        for shift in [20, 32, 40, 62] {
            let mut bytes = object(name);
            let headers = u64::from_le_bytes(bytes[32..40].try_into().unwrap()) as usize;
            let count = usize::from(u16::from_le_bytes(bytes[56..58].try_into().unwrap()));
            for header in (0..count).map(|index| headers + 56 * index) {
                if bytes[header..header + 4] == PT_LOAD {
                    bytes[header + 48..header + 56].copy_from_slice(&(1u64 << shift).to_le_bytes());
                }
            }
            let size = bytes.len();
            let edit = ElfEdit {
                soname: Some(long.clone()),
                run_path: RunPathEdit::Set(long.clone()),
                ..ElfEdit::default()
            };
            if let Ok(patched) = patch(bytes, &edit) {
                assert!(patched.bytes.len() < size + (1 << 20), "{name}: {}", patched.bytes.len());
            }
        }
    }
}

#[test]
fn a_segment_past_the_end_of_the_file_is_damage() {
    let whole = object("x86_64/bfd-no-sections.so");
    assert!(ElfFacts::parse(&whole).is_ok());
    let error = ElfFacts::parse(&whole[..whole.len() - 1]).unwrap_err();
    assert!(error.to_string().contains("past the end of the file"), "{error}");
}

/// Stripping refused a file because of a kept section, if a segment had been appended after the removed ones.
#[test]
fn a_section_over_the_program_headers_does_not_hinder_stripping() {
    const SHT_PROGBITS: [u8; 4] = [1, 0, 0, 0];
    let name = ElfEdit { soname: Some("x".repeat(4000)), ..ElfEdit::default() };
    let mut bytes = patch(object("x86_64/lld-plain.so"), &name).unwrap().bytes;
    let segments = bytes[64..64 + 56 * 3].to_vec();
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(bytes[60..62].try_into().unwrap()));
    // `.comment`, the first that is not loaded.
    let comment = (0..count)
        .map(|index| headers + 64 * index)
        .find(|header| bytes[header + 4..header + 8] == SHT_PROGBITS && bytes[header + 8] & 2 == 0)
        .unwrap();
    bytes[comment + 24..comment + 32].copy_from_slice(&64u64.to_le_bytes());
    let stripped = patch(bytes, &ElfEdit { strip: Some(Strip::All), ..ElfEdit::default() }).unwrap();
    assert_eq!(stripped.bytes[64..64 + 56 * 3], segments);
}

/// Every kept section was copied, however often the file names the same bytes: 4 MB became 8 GB.
#[test]
fn sections_that_overlap_do_not_blow_the_file_up() {
    let mut bytes = object("x86_64/lld-debug.so");
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(bytes[60..62].try_into().unwrap()));
    let mut table = bytes[headers..headers + 64 * count].to_vec();
    let (start, size) = (bytes.len(), 1u64 << 20);
    bytes.resize(start + (1 << 20), 0);
    let mut header = [0; 64];
    header[4] = 1;
    header[24..32].copy_from_slice(&(start as u64).to_le_bytes());
    header[32..40].copy_from_slice(&size.to_le_bytes());
    table.extend(header.repeat(100));
    let place = (bytes.len() as u64).to_le_bytes();
    bytes[40..48].copy_from_slice(&place);
    bytes[60..62].copy_from_slice(&(count as u16 + 100).to_le_bytes());
    bytes.extend(table);
    let error = patch(bytes, &ElfEdit { strip: Some(Strip::All), ..ElfEdit::default() }).unwrap_err();
    assert!(error.to_string().contains("overlaps others"), "{error}");
}

/// Each file had a copy of its directory's name: a database of 1 MB took 100 GB.
#[test]
fn a_long_directory_of_many_files_is_kept_once() {
    let directory = "d".repeat(1 << 20);
    let text = format!("P:a\nV:1\nF:{directory}\n{}", "R:f\n".repeat(100_000));
    let database = ApkDatabase::parse(&text);
    let owner = database.owner(&Sysroot::new("/nonexistent"), &format!("/{directory}/f")).unwrap();
    assert_eq!(owner.name, "a");
}

/// Zeros at the start of a relocation table without a section header were mistaken for padding, and names
/// were written there.
#[test]
fn a_table_that_only_the_dynamic_section_names_is_not_written_over() {
    const SHT_RELA: u32 = 4;
    let mut bytes = object("x86_64/lld-plain.so");
    let long = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let headers = long(&bytes, 40);
    let rela = (headers..)
        .step_by(64)
        .find(|header| bytes[header + 4..header + 8] == SHT_RELA.to_le_bytes())
        .unwrap();
    let (start, end) = (long(&bytes, rela + 24), long(&bytes, rela + 24) + long(&bytes, rela + 32));
    bytes[rela..rela + 64].fill(0);
    bytes[start..start + 48].fill(0);
    let relocations = bytes[start..end].to_vec();
    let edit = ElfEdit { soname: Some("libthirtytwobytes.so.1".to_owned()), ..ElfEdit::default() };
    let patched = patch(bytes, &edit).unwrap().bytes;
    assert_eq!(patched[start..end], relocations);
    patch(patched, &edit).unwrap();
}

/// Section names past the end of the file were ignored, until patching made the file long enough.
#[test]
fn a_section_past_the_end_of_the_file_is_damage_to_stripping() {
    let mut bytes = object("x86_64/lld-plain.so");
    let headers = u64::from_le_bytes(bytes[40..48].try_into().unwrap()) as usize;
    let names = headers + 64 * usize::from(u16::from_le_bytes(bytes[62..64].try_into().unwrap()));
    let size = bytes.len() as u64;
    bytes[names + 32..names + 40].copy_from_slice(&size.to_le_bytes());
    let kept =
        patch(bytes.clone(), &ElfEdit { soname: Some("libone.so.1".to_owned()), ..ElfEdit::default() });
    assert!(kept.is_ok());
    let edit = ElfEdit { strip: Some(Strip::Debug), ..ElfEdit::default() };
    let error = patch(bytes, &edit).unwrap_err().to_string();
    assert!(error.contains("section"), "{error}");
}

/// A section that begins in the last segment and ends after it was cut off at the end of the segment.
#[test]
fn a_section_that_reaches_out_of_the_last_segment_hinders_stripping() {
    const SHT_PROGBITS: u32 = 1;
    let mut bytes = object("x86_64/lld-plain.so");
    let comment = section_header(&bytes, SHT_PROGBITS, false);
    let edit = ElfEdit { strip: Some(Strip::All), ..ElfEdit::default() };
    assert!(patch(bytes.clone(), &edit).is_ok());
    bytes[comment + 24] -= 8;
    let error = patch(bytes, &edit).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("begins in the last segment"), "{error}");
}

/// Tags of tables after the string table were moved with it, because its section header was too large.
#[test]
fn a_section_that_says_too_much_does_not_take_others_along() {
    const SHT_STRTAB: u32 = 3;
    let mut bytes = object("x86_64/lld-plain.so");
    let strings = section_header(&bytes, SHT_STRTAB, true);
    bytes[strings + 32..strings + 40].copy_from_slice(&0x8000_0100u64.to_le_bytes());
    let relocations = |bytes: &[u8]| {
        let facts = ElfFacts::parse(bytes).unwrap();
        let symbols = DynamicSymbols::parse(bytes).unwrap();
        let used = symbols.iter().filter(|symbol| symbol.references.any).count();
        (facts.relocations, used)
    };
    let edit = ElfEdit {
        soname: Some("x".repeat(300)),
        run_path: RunPathEdit::Set("$ORIGIN/../demo.libs".to_owned()),
        ..ElfEdit::default()
    };
    let patched = patch(bytes.clone(), &edit).unwrap();
    assert_eq!(relocations(&patched.bytes), relocations(&bytes));
    patch(patched.bytes, &edit).unwrap();
}
