//! Lowering `DT_RELR` to ordinary relative relocations.
//!
//! musl supports `DT_RELR` since 1.2.4 (`do_relr_relocs` in `ldso/dynlink.c`). Earlier loaders silently
//! ignore the tag, and the process crashes on the first pointer that was not relocated.
//!
//! If relocations carry their addends, the slots are set to zero, as LLD does for `DT_RELA`. Otherwise the
//! addends would be in the wheel twice.

mod slots;

use goblin::elf::dynamic::{
    DT_REL, DT_RELA, DT_RELACOUNT, DT_RELAENT, DT_RELASZ, DT_RELCOUNT, DT_RELENT, DT_RELSZ,
};
use goblin::elf::program_header::ProgramHeader;
use goblin::elf::section_header::{
    SHF_ALLOC, SHF_WRITE, SHT_FINI_ARRAY, SHT_INIT_ARRAY, SHT_NULL, SHT_PREINIT_ARRAY, SHT_PROGBITS,
    SectionHeader,
};

use super::codec::{index, length, slice, slice_mut};
use super::error::ElfError;
use super::patch::{
    Draft, Move, Piece, Place, Space, TABLE_TAGS, Table, append, enter, growable, is_writable, length_of,
    movable,
};
use super::ranges::{Range, overlap, sized};
use super::read::dynamic::{DT_RELR, DT_RELRENT, DT_RELRSZ, Dynamic, DynamicEntry};
use super::read::headers::Image;
use super::read::relocations::RelocationTable;

use slots::Slots;

/// The tags that lowering may change.
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

/// A file whose `DT_RELR` was lowered.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) file: Vec<u8>,
    pub(crate) moves: Vec<Move>,
    /// The number of relocations that replaced it.
    pub(crate) count: u64,
    /// The data sections in which slots were set to zero.
    cleared: Vec<Data>,
}

/// A section of variables.
#[derive(Debug)]
struct Data {
    addresses: Range,
    /// Its range in the file.
    file: Range,
}

/// The tags of the table that replaces `DT_RELR`.
struct Tags {
    place: u64,
    size: u64,
    entry: u64,
    count: u64,
}

impl Tags {
    fn of(addends: bool) -> Self {
        let (place, size, entry, count) = if addends {
            (DT_RELA, DT_RELASZ, DT_RELAENT, DT_RELACOUNT)
        } else {
            (DT_REL, DT_RELSZ, DT_RELENT, DT_RELCOUNT)
        };
        Self { place, size, entry, count }
    }
}

/// The old tables that the new one replaces, if their space can be reused.
struct Old {
    general: Option<Table>,
    relr: Option<Table>,
}

impl Old {
    fn of(draft: &Draft, tags: &Tags) -> Self {
        let movable = movable(draft);
        // A table that another tag also points into stays in place.
        let own = |table: &&Table| {
            let addresses = sized(table.address, table.size());
            let others = |entry: &&DynamicEntry| entry.tag != tags.place && TABLE_TAGS.contains(&entry.tag);
            !draft.dynamic.entries.iter().filter(others).any(|entry| addresses.contains(&entry.value))
        };
        let used = draft.value(tags.place).filter(|_| draft.value(tags.size).is_some_and(|size| size > 0));
        let general = movable.iter().filter(|table| used == Some(table.address)).find(own);
        let relr = movable.iter().find(|table| table.name == ".relr.dyn");
        Self { general: general.cloned(), relr: relr.cloned() }
    }

    fn iter(&self) -> impl Iterator<Item = &Table> {
        self.general.iter().chain(&self.relr)
    }
}

/// Replaces `DT_RELR` with one table: a relative relocation for each of its slots, followed by the entries of
/// the existing `DT_RELA` or `DT_REL`. `None` if the file has no `DT_RELR`.
pub(crate) fn lower(file: &[u8]) -> Result<Option<Lowered>, ElfError> {
    let image = Image::parse(file)?;
    let Some(dynamic) = Dynamic::parse(&image)? else { return Ok(None) };
    let Some(slots) = Slots::of(&image, &dynamic)? else { return Ok(None) };
    let (format, count) = (image.format, slots.count());
    let tags = Tags::of(slots.addends);
    let existing = RelocationTable::general(&image, &dynamic, slots.addends)?;
    let existing = existing.map_or(&[][..], |table| table.bytes);
    let entry = format.relocation_size(slots.addends);
    let size = count * entry + length(existing);

    let mut draft = Draft::new(growable(file))?;
    let old = Old::of(&draft, &tags);
    for table in old.iter() {
        draft.clear(&table.range)?;
    }
    let cleared = if slots.addends { clearable(&draft, &slots) } else { Vec::new() };
    for data in &cleared {
        clear(&mut draft, data, &slots)?;
    }
    let place = find_place(&mut draft, size)?;
    let to = sized(place.offset, size);
    let table = slice_mut(&mut draft.file, to.start, size, "relocation table")?;
    let (lowered, rest) = table.split_at_mut(index(count * entry));
    for (relocation, bytes) in slots.relocations(&image).zip(lowered.chunks_exact_mut(index(entry))) {
        relocation?.write(format, bytes);
    }
    rest.copy_from_slice(existing);
    repoint(&mut draft, &old, &to, place);
    retag(&mut draft, &tags, existing.is_empty().then_some(entry));
    if length_of(&draft.dynamic.entries) >= draft.dynamic.capacity {
        return Err(ElfError::unsupported("there is no DT_RELRENT, and no room for DT_RELAENT"));
    }
    draft.set(tags.place, place.address);
    draft.set(tags.size, size);
    let leading = draft.value(tags.count).unwrap_or(0);
    draft.set(tags.count, leading.saturating_add(count));
    let (file, moves) = draft.finish()?;
    Ok(Some(Lowered { file, moves, count, cleared }))
}

