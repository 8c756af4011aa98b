//! Compares a patched file with its original, byte by byte. Everything must be unchanged except for a short
//! list: header fields with positions, the dynamic section's string entries, the string table, `vn_file`
//! fields, and moved tables, which must have the same content.

use std::collections::BTreeMap;

use muslrepair::elf::{ElfEdit, RunPathEdit};

use super::image::{DYNAMIC, Image, LOAD, PHDR, Section, Segment};

/// Section types of tables that may move, with the tags that say where they are.
const TABLES: [(u64, &[u64]); 10] = [
    (5, &[4]),
    (0x6fff_fff6, &[0x6fff_fef5]),
    (11, &[6]),
    (3, &[5]),
    (0x6fff_ffff, &[0x6fff_fff0]),
    (0x6fff_fffe, &[0x6fff_fffe]),
    (0x6fff_fffd, &[0x6fff_fffc]),
    (4, &[7, 23]),
    (9, &[17, 23]),
    (19, &[36]),
];
const STRING_TAGS: [u64; 9] =
    [1, 14, 15, 29, 0x7fff_fffd, 0x7fff_ffff, 0x6fff_fefa, 0x6fff_fefb, 0x6fff_fefc];
/// Tags with the address or size of something that may move, and the two hints that may be removed.
const MOVING_TAGS: [u64; 12] =
    [4, 5, 6, 7, 10, 17, 23, 36, 0x6fff_fef5, 0x6fff_fff0, 0x6fff_fffe, 0x6fff_fffc];
const HINTS: [u64; 2] = [0x6fff_fff9, 0x6fff_fffa];

macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

pub(crate) fn check(before: &[u8], after: &[u8], edit: &ElfEdit) -> Result<(), String> {
    let old = Image::parse(before);
    // A wrong byte can crash the reader; that counts as noticed.
    let new = std::panic::catch_unwind(|| Image::parse(after)).map_err(|_| "unreadable".to_owned())?;
    std::panic::catch_unwind(|| {
        headers(&old, &new)?;
        segments(&old, &new)?;
        dynamic(&old, &new, edit)?;
        let mut known = sections(&old, &new)?;
        strings(&old, &new, &mut known)?;
        bytes(&old, &new, known)
    })
    .map_err(|_| "unreadable".to_owned())?
}

/// The file header but for `e_phoff`, `e_phnum`.
fn headers(old: &Image<'_>, new: &Image<'_>) -> Result<(), String> {
    let (size, places): (u64, [std::ops::Range<u64>; 2]) =
        if old.wide { (64, [32..40, 56..58]) } else { (52, [28..32, 44..46]) };
    for at in 0..size {
        let moves = places.iter().any(|place| place.contains(&at));
        ensure!(moves || old.get(at, 1) == new.get(at, 1), "byte {at} of the file header changed");
    }
    Ok(())
}

