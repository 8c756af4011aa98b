//! Damaged files give an error or a file that verifies, never a panic.

use muslrepair::elf::{DynamicSymbols, ElfEdit, ElfFacts, RunPathEdit, Strip, patch};

fn try_everything(bytes: &[u8]) -> bool {
    let edit = ElfEdit {
        soname: Some("libsomething-longer-0123abcd.so.1".to_owned()),
        run_path: RunPathEdit::Set("$ORIGIN/../demo.libs".to_owned()),
        lower_relr: true,
        strip: Some(Strip::All),
        ..ElfEdit::default()
    };
    let symbols = DynamicSymbols::parse(bytes).map(|symbols| symbols.iter().count());
    let facts = ElfFacts::parse(bytes);
    let patched = patch(bytes, &edit);
    facts.is_ok() && symbols.is_ok() && patched.is_ok()
}

fn samples() -> impl Iterator<Item = (std::path::PathBuf, Vec<u8>)> {
    let names = ["bfd-relr.so", "lld-versions.so", "bfd-hash-sysv.so", "program-pie"];
    super::fixtures()
        .into_iter()
        .filter(move |(path, bytes)| bytes.len() < 20_000 && names.iter().any(|name| path.ends_with(name)))
}

#[test]
fn a_file_that_is_cut_short_is_an_error() {
    for (path, bytes) in samples() {
        assert!(try_everything(&bytes), "{}", path.display());
        let segments = super::image::Image::parse(&bytes).segments;
        let loaded = segments.iter().filter(|segment| segment.kind == super::image::LOAD);
        let loaded = usize::try_from(loaded.map(|one| one.offset + one.file_size).max().unwrap()).unwrap();
        for end in (0..bytes.len()).step_by(61) {
            // Section headers may be missing after the loaded part.
            let accepted = try_everything(&bytes[..end]);
            assert!(end >= loaded || !accepted, "{} of {end} bytes", path.display());
        }
        for end in [0, 3, 4, 15, 51] {
            let error = ElfFacts::parse(&bytes[..end]).unwrap_err().to_string();
            assert!(error.contains("not an ELF file") || error.contains("ELF header"), "{error}");
        }
    }
}

#[test]
fn words_of_ones_and_zeros_anywhere_do_no_harm() {
    let mut refused = 0;
    for (_, bytes) in samples() {
        for at in (0..bytes.len() - 8).step_by(56) {
            for filler in [0x00, 0xff, 0x7f] {
                let mut damaged = bytes.clone();
                damaged[at..at + 8].fill(filler);
                refused += usize::from(!try_everything(&damaged));
            }
        }
    }
    assert!(refused > 100, "only {refused} damaged files were refused");
}

#[test]
fn errors_say_where_and_how_much() {
    let (_, mut bytes) = samples().find(|(_, bytes)| bytes[4] == 2 && bytes[5] == 1).unwrap();
    bytes[56..58].copy_from_slice(&900u16.to_le_bytes());
    let error = ElfFacts::parse(&bytes).unwrap_err().to_string();
    let size = bytes.len();
    let wanted = format!(
        "program header table reaches past the end of the file (offset 0x40, 56 x 900 bytes, file has {size} bytes)"
    );
    assert_eq!(error, wanted);
}

/// The value of the entry with `tag`, of a 64-bit little-endian file, replaced.
fn with_tag(mut bytes: Vec<u8>, tag: u64, value: u64) -> Vec<u8> {
    let image = super::image::Image::parse(&bytes);
    let dynamic = image.segments.iter().find(|segment| segment.kind == super::image::DYNAMIC).unwrap().offset;
    let at = image.tags.iter().position(|entry| entry.0 == tag).unwrap() as u64;
    let place = usize::try_from(dynamic + at * 16 + 8).unwrap();
    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
    bytes
}

/// Each was found by fuzzing, and was stopped by verification before it was refused directly.
#[test]
fn tables_that_overlap_are_refused_before_anything_is_written() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(root.join("testdata/elf/x86_64/bfd-plain.so")).unwrap();
    let tag = |tag| super::image::Image::parse(&bytes).tag(tag).unwrap();
    let (strings, symbols) = (tag(5), tag(6));
    // DT_STRTAB in .dynsym, DT_SYMTAB in .dynstr, DT_RELASZ and DT_PLTRELSZ over .dynstr, DT_GNU_HASH in it.
    let damaged =
        [(5, symbols + 24), (6, strings + 8), (8, 0x1_0000), (2, 0x1_0000), (0x6fff_fef5, strings + 8)];
    let edit = ElfEdit { soname: Some("libsomething-longer.so.1".to_owned()), ..ElfEdit::default() };
    for (tag, value) in damaged {
        let error = patch(with_tag(bytes.clone(), tag, value), &edit).unwrap_err();
        assert!(!error.is_verification(), "tag {tag}: {error}");
    }
}

#[test]
fn program_headers_inside_the_file_header_are_not_stripped() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bytes = std::fs::read(root.join("testdata/elf/x86_64/bfd-plain.so")).unwrap();
    bytes[32] = 44;
    let edit = ElfEdit { strip: Some(Strip::All), ..ElfEdit::default() };
    let error = patch(bytes, &edit).unwrap_err();
    assert!(!error.is_verification(), "{error}");
}