/// Finds zeros for a table of `size` bytes: after a segment, else at the end of the file.
fn find_place(draft: &mut Draft, size: u64) -> Result<Place, ElfError> {
    let align = draft.format.word();
    if let Some(cave) = Space::survey(draft).best_cave(draft, size, align) {
        return enter(draft, cave, size, align);
    }
    let (places, _) = append(draft, &[Piece { size, align }], false)?;
    places.first().copied().ok_or_else(|| ElfError::verification("a piece was not appended"))
}

/// Updates the section headers of the old tables: one becomes the new table, the others become empty.
fn repoint(draft: &mut Draft, old: &Old, to: &Range, place: Place) {
    if let Some(table) = &old.general {
        draft.repoint(&[table.repointed(to.clone(), place.address)]);
    }
    if let Some(header) = old.relr.as_ref().and_then(|table| draft.sections.get_mut(table.section?)) {
        header.sh_type = SHT_NULL;
        (header.sh_flags, header.sh_addr, header.sh_offset, header.sh_size) = (0, 0, 0, 0);
    }
    for table in old.iter() {
        let (from, name) = (table.range.clone(), table.name);
        draft.moves.push(Move { to: from.clone(), from, verbatim: false, name });
    }
    let from = to.start..to.start;
    draft.moves.push(Move { from, to: to.clone(), verbatim: false, name: "relocations" });
}

/// Removes the tags of `DT_RELR`. `added` is the size of an entry if there was no other table.
fn retag(draft: &mut Draft, tags: &Tags, added: Option<u64>) {
    draft.dynamic.entries.retain(|entry| !matches!(entry.tag, DT_RELR | DT_RELRSZ | DT_RELRENT));
    if let Some(size) = added {
        // Three tags were removed, three are added.
        draft.dynamic.entries.retain(|entry| ![tags.place, tags.size, tags.entry].contains(&entry.tag));
        for (tag, value) in [(tags.place, 0), (tags.size, 0), (tags.entry, size)] {
            draft.dynamic.entries.push(DynamicEntry { tag, value });
        }
    }
}

/// Sets the slots inside a section to zero.
fn clear(draft: &mut Draft, data: &Data, slots: &Slots) -> Result<(), ElfError> {
    let word = draft.format.word();
    for slot in slots.within(&data.addresses, word) {
        draft.clear(&sized(data.file.start + (slot - data.addresses.start), word))?;
    }
    let (from, to) = (data.file.clone(), data.file.clone());
    draft.moves.push(Move { from, to, verbatim: false, name: "slots" });
    Ok(())
}

/// Compares the lowered file with the original: the same relocations, in one table, and no others.
pub(crate) fn check(before: &[u8], lowered: &Lowered) -> Result<(), ElfError> {
    let (old, new) = (Image::parse(before)?, Image::parse(&lowered.file)?);
    let (Some(old_dynamic), Some(new_dynamic)) = (Dynamic::parse(&old)?, Dynamic::parse(&new)?) else {
        return Err(ElfError::verification("the dynamic section is gone"));
    };
    let gone = || ElfError::verification("there was no DT_RELR to lower");
    let slots = Slots::of(&old, &old_dynamic)?.ok_or_else(gone)?;
    let table = |image, dynamic| RelocationTable::general(image, dynamic, slots.addends);
    let (existing, found) = (table(&old, &old_dynamic)?, table(&new, &new_dynamic)?);
    let mut found = found.iter().flat_map(RelocationTable::iter);
    let differs = || ElfError::verification("the lowered relocations are not those of DT_RELR");
    for relocation in slots.relocations(&old) {
        if found.next() != Some(relocation?) {
            return Err(differs());
        }
    }
    if !found.eq(existing.iter().flat_map(RelocationTable::iter)) {
        return Err(differs());
    }
    for (was, is) in slots.words(&old).zip(slots.words(&new)) {
        let ((_, was), (_, is)) = (was?, is?);
        let zero = slots.addends && is.iter().all(|byte| *byte == 0);
        if was != is && !zero {
            return Err(ElfError::verification("a slot of DT_RELR is neither zero nor what it was"));
        }
    }
    lowered.cleared.iter().try_for_each(|data| check_beside(&old, &new, data, &slots))
}