fn segments(old: &Image<'_>, new: &Image<'_>) -> Result<(), String> {
    let (table, count) = new.segment_table();
    let table = table..table + count * new.segment_size();
    let within = |load: &Segment| load.offset <= table.start && table.end <= load.offset + load.file_size;
    ensure!(new.loads().into_iter().any(within), "program headers are not mapped");
    let others = |image: &Image<'_>| -> Vec<Segment> {
        let kept = |segment: &&Segment| !matches!(segment.kind, 0 | LOAD | DYNAMIC | PHDR);
        image.segments.iter().filter(kept).cloned().collect()
    };
    ensure!(others(old) == others(new), "a segment changed");
    let (loads, mut fresh) = (old.loads(), new.loads());
    for load in loads {
        let grown = fresh.first().map(|first| Segment {
            file_size: load.file_size,
            memory_size: load.memory_size,
            ..(*first).clone()
        });
        ensure!(grown.as_ref() == Some(load), "a PT_LOAD changed");
        let (grown, bss) = (fresh.remove(0), load.memory_size - load.file_size);
        ensure!(grown.file_size >= load.file_size, "a PT_LOAD shrank");
        let by = grown.file_size - load.file_size;
        ensure!(
            grown.memory_size - load.memory_size == by && (by == 0 || bss == 0),
            "a PT_LOAD with .bss grew"
        );
    }
    ensure!(fresh.len() <= 1, "more than one new PT_LOAD");
    let align = old.loads().iter().map(|load| load.align).max().unwrap();
    for load in fresh {
        ensure!(load.flags == 4 || load.flags == 6, "the new PT_LOAD has flags {}", load.flags);
        ensure!(load.align >= align && load.file_size == load.memory_size, "the new PT_LOAD is odd");
        ensure!(load.physical == load.address, "p_paddr of the new PT_LOAD");
    }
    for pair in new.loads().windows(2) {
        let page = match new.get(18, 2) {
            183 | 21 | 258 => 0x10000,
            _ => 0x1000,
        };
        let apart = (pair[0].address + pair[0].memory_size).div_ceil(page) <= pair[1].address / page;
        let before = old
            .loads()
            .windows(2)
            .any(|old| old[0].memory_size == pair[0].memory_size && *old[1] == *pair[1]);
        ensure!(apart || before, "two PT_LOADs share a page");
    }
    for load in new.loads() {
        ensure!((load.address - load.offset % load.align) % load.align == 0, "a PT_LOAD is not congruent");
    }
    let own = |kind: u64| new.segments.iter().filter(move |segment| segment.kind == kind);
    ensure!(own(DYNAMIC).count() == 1 && own(PHDR).count() <= 1, "PT_DYNAMIC or PT_PHDR is doubled");
    for segment in own(DYNAMIC).chain(own(PHDR)) {
        let like = old.segments.iter().find(|old| old.kind == segment.kind);
        ensure!(
            like.is_some_and(|old| (old.flags, old.align) == (segment.flags, segment.align)),
            "flags changed"
        );
        ensure!(new.offset(segment.address) == segment.offset, "PT_DYNAMIC or PT_PHDR points elsewhere");
        ensure!(segment.file_size == segment.memory_size && segment.physical == segment.address, "its sizes");
        // Some files have a wrong PT_PHDR to begin with; it is accepted if nothing moves.
        if segment.kind == PHDR && like != Some(segment) {
            ensure!(segment.offset == table.start && segment.file_size == table.end - table.start, "PT_PHDR");
        }
    }
    Ok(())
}

/// Tags in order, but for what the edit asks for.
fn dynamic(old: &Image<'_>, new: &Image<'_>, edit: &ElfEdit) -> Result<(), String> {
    let plain = |image: &Image<'_>| -> Vec<(u64, u64)> {
        let kept = |tag: &u64| !STRING_TAGS.contains(tag) && !HINTS.contains(tag);
        let tags = image.tags.iter().filter(|(tag, _)| kept(tag));
        tags.map(|(tag, value)| (*tag, if MOVING_TAGS.contains(tag) { 0 } else { *value })).collect()
    };
    ensure!(plain(old) == plain(new), "a tag changed");
    for hint in HINTS {
        ensure!(new.tag(hint).is_none() || new.tag(hint) == old.tag(hint), "a hint changed");
    }
    let texts = |image: &Image<'_>, tag: u64| -> Vec<String> {
        let tags = image.tags.iter().filter(|entry| entry.0 == tag);
        tags.map(|entry| String::from_utf8(image.string(entry.1).to_vec()).unwrap()).collect()
    };
    let rename = |name: &String| edit.rename_needed.get(name).unwrap_or(name).clone();
    let kept = texts(old, 1).into_iter().filter(|name| !edit.remove_needed.contains(name));
    let mut needed: Vec<String> = Vec::new();
    for name in kept.map(|name| rename(&name)) {
        if !needed.contains(&name) {
            needed.push(name);
        }
    }
    ensure!(texts(new, 1) == needed, "DT_NEEDED is {:?}", texts(new, 1));
    let soname = edit.soname.clone().map_or(texts(old, 14), |name| vec![name]);
    ensure!(texts(new, 14) == soname, "DT_SONAME is {:?}", texts(new, 14));
    let (rpath, runpath) = match &edit.run_path {
        RunPathEdit::Keep => (texts(old, 15), texts(old, 29)),
        RunPathEdit::Clear => (vec![], vec![]),
        RunPathEdit::Set(path) => (vec![path.clone()], vec![]),
    };
    ensure!(texts(new, 15) == rpath && texts(new, 29) == runpath, "the run path is {:?}", texts(new, 15));
    for tag in &STRING_TAGS[4..] {
        ensure!(texts(old, *tag) == texts(new, *tag), "string of tag {tag:#x} changed");
    }
    let files = |image: &Image<'_>| -> Vec<String> {
        image.version_files().values().map(|name| String::from_utf8(name.to_vec()).unwrap()).collect()
    };
    let wanted: Vec<String> = files(old).iter().map(rename).collect();
    ensure!(files(new) == wanted, "vn_file is {:?}", files(new));
    Ok(())
}

