//! Lowering `DT_RELR` to ordinary relative relocations.
//!
//! musl learned `DT_RELR` in 1.2.4 (`do_relr_relocs` in `ldso/dynlink.c`). Earlier loaders skip the
//! tag without a word, and the process dies on the first pointer that was not relocated.
//!
//! Where relocations carry their addends, the slots they are taken from become zero, as LLD leaves slots of `DT_RELA`:
//! said twice, addends would take room in a wheel twice.

use goblin::elf::dynamic::{
    DT_REL, DT_RELA, DT_RELACOUNT, DT_RELAENT, DT_RELASZ, DT_RELCOUNT, DT_RELENT, DT_RELSZ,
};
use goblin::elf::section_header::{
    SHF_ALLOC, SHF_WRITE, SHT_FINI_ARRAY, SHT_INIT_ARRAY, SHT_NULL, SHT_PREINIT_ARRAY, SHT_PROGBITS,
    SectionHeader,
};

use super::codec::{Format, index, length};
use super::dynamic::{DT_RELR, DT_RELRENT, DT_RELRSZ, Dynamic, DynamicEntry};
use super::error::ElfError;
use super::facts::Class;
use super::image::Image;
use super::machine::RelocationKind;
use super::patch::{
    Draft, Move, Piece, Range, Space, TABLE_TAGS, append, enter, growable, is_writable, movable,
};
use super::relocations::{Relocation, RelocationTable};

/// Tags that lowering may change.
pub(crate) const RELR_TAGS: [u64; 11] = [
    DT_RELA,
    DT_RELASZ,
    DT_RELAENT,
    DT_RELACOUNT,
    DT_REL,
    DT_RELSZ,
    DT_RELENT,
    DT_RELCOUNT,
    DT_RELR,
    DT_RELRSZ,
    DT_RELRENT,
];

/// A file without `DT_RELR`.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) file: Vec<u8>,
    pub(crate) moves: Vec<Move>,
    /// How many relocations took its place.
    pub(crate) count: u64,
}

/// Replaces `DT_RELR` by one table: a relative relocation for each of its slots, then the entries of
/// the existing `DT_RELA` or `DT_REL`. `None` where there is nothing to lower.
pub(crate) fn lower(file: &[u8]) -> Result<Option<Lowered>, ElfError> {
    let image = Image::parse(file)?;
    let Some(dynamic) = Dynamic::parse(&image)? else { return Ok(None) };
    let relocations = decode(&image, &dynamic)?;
    if relocations.is_empty() {
        return Ok(None);
    }
    let addends = kind(&image)?.1;
    let mut bytes = Vec::new();
    for relocation in &relocations {
        bytes.extend(encode(image.format, relocation));
    }
    let (place_tag, size_tag, entry_tag, count_tag) = if addends {
        (DT_RELA, DT_RELASZ, DT_RELAENT, DT_RELACOUNT)
    } else {
        (DT_REL, DT_RELSZ, DT_RELENT, DT_RELCOUNT)
    };
    let existing = RelocationTable::general(&image, &dynamic, addends)?;
    bytes.extend_from_slice(existing.map_or(&[], |table| table.bytes));

    let mut draft = Draft::new(growable(file))?;
    let old = movable(&draft);
    // A table that another tag points into as well stays where it is.
    let own = |address: u64, size: u64| {
        let inside = |value: u64| value.checked_sub(address).is_some_and(|within| within < size);
        let others = |entry: &&DynamicEntry| entry.tag != place_tag && TABLE_TAGS.contains(&entry.tag);
        !draft.dynamic.entries.iter().filter(others).any(|entry| inside(entry.value))
    };
    let old_table = old
        .iter()
        .find(|table| existing.is_some() && draft.value(place_tag) == Some(table.address))
        .filter(|table| own(table.address, table.size()))
        .cloned();
    let old_relr = old.iter().find(|table| table.name == ".relr.dyn").cloned();
    for table in old_table.iter().chain(&old_relr) {
        draft.clear(&table.range)?;
    }
    let cleared = if addends { clearable_slots(&draft, &relocations) } else { Vec::new() };
    for slots in cleared {
        draft.clear(&slots)?;
        draft.moves.push(Move { from: slots.clone(), to: slots, verbatim: false, name: "slots" });
    }

    let word = image.format.word();
    let size = length(&bytes);
    let space = Space::survey(&draft);
    let place = match space.best_cave(&draft, size, word) {
        Some(cave) => enter(&mut draft, cave, size, word)?,
        None => {
            let (places, _) = append(&mut draft, &[Piece { size, align: word }], false)?;
            *places.first().ok_or_else(|| ElfError::verification("a piece was not appended"))?
        }
    };
    let to = place.offset..place.offset + size;
    draft.write(to.start, &bytes, "relocation table")?;
    if let Some(table) = &old_table {
        draft.repoint(&[table.repointed(to.clone(), place.address)]);
    }
    if let Some(header) = old_relr.as_ref().and_then(|table| draft.sections.get_mut(table.section?)) {
        header.sh_type = SHT_NULL;
        (header.sh_flags, header.sh_addr, header.sh_offset, header.sh_size) = (0, 0, 0, 0);
    }
    let count = relocations.len() as u64;
    draft.dynamic.entries.retain(|entry| !matches!(entry.tag, DT_RELR | DT_RELRSZ | DT_RELRENT));
    if existing.is_none() {
        // Three tags went, three come.
        draft.dynamic.entries.retain(|entry| ![place_tag, size_tag, entry_tag].contains(&entry.tag));
        let entry = image.format.relocation_size(addends);
        for (tag, value) in [(place_tag, 0), (size_tag, 0), (entry_tag, entry)] {
            draft.dynamic.entries.push(DynamicEntry { tag, value });
        }
    }
    draft.set(place_tag, place.address);
    draft.set(size_tag, size);
    let leading = draft.value(count_tag).unwrap_or(0);
    draft.set(count_tag, leading.saturating_add(count));
    for table in [&old_table, &old_relr].into_iter().flatten() {
        let (from, name) = (table.range.clone(), table.name);
        draft.moves.push(Move { to: from.clone(), from, verbatim: false, name });
    }
    let from = to.start..to.start;
    draft.moves.push(Move { from, to, verbatim: false, name: "relocations" });
    let (file, moves) = draft.finish()?;
    Ok(Some(Lowered { file, moves, count }))
}