/// Checks that only the slots changed in a section in which slots were set to zero.
fn check_beside(old: &Image<'_>, new: &Image<'_>, data: &Data, slots: &Slots) -> Result<(), ElfError> {
    let word = old.format.word();
    let size = data.file.end - data.file.start;
    let section = |file| slice(file, data.file.start, size, "section");
    let (was, is) = (section(old.file)?, section(new.file)?);
    let starts = slots.within(&data.addresses, word).iter().map(|slot| slot - data.addresses.start);
    let mut end = 0;
    for start in starts.chain([size]) {
        let between = index(end)..index(start);
        if was.get(between.clone()) != is.get(between) {
            return Err(ElfError::verification("bytes beside the slots of DT_RELR changed"));
        }
        end = start + word;
    }
    Ok(())
}

/// The sections whose slots can be set to zero because nothing reads them before relocation, ascending:
/// writable data that contains no table of the dynamic linker and is mapped once. Empty for a file without
/// section headers.
fn clearable(draft: &Draft, slots: &Slots) -> Vec<Data> {
    let own = draft.tables();
    let tables: Vec<u64> = TABLE_TAGS.iter().filter_map(|tag| draft.value(*tag)).collect();
    let mut found: Vec<Data> = Vec::new();
    for section in draft.sections.iter().filter(|section| is_writable_data(section)) {
        let addresses = sized(section.sh_addr, section.sh_size);
        let file = sized(section.sh_offset, section.sh_size);
        if slots.within(&addresses, draft.format.word()).is_empty() {
            continue;
        }
        let mapped = draft.load_of(&file).and_then(|at| draft.segments.get(at)).is_some_and(|load| {
            is_writable(load) && section.sh_addr.checked_sub(load.p_vaddr) == Some(file.start - load.p_offset)
        });
        let maps = |load: &ProgramHeader| overlap(&sized(load.p_offset, load.p_filesz), &file);
        let once = draft.loads().filter(|(_, load)| maps(load)).count() == 1;
        let shared = tables.iter().any(|table| addresses.contains(table))
            || own.iter().any(|table| overlap(table, &file));
        if mapped && once && !shared {
            found.push(Data { addresses, file });
        }
    }
    found.sort_by_key(|data| data.addresses.start);
    // If two headers name the same bytes, one of them is enough.
    let mut end = 0;
    found.retain(|data| {
        let apart = end <= data.addresses.start;
        end = end.max(data.addresses.end);
        apart
    });
    found
}

/// Whether the section holds writable variables of the program.
fn is_writable_data(section: &SectionHeader) -> bool {
    let flags = u64::from(SHF_ALLOC | SHF_WRITE);
    let data = [SHT_PROGBITS, SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY];
    section.sh_flags & flags == flags && data.contains(&section.sh_type)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fixture() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/elf/x86_64/bfd-relr.so")).unwrap()
    }

    #[test]
    fn a_changed_byte_beside_a_slot_fails_verification() {
        let before = fixture();
        let mut lowered = lower(&before).unwrap().unwrap();
        check(&before, &lowered).unwrap();
        let image = Image::parse(&before).unwrap();
        let slots = Slots::of(&image, &Dynamic::parse(&image).unwrap().unwrap()).unwrap().unwrap();
        let mut tried = 0;
        for data in std::mem::take(&mut lowered.cleared) {
            let Range { start, end } = data.addresses;
            let is_slot = |at: u64| !slots.within(&(at.saturating_sub(7)..at + 8), 8).is_empty();
            let beside =
                (start..end).find(|at| !is_slot(*at)).map(|at| index(data.file.start + (at - start)));
            lowered.cleared = vec![data];
            let Some(byte) = beside else { continue };
            *lowered.file.get_mut(byte).unwrap() ^= 1;
            assert!(check(&before, &lowered).is_err(), "byte {byte:#x}");
            *lowered.file.get_mut(byte).unwrap() ^= 1;
            tried += 1;
        }
        assert!(tried > 0);
    }

    #[test]
    fn a_table_without_slots_is_removed_too() {
        let mut before = fixture();
        let image = Image::parse(&before).unwrap();
        let dynamic = Dynamic::parse(&image).unwrap().unwrap();
        let size = dynamic.value(DT_RELRSZ).unwrap();
        let at = index(image.locate(dynamic.value(DT_RELR).unwrap(), size, "table").unwrap());
        // LLD pads a table that shrank during layout with empty bitmaps.
        for (index, byte) in before.iter_mut().skip(at).take(index(size)).enumerate() {
            *byte = u8::from(index % 8 == 0);
        }
        let lowered = lower(&before).unwrap().unwrap();
        assert_eq!(lowered.count, 0);
        check(&before, &lowered).unwrap();
        let image = Image::parse(&lowered.file).unwrap();
        assert_eq!(Dynamic::parse(&image).unwrap().unwrap().value(DT_RELR), None);
    }
}
