//! Every fixture, patched in every way and repeatedly, checked by a strict oracle.

mod hostile;
mod image;
mod oracle;
mod payload;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use muslrepair::elf::{ElfEdit, ElfError, ElfFacts, RunPathEdit, Strip, is_elf, patch};

/// Every ELF file below `testdata/elf` that is dynamic and well-formed.
fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if is_elf(&bytes) && ElfFacts::parse(&bytes).is_ok_and(|facts| facts.dynamic) {
            found.push((path, bytes));
        }
    }
    assert!(found.len() > 300, "only {} fixtures were found", found.len());
    found
}

fn edits(facts: &ElfFacts) -> Vec<ElfEdit> {
    let run_path = |path: &str| RunPathEdit::Set(path.to_owned());
    let rename = |suffix: &str| {
        let named = |name: &String| (name.clone(), name.replacen(".so", &format!("{suffix}.so"), 1));
        facts.needed.iter().take(2).map(named).collect()
    };
    let soname = |name: &str| Some(name.to_owned());
    let none = ElfEdit::default;
    vec![
        ElfEdit { soname: soname("libx-0123abcd.so.1"), ..none() },
        ElfEdit { rename_needed: rename("-89abcdef"), ..none() },
        ElfEdit { run_path: run_path("$ORIGIN/../demo.libs"), ..none() },
        ElfEdit { run_path: RunPathEdit::Clear, ..none() },
        ElfEdit { remove_needed: facts.needed.iter().take(1).cloned().collect(), ..none() },
        ElfEdit {
            soname: soname(&"long".repeat(100)),
            rename_needed: rename("-and-much-longer-than-before"),
            run_path: run_path(&"$ORIGIN/a:".repeat(60)),
            ..none()
        },
        ElfEdit { soname: soname("x"), rename_needed: rename(""), run_path: run_path("."), ..none() },
    ]
}

/// For a static program, edits that fit may succeed; its dynamic section cannot move.
fn may_be_refused(original: &[u8], error: &ElfError) -> bool {
    error.is_unsupported() && ElfFacts::parse(original).unwrap().is_static_program()
}

#[test]
fn every_fixture_keeps_every_byte_it_may_keep() {
    for (path, original) in fixtures() {
        for edit in edits(&ElfFacts::parse(&original).unwrap()) {
            let patched = match patch(original.clone(), &edit) {
                Ok(patched) => patched,
                Err(error) if may_be_refused(&original, &error) => continue,
                Err(error) => panic!("{}: {edit:?}: {error}", path.display()),
            };
            if let Err(fault) = oracle::check(&original, &patched.bytes, &edit) {
                panic!("{}: {edit:?}: {fault}", path.display());
            }
        }
    }
}

#[test]
fn a_second_edit_of_the_same_kind_costs_next_to_nothing() {
    for (path, original) in fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        let edit = |hash: &str, facts: &ElfFacts| ElfEdit {
            soname: Some(format!("libx-{hash}.so.1")),
            rename_needed: facts
                .needed
                .iter()
                .take(1)
                .map(|name| (name.clone(), format!("liby-{hash}.so")))
                .collect(),
            run_path: RunPathEdit::Set("$ORIGIN/../demo.libs".to_owned()),
            ..ElfEdit::default()
        };
        if facts.is_static_program() {
            continue;
        }
        let mut before = patch(original, &edit("00000000", &facts)).unwrap();
        for hash in ["11111111", "22222222", "33333333", "44444444"] {
            let next = edit(hash, &before.facts);
            let after = patch(before.bytes.clone(), &next).unwrap();
            if let Err(fault) = oracle::check(&before.bytes, &after.bytes, &next) {
                panic!("{}: {next:?}: {fault}", path.display());
            }
            let growth = after.bytes.len() - before.bytes.len();
            assert!(growth < 64, "{}: grew by {growth}", path.display());
            before = after;
        }
    }
}

#[test]
fn an_edit_without_effect_changes_nothing() {
    for (path, original) in fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        let absent = [("libabsent.so".to_owned(), "liby.so".to_owned())].into();
        let same = ElfEdit { soname: facts.soname.clone(), rename_needed: absent, ..ElfEdit::default() };
        for edit in [ElfEdit::default(), same] {
            let patched = patch(original.clone(), &edit).unwrap();
            assert!(patched.bytes == original, "{}", path.display());
            assert_eq!(patched.facts, facts);
        }
    }
}