/// Bytes of the new file that are accounted for, and what they must be.
type Known = BTreeMap<u64, (u64, Option<Vec<u8>>)>;

/// Section headers but for address, offset and size of tables that moved; and their contents.
fn sections(old: &Image<'_>, new: &Image<'_>) -> Result<Known, String> {
    let mut known = Known::new();
    ensure!(old.section_table() == new.section_table(), "the section header table moved");
    let words: Vec<u64> = new.version_files().keys().copied().collect();
    for (a, b) in old.sections.iter().zip(&new.sections) {
        let place = |section: &Section| (section.address, section.offset, section.size);
        let (mut like, size) = (a.clone(), b.size);
        (like.address, like.offset, like.size) = place(b);
        ensure!(like == *b, "a section header changed");
        let tags = TABLES.iter().find(|(kind, _)| *kind == a.kind && a.flags & 2 != 0).map(|(_, tags)| *tags);
        let tag = tags.into_iter().flatten().find(|tag| old.tag(**tag) == Some(a.address));
        let is_strings = tag == Some(&5);
        if place(a) != place(b) {
            ensure!(tag.is_some() || a.kind == 6, "a section that is no table moved");
            ensure!(is_strings || a.kind == 6 || a.size == size, "a table has another size");
            ensure!(new.offset(b.address) == b.offset, "a table's offset and address disagree");
            ensure!(a.rest[2] == 0 || b.address % a.rest[2] == 0, "a table is not aligned");
        }
        if let Some(tag) = tag {
            ensure!(new.tag(*tag) == Some(b.address), "tag {tag:#x} does not follow its table");
        }
        if is_strings {
            ensure!(new.tag(10) == Some(size), "DT_STRSZ is not the size of .dynstr");
        }
        if a.kind == 6 {
            let segment = new.segments.iter().find(|segment| segment.kind == DYNAMIC).unwrap();
            ensure!((segment.offset, segment.file_size) == (b.offset, size), ".dynamic is not PT_DYNAMIC");
        }
        if tag.is_some() && !is_strings && place(a) != place(b) {
            let mut content = old.bytes(a.offset, a.size).to_vec();
            for word in words.iter().filter(|word| (b.offset..b.offset + size).contains(word)) {
                let at = usize::try_from(word - b.offset).unwrap();
                content[at..at + 4].copy_from_slice(new.bytes(*word, 4));
            }
            known.insert(b.offset, (size, Some(content)));
        }
        if a.kind == 2 && old.sections != new.sections {
            known.insert(b.offset, (size, Some(symbols(old, new, a))));
        }
    }
    for word in words {
        known.entry(word).or_insert((4, None));
    }
    Ok(known)
}

/// `.symtab` as it must be: symbols of sections that moved have moved along.
fn symbols(old: &Image<'_>, new: &Image<'_>, symtab: &Section) -> Vec<u8> {
    let mut content = old.bytes(symtab.offset, symtab.size).to_vec();
    let (value, section) = if old.wide { (8, 6) } else { (4, 14) };
    for at in (0..symtab.size).step_by(usize::try_from(old.symbol_size()).unwrap()) {
        let from = symtab.offset + at;
        let index = usize::try_from(old.get(from + section, 2)).unwrap();
        let Some((a, b)) = old.sections.get(index).zip(new.sections.get(index)) else { continue };
        if a.address != b.address {
            let moved = old.get(from + value, old.word()) - a.address + b.address;
            assert_eq!(new.get(from + value, old.word()), moved, "a symbol did not move along");
            let (start, size) = (usize::try_from(at + value).unwrap(), usize::try_from(old.word()).unwrap());
            content[start..start + size].copy_from_slice(new.bytes(from + value, old.word()));
        }
    }
    content
}