/// Holds the lowered file against the original: the same relocations, in one table, and no others.
pub(crate) fn check(before: &[u8], after: &[u8]) -> Result<(), ElfError> {
    let (old, new) = (Image::parse(before)?, Image::parse(after)?);
    let (Some(old_dynamic), Some(new_dynamic)) = (Dynamic::parse(&old)?, Dynamic::parse(&new)?) else {
        return Err(ElfError::verification("the dynamic section is gone"));
    };
    let addends = kind(&old)?.1;
    let mut wanted = decode(&old, &old_dynamic)?;
    let existing = RelocationTable::general(&old, &old_dynamic, addends)?;
    wanted.extend(existing.iter().flat_map(RelocationTable::iter));
    let found = RelocationTable::general(&new, &new_dynamic, addends)?;
    if !found.iter().flat_map(RelocationTable::iter).eq(wanted) {
        return Err(ElfError::verification("the lowered relocations are not those of DT_RELR"));
    }
    for slot in decode(&old, &old_dynamic)? {
        let word = old.format.word();
        let (was, is) =
            (old.at(slot.offset, word, "slot of DT_RELR")?, new.at(slot.offset, word, "slot of DT_RELR")?);
        let zero = addends && is.iter().all(|byte| *byte == 0);
        if was != is && !zero {
            return Err(ElfError::verification("a slot of DT_RELR is neither zero nor what it was"));
        }
    }
    Ok(())
}