/// Tests the oracle: it must notice a change of any byte.
#[test]
fn the_oracle_notices_a_changed_byte() {
    let (hook, own) = (std::panic::take_hook(), std::thread::current().id());
    std::panic::set_hook(Box::new(move |fault| {
        // A mutant that cannot be read causes a panic, which counts as an error.
        if std::thread::current().id() != own || fault.to_string().contains("at tests/patcher/main.rs") {
            hook(fault);
        }
    }));
    let names = ["bfd-plain.so", "lld-plain.so", "bfd-versions.so", "lld-hash-sysv.so"];
    let (mut tried, mut unnoticed) = (0, 0);
    for (path, original) in fixtures() {
        let chosen = names.iter().any(|name| path.ends_with(name));
        let small = path
            .to_str()
            .is_some_and(|path| ["x86_64", "i686", "s390x"].iter().any(|arch| path.contains(arch)));
        if !chosen || !small {
            continue;
        }
        let edit = edits(&ElfFacts::parse(&original).unwrap()).remove(5);
        let patched = patch(original.clone(), &edit).unwrap().bytes;
        oracle::check(&original, &patched, &edit).unwrap();
        tried += patched.len().div_ceil(3);
        let missed: Vec<usize> = (0..patched.len())
            .step_by(3)
            .filter(|at| {
                let mut mutant = patched.clone();
                mutant[*at] ^= 0x41;
                oracle::check(&original, &mutant, &edit).is_ok()
            })
            .collect();
        unnoticed += missed.len();
        assert!(missed.is_empty(), "{}: {} of {}: {missed:x?}", path.display(), missed.len(), patched.len());
    }
    writeln!(std::io::stdout(), "{} of {tried} changed bytes were noticed", tried - unnoticed).unwrap();
}

#[test]
fn stripping_keeps_what_is_loaded_and_every_symbol() {
    let (mut shorter, mut compacted) = (0, 0);
    for (path, original) in fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        for level in [Strip::Debug, Strip::All] {
            let edit = ElfEdit { strip: Some(level), ..ElfEdit::default() };
            let patched = patch(original.clone(), &edit).unwrap();
            let mut found = patched.facts.clone();
            found.segments.clone_from(&facts.segments);
            assert_eq!(found, facts, "{}", path.display());
            let (old, new) = (image::Image::parse(&original), image::Image::parse(&patched.bytes));
            assert_eq!(old.segments.len(), new.segments.len());
            let mut moved = false;
            for (old_load, new_load) in old.loads().into_iter().zip(new.loads()) {
                // If a hole was removed, everything after it moved towards the start by whole pages.
                let by = old_load.offset - new_load.offset;
                assert_eq!(by % old_load.align, 0, "{}", path.display());
                moved |= by > 0;
                assert_eq!(*old_load, image::Segment { offset: old_load.offset, ..new_load.clone() });
                let sections = old.section_table().1.max(new.section_table().1);
                let same = mapped(&old, old_load, sections) == mapped(&new, new_load, sections);
                assert!(same, "{}", path.display());
            }
            compacted += usize::from(moved);
            let end = old.loads().iter().map(|load| load.offset + load.file_size).max().unwrap();
            let symtab = old.sections.iter().any(|section| section.kind == 2 && section.offset >= end);
            let kept = new.sections.iter().any(|section| section.kind == 2);
            assert!(!kept || level == Strip::Debug || !symtab, "{}: .symtab stays", path.display());
            shorter += usize::from(patched.bytes.len() < original.len());
            assert_eq!(patched.changes.stripped, (original.len() - patched.bytes.len()) as u64);
        }
    }
    assert!(shorter > 300, "only {shorter} files became shorter");
    // Two fixtures made by patchelf 0.14 have a hole of more than a page.
    assert!(compacted > 1, "holes were taken out of only {compacted} files");
}

/// The content of a segment, with zeros for the file header and the two header tables.
fn mapped(image: &image::Image<'_>, load: &image::Segment, sections: u64) -> Vec<u8> {
    let mut bytes = image.bytes(load.offset, load.file_size).to_vec();
    let (programs, count) = image.segment_table();
    let tables = [
        (0, 64),
        (programs, count * image.segment_size()),
        (image.section_table().0, sections * image.section_size()),
    ];
    for (table, size) in tables {
        for at in (table..table + size).filter(|at| (load.offset..load.offset + load.file_size).contains(at))
        {
            bytes[usize::try_from(at - load.offset).unwrap()] = 0;
        }
    }
    bytes
}

