//! Data after the ELF content: a program finds it at the end of its file, or at its original offset.

use std::path::Path;

use muslrepair::elf::{ElfEdit, ElfFacts, Segment, Strip, patch};

/// An archive, one that begins with zeros, and one that ends with them.
fn payloads() -> [Vec<u8>; 3] {
    let archive = b"PK\x03\x04 an archive PK\x05\x06".to_vec();
    [archive.clone(), [vec![0; 5000], archive.clone()].concat(), [archive, vec![0; 100]].concat()]
}

fn everything(facts: &ElfFacts) -> Vec<ElfEdit> {
    let none = ElfEdit::default;
    let mut edits = super::edits(facts);
    edits.push(ElfEdit { lower_relr: true, ..none() });
    edits.push(ElfEdit { strip: Some(Strip::All), ..none() });
    edits.push(ElfEdit { strip: Some(Strip::Debug), lower_relr: true, ..super::edits(facts).remove(5) });
    edits
}

#[test]
fn a_payload_stays_where_it_is_and_last_or_the_patch_is_refused() {
    let (mut kept, mut refused) = (0, 0);
    for (path, original) in super::fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        // If the headers describe more than the file contains, appended data belongs to what they describe.
        let short = |segment: &Segment| segment.offset + segment.file_size > original.len() as u64;
        if facts.segments.iter().any(short) {
            continue;
        }
        for payload in payloads() {
            let file = [&original[..], &payload].concat();
            for edit in everything(&facts) {
                match patch(file.clone(), &edit) {
                    Ok(patched) => {
                        let same = patched.bytes.len() == file.len() && patched.bytes.ends_with(&payload);
                        assert!(same, "{}: {edit:?}", path.display());
                        let described = super::image::Image::parse(&patched.bytes);
                        let end = described.loads().iter().map(|load| load.offset + load.file_size).max();
                        assert!(end.unwrap() <= original.len() as u64, "{}: {edit:?}", path.display());
                        kept += 1;
                    }
                    Err(error) => {
                        let known = error.to_string().contains("have to stay at the end of the file");
                        let known = known || super::may_be_refused(&original, &error);
                        assert!(known, "{}: {edit:?}: {error}", path.display());
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(kept > 1000 && refused > 1000, "{kept} payloads were kept, {refused} patches refused");
}

#[test]
fn padding_behind_the_elf_content_is_no_payload() {
    for (path, original) in super::fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        for filler in [0, 0xcc] {
            let file = [&original[..], &[filler; 300]].concat();
            let edit = super::edits(&facts).remove(5);
            if let Err(error) = patch(file, &edit) {
                assert!(super::may_be_refused(&original, &error), "{}: {error}", path.display());
            }
        }
    }
}

/// Found by fuzzing: an edit that only strips did not check symbols, and the same edit was refused once
/// nothing was left to strip.
#[test]
fn a_symbol_without_a_name_is_refused_whatever_the_edit() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut bytes = std::fs::read(root.join("testdata/elf/x86_64/bfd-plain.so")).unwrap();
    let image = super::image::Image::parse(&bytes);
    let name = usize::try_from(image.offset(image.tag(6).unwrap()) + image.symbol_size()).unwrap();
    bytes[name..name + 4].copy_from_slice(&0xfff9u32.to_le_bytes());
    let none = ElfEdit::default;
    let soname = Some("libother.so".to_owned());
    let edits = [
        none(),
        ElfEdit { strip: Some(Strip::All), ..none() },
        ElfEdit { strip: Some(Strip::Debug), ..none() },
        ElfEdit { lower_relr: true, ..none() },
        ElfEdit { soname: soname.clone(), ..none() },
        ElfEdit { soname, strip: Some(Strip::All), ..none() },
    ];
    for edit in edits {
        let error = patch(bytes.clone(), &edit).unwrap_err();
        assert!(error.to_string().starts_with("dynamic symbol: no string at offset"), "{edit:?}: {error}");
    }
}