/// The string table: text that is in use is what `dynamic` and the symbols say; the rest is as it was
/// or zero.
fn strings(old: &Image<'_>, new: &Image<'_>, known: &mut Known) -> Result<(), String> {
    let place = |image: &Image<'_>| (image.offset(image.tag(5).unwrap()), image.tag(10).unwrap());
    let ((from, old_size), (to, size)) = (place(old), place(new));
    let (a, b) = (old.bytes(from, old_size), new.bytes(to, size));
    let tags = new.tags.iter().filter(|(tag, _)| STRING_TAGS.contains(tag)).map(|(_, value)| *value);
    let files = new.version_files().keys().map(|word| new.get(*word, 4)).collect::<Vec<_>>();
    let mut used = vec![false; b.len()];
    for offset in tags.chain(files) {
        let start = usize::try_from(offset).unwrap();
        used[start..=start + new.string(offset).len()].fill(true);
    }
    for (at, byte) in b.iter().enumerate() {
        ensure!(used[at] || *byte == 0 || a.get(at) == Some(byte), "byte {at} of .dynstr changed");
    }
    ensure!(b.last() == Some(&0), ".dynstr does not end with NUL");
    let names = |image: &Image<'_>| -> Vec<Vec<u8>> {
        let Some(table) = image.sections.iter().find(|section| section.kind == 11) else { return vec![] };
        let count = table.size / image.symbol_size();
        let name = |at: u64| image.get(table.offset + at * image.symbol_size(), 4);
        (0..count).map(|at| image.string(name(at)).to_vec()).collect()
    };
    ensure!(names(old) == names(new), "a symbol has another name");
    known.insert(to, (size, None));
    Ok(())
}

/// Every byte that is not accounted for is what it was, or zero where something moved away or is new.
fn bytes(old: &Image<'_>, new: &Image<'_>, mut known: Known) -> Result<(), String> {
    for image in [old, new] {
        let (table, count) = image.segment_table();
        if table == new.segment_table().0 {
            known.insert(table, (new.segment_table().1 * new.segment_size(), None));
        } else {
            assert!(new.bytes(table, count * image.segment_size()).iter().all(|byte| *byte == 0));
        }
    }
    let segment = new.segments.iter().find(|segment| segment.kind == DYNAMIC).unwrap();
    let used = (new.tags.len() as u64) * 2 * new.word();
    ensure!(used < segment.file_size, "no DT_NULL");
    known.insert(segment.offset, (used, None));
    known.insert(0, (if old.wide { 64 } else { 52 }, None));
    let (table, count) = new.section_table();
    if count > 0 {
        known.insert(table, (count * new.section_size(), None));
    }
    let mut expected: Vec<Option<u8>> = old.file.iter().map(|byte| Some(*byte)).collect();
    expected.resize(new.file.len(), Some(0));
    let vacated = |expected: &mut Vec<Option<u8>>, start: u64, size: u64| {
        let start = usize::try_from(start).unwrap();
        expected[start..start + usize::try_from(size).unwrap()].fill(Some(0));
    };
    for (a, b) in old.sections.iter().zip(&new.sections).filter(|(a, b)| a.offset != b.offset) {
        assert_eq!(a.kind, b.kind);
        vacated(&mut expected, a.offset, a.size);
    }
    if old.tag(5) != new.tag(5) {
        vacated(&mut expected, old.offset(old.tag(5).unwrap()), old.tag(10).unwrap());
    }
    if old.segment_table().0 != new.segment_table().0 {
        let (table, count) = old.segment_table();
        vacated(&mut expected, table, count * old.segment_size());
    }
    let dynamic = old.segments.iter().find(|segment| segment.kind == DYNAMIC).unwrap();
    vacated(&mut expected, dynamic.offset, dynamic.file_size);
    for (start, (size, content)) in known {
        for at in 0..size {
            let index = usize::try_from(start + at).unwrap();
            let byte = content.as_ref().map(|content| content[usize::try_from(at).unwrap()]);
            *expected.get_mut(index).ok_or("a table reaches past the end")? = byte;
        }
    }
    for (at, (wanted, found)) in expected.iter().zip(new.file).enumerate() {
        ensure!(
            wanted.is_none_or(|wanted| wanted == *found),
            "byte {at:#x} is {found:#x} and not {wanted:x?}"
        );
    }
    Ok(())
}