#[test]
fn relr_is_lowered_to_the_same_relocations() {
    let (mut lowered, mut cleared) = (0, 0);
    for (path, original) in fixtures() {
        let facts = ElfFacts::parse(&original).unwrap();
        let edit = ElfEdit { lower_relr: true, ..ElfEdit::default() };
        let patched = patch(original.clone(), &edit).unwrap();
        if !facts.relr {
            assert!(patched.bytes == original, "{}", path.display());
            continue;
        }
        lowered += 1;
        assert!(!patched.facts.relr && patched.changes.lowered > 0, "{}", path.display());
        let (old, new) = (image::Image::parse(&original), image::Image::parse(&patched.bytes));
        let (table, size, addends) = if new.tag(7).is_some() { (7, 8, true) } else { (17, 18, false) };
        let word = new.word();
        let entry = word * if addends { 3 } else { 2 };
        let before = old.tag(size).unwrap_or(0) / entry;
        let after = new.tag(size).unwrap() / entry;
        assert_eq!(after - before, patched.changes.lowered);
        let start = new.offset(new.tag(table).unwrap());
        let mut slots: Vec<u64> =
            (0..patched.changes.lowered).map(|at| new.get(start + at * entry, word)).collect();
        for (at, slot) in slots.iter().enumerate() {
            if addends {
                let addend = new.get(start + at as u64 * entry + 2 * word, word);
                assert_eq!(addend, old.get(old.offset(*slot), word), "{}", path.display());
            }
        }
        slots.dedup();
        assert_eq!(slots.len() as u64, patched.changes.lowered, "{}", path.display());
        assert_eq!(slots, relr_slots(&old), "{}", path.display());
        cleared += check_slots(&old, &new, &slots, addends);
    }
    assert!(lowered > 10, "only {lowered} fixtures have DT_RELR");
    assert!(cleared > 10, "only {cleared} slots became zero");
}

/// Checks that slots are unchanged, or zero if their addends are elsewhere, and that all other bytes of
/// sections with variables are unchanged. Returns how many slots became zero.
fn check_slots(old: &image::Image<'_>, new: &image::Image<'_>, slots: &[u64], addends: bool) -> usize {
    const PROGBITS: u64 = 1;
    let (word, mut cleared) = (old.word(), 0);
    let value = |image: &image::Image<'_>, slot: u64| image.get(image.offset(slot), word);
    for slot in slots {
        let (was, is) = (value(old, *slot), value(new, *slot));
        cleared += usize::from(was != is);
        assert!(is == was || is == 0 && addends, "slot {slot:#x} was {was:#x} and is {is:#x}");
    }
    for section in old.sections.iter().filter(|section| section.kind == PROGBITS && section.address != 0) {
        for address in section.address..section.address + section.size {
            let before = slots.partition_point(|slot| *slot <= address);
            let is_slot = before > 0 && address < slots[before - 1] + word;
            let same = || old.get(old.offset(address), 1) == new.get(new.offset(address), 1);
            assert!(is_slot || same(), "byte {address:#x} changed");
        }
    }
    cleared
}

/// `DT_RELR` decoded the way musl's `do_relr_relocs` walks it.
fn relr_slots(image: &image::Image<'_>) -> Vec<u64> {
    let (word, mut at) = (image.word(), image.offset(image.tag(36).unwrap()));
    let end = at + image.tag(35).unwrap();
    let (mut slots, mut place) = (Vec::new(), 0);
    while at < end {
        let entry = image.get(at, word);
        if entry & 1 == 0 {
            slots.push(entry);
            place = entry + word;
        } else {
            let (mut bits, mut slot) = (entry >> 1, place);
            while bits != 0 {
                if bits & 1 == 1 {
                    slots.push(slot);
                }
                bits >>= 1;
                slot += word;
            }
            place += (8 * word - 1) * word;
        }
        at += word;
    }
    slots
}

#[cfg(feature = "arwen")]
#[test]
fn where_arwen_succeeds_the_facts_agree() {
    let mut agreed = 0;
    for (path, original) in fixtures() {
        let edit = edits(&ElfFacts::parse(&original).unwrap()).remove(2);
        let Ok(other) = muslrepair::elf::patch_with_arwen(original.clone(), &edit) else { continue };
        let own = patch(original, &edit).unwrap();
        let mut facts = other.facts.clone();
        facts.segments.clone_from(&own.facts.segments);
        assert_eq!(facts, own.facts, "{}", path.display());
        agreed += 1;
    }
    assert!(agreed > 100, "arwen patched only {agreed} fixtures");
}