/// The bytes of slots that nobody reads before they are relocated, as ranges of the file, ascending: those in writable data
/// sections into which no table of the dynamic linker reaches. None in a file without section headers.
fn clearable_slots(draft: &Draft, slots: &[Relocation]) -> Vec<Range> {
    let own = draft.tables();
    let tables: Vec<u64> = TABLE_TAGS.iter().filter_map(|tag| draft.value(*tag)).collect();
    let mut sections: Vec<(Range, u64)> = Vec::new();
    for section in draft.sections.iter().filter(|section| is_writable_data(section)) {
        let addresses = section.sh_addr..section.sh_addr.saturating_add(section.sh_size);
        let file = section.sh_offset..section.sh_offset.saturating_add(section.sh_size);
        let mapped = draft.load_of(&file).and_then(|at| draft.segments.get(at)).is_some_and(|load| {
            is_writable(load) && section.sh_addr.checked_sub(load.p_vaddr) == Some(file.start - load.p_offset)
        });
        let shared = tables.iter().any(|table| addresses.contains(table))
            || own.iter().any(|table| table.start < file.end && file.start < table.end);
        if mapped && !shared {
            sections.push((addresses, file.start));
        }
    }
    sections.sort_by_key(|(addresses, _)| addresses.start);
    let word = draft.format.word();
    let mut ranges: Vec<Range> = Vec::new();
    for slot in slots {
        let next = sections.partition_point(|(addresses, _)| addresses.start <= slot.offset);
        let Some((addresses, offset)) = next.checked_sub(1).and_then(|at| sections.get(at)) else { continue };
        if slot.offset.saturating_add(word) > addresses.end {
            continue;
        }
        let start = offset + (slot.offset - addresses.start);
        match ranges.last_mut() {
            Some(range) if range.end == start => range.end += word,
            _ => ranges.push(start..start + word),
        }
    }
    // Sections may lie in the file in another order than in memory.
    ranges.sort_by_key(|range| range.start);
    ranges
}

/// Whether the linker put variables into the section that the program may write to.
fn is_writable_data(section: &SectionHeader) -> bool {
    let flags = u64::from(SHF_ALLOC | SHF_WRITE);
    let data = [SHT_PROGBITS, SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY];
    section.sh_flags & flags == flags && data.contains(&section.sh_type)
}

/// `R_*_RELATIVE` and whether it carries its addend.
fn kind(image: &Image<'_>) -> Result<(u64, bool), ElfError> {
    RelocationKind::relative(image.header.e_machine)
        .ok_or_else(|| ElfError::unsupported("DT_RELR on a machine without a known relative relocation"))
}

/// The slots of `DT_RELR` as relocations, ascending (gABI 2022 draft, "Relative Relocation Table"):
/// an even word is the address of a slot; an odd one is a bitmap of the words that follow the last.
fn decode(image: &Image<'_>, dynamic: &Dynamic) -> Result<Vec<Relocation>, ElfError> {
    let what = "DT_RELR";
    let (Some(address), Some(size)) = (dynamic.value(DT_RELR), dynamic.value(DT_RELRSZ)) else {
        return Ok(Vec::new());
    };
    if size == 0 {
        return Ok(Vec::new());
    }
    let (number, addends) = kind(image)?;
    let word = image.format.word();
    let wide = word * 8 - 1;
    let limit = length(image.file) / word;
    let mut relocations = Vec::new();
    let mut push = |at: u64| -> Result<(), ElfError> {
        if relocations.len() as u64 >= limit {
            return Err(ElfError::malformed(what, "it has more slots than the file has words", address));
        }
        let value = image.format.number(image.at(at, word, "slot of DT_RELR")?);
        let addend = addends.then_some(value);
        relocations.push(Relocation { offset: at, symbol: 0, number, addend });
        Ok(())
    };
    let mut next = 0u64;
    for entry in image.at(address, size, what)?.chunks_exact(index(word)) {
        let entry = image.format.number(entry);
        if entry & 1 == 0 {
            push(entry)?;
            next = entry.wrapping_add(word);
        } else {
            for bit in (0..wide).filter(|bit| entry >> (bit + 1) & 1 == 1) {
                push(next.wrapping_add(bit * word))?;
            }
            next = next.wrapping_add(wide * word);
        }
    }
    relocations.sort_by_key(|relocation| relocation.offset);
    let overlap = relocations.windows(2).find_map(|pair| match pair {
        [first, second] if second.offset - first.offset < word => Some(second.offset),
        _ => None,
    });
    match overlap {
        // Loaders would relocate such a word twice, and one with addends once.
        Some(at) => Err(ElfError::malformed(what, "two of its slots overlap", at)),
        None => Ok(relocations),
    }
}

/// The bytes of an `Elf_Rel` or `Elf_Rela`.
fn encode(format: Format, relocation: &Relocation) -> Vec<u8> {
    let shift = match format.class {
        Class::Elf32 => 8,
        Class::Elf64 => 32,
    };
    let info = relocation.symbol << shift | relocation.number;
    let word = index(format.word());
    let mut bytes = Vec::new();
    for value in [Some(relocation.offset), Some(info), relocation.addend].into_iter().flatten() {
        let start = bytes.len();
        bytes.resize(start + word, 0);
        if let Some(field) = bytes.get_mut(start..) {
            format.spell(field, value);
        }
    }
    bytes
}
