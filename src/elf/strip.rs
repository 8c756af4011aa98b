//! Stripping: removes debug sections and the symbol table; loaded content keeps its place.
//!
//! Strip before any patching. Bytes up to the end of the last segment are kept; the other sections that are
//! kept and a section header table follow. If another tool had put a segment after the stripped sections, the
//! hole before it is removed.

mod compact;

use std::collections::{BTreeMap, BTreeSet};

use goblin::elf::program_header::{PT_LOAD, PT_NULL, ProgramHeader};
use goblin::elf::section_header::{
    SHF_ALLOC, SHT_NULL, SHT_REL, SHT_RELA, SHT_STRTAB, SHT_SYMTAB, SHT_SYMTAB_SHNDX, SectionHeader,
};

use super::codec::{Format, index, length, slice};
use super::edit::Strip;
use super::error::ElfError;
use super::facts::{ElfFacts, Kind};
use super::patch::padding;
use super::payload::payload;
use super::ranges::{Range, Ranges, overlap, sized};
use super::read::dynamic::string_at;
use super::read::headers::{Image, has_bytes};
use super::read::machine::largest_page;

use compact::compact;

/// Names of debug sections: DWARF, compressed DWARF, stabs, LTO bytecode and its debug copy, and links to
/// debug files.
const DEBUG_NAMES: [&[u8]; 7] =
    [b".debug", b".zdebug", b".stab", b".gnu_debug", b".gnu.lto_", b".gnu.debuglto_", b".gdb_index"];

/// Annobin's notes about how each function was built: large, and not loaded.
const BUILD_NOTES: &[u8] = b".gnu.build.attributes";

/// Strips a file; `None` if there is nothing to remove, or no section headers.
///
/// `.o` files and debug files are left alone, because their symbols are their purpose; so is a file with a
/// payload, which must not move.
pub(crate) fn strip(file: &[u8], level: Strip) -> Result<Option<Vec<u8>>, ElfError> {
    let image = Image::parse(file)?;
    let facts = ElfFacts::parse(file)?;
    if image.sections.is_empty() || !matches!(facts.kind, Kind::Executable | Kind::Dynamic) {
        return Ok(None);
    }
    let names = image.sections.get(usize::from(image.header.e_shstrndx));
    if names.is_none_or(|section| section.sh_type != SHT_STRTAB || is_loaded(section)) {
        return Ok(None);
    }
    check_sections(&image)?;
    let stripping = Stripping::plan(&image, level)?;
    if !stripping.dropped.contains(&true) || !payload(&image).is_empty() {
        return Ok(None);
    }
    let mut stripped = stripping.carry_out(&image, false)?;
    if stripping.leaves_holes(&image) {
        stripped = shorter(stripped, compact)?;
        // Kept sections inside a hole may have to be moved out of it first.
        stripped = shorter(stripped, |_| compact(&stripping.carry_out(&image, true)?))?;
    }
    // Removed sections before a segment leave zeros; a result longer than the file is useless.
    if stripped.len() > file.len() {
        return Ok(None);
    }
    check(&image, &facts, &stripped)?;
    Ok(Some(stripped))
}

/// The result of `make`, if it is shorter.
fn shorter(
    file: Vec<u8>,
    make: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, ElfError>,
) -> Result<Vec<u8>, ElfError> {
    let made = make(&file)?;
    Ok(made.filter(|made| made.len() < file.len()).unwrap_or(file))
}

/// Refuses sections that would change their meaning: one past the end of the file would get content when the
/// file grows, and one that begins in the last segment and ends after it would be torn apart.
fn check_sections(image: &Image<'_>) -> Result<(), ElfError> {
    let end = loaded_end(image);
    for section in image.sections.iter().filter(|section| has_bytes(section)) {
        slice(image.file, section.sh_offset, section.sh_size, "section")?;
        if section.sh_offset < end && section.sh_offset.saturating_add(section.sh_size) > end {
            return Err(ElfError::unsupported("a section begins in the last segment and ends behind it"));
        }
    }
    Ok(())
}

/// Decides which sections are removed.
#[derive(Debug)]
struct Stripping<'a> {
    dropped: Vec<bool>,
    names: Vec<&'a [u8]>,
}

impl<'a> Stripping<'a> {
    fn plan(image: &Image<'a>, level: Strip) -> Result<Self, ElfError> {
        let own = usize::from(image.header.e_shstrndx);
        let names_of = image.sections.get(own).map_or(&[][..], |section| image.section_bytes(section));
        let mut names = Vec::new();
        let mut budget = length(names_of).saturating_mul(16).saturating_add(1 << 16);
        for section in &image.sections {
            let name = string_at(names_of, section.sh_name as u64).unwrap_or_default();
            budget = budget.checked_sub(length(name)).ok_or_else(|| {
                ElfError::malformed("section names", "names overlap more than any linker makes them", 0)
            })?;
            names.push(name);
        }
        let mut dropped: Vec<bool> = image
            .sections
            .iter()
            .zip(&names)
            .enumerate()
            .map(|(at, (section, name))| {
                let debug = DEBUG_NAMES.iter().any(|prefix| name.starts_with(prefix));
                let symbols = matches!(section.sh_type, SHT_SYMTAB | SHT_SYMTAB_SHNDX);
                let all = level == Strip::All && (symbols || name.starts_with(BUILD_NOTES));
                at != own && at != 0 && !is_loaded(section) && (debug || all)
            })
            .collect();
        // Relocations of removed sections.
        let is_dropped = |dropped: &[bool], at: u32| dropped.get(at as usize).copied().unwrap_or(false);
        for (at, section) in image.sections.iter().enumerate() {
            let relocates = matches!(section.sh_type, SHT_REL | SHT_RELA) && !is_loaded(section);
            let useless = is_dropped(&dropped, section.sh_info) || is_dropped(&dropped, section.sh_link);
            if let (true, Some(flag)) = (relocates && useless, dropped.get_mut(at)) {
                *flag = true;
            }
        }
        // String tables that only removed sections use.
        let links: BTreeSet<u32> = image.sections.iter().map(|user| user.sh_link).collect();
        let users = image.sections.iter().zip(&dropped).filter(|(_, dropped)| !**dropped);
        let kept: BTreeSet<u32> = users.map(|(user, _)| user.sh_link).collect();
        for at in links.difference(&kept).map(|at| *at as usize).filter(|at| *at != own) {
            let strings = |section: &SectionHeader| section.sh_type == SHT_STRTAB && !is_loaded(section);
            if let (true, Some(flag)) = (image.sections.get(at).is_some_and(strings), dropped.get_mut(at)) {
                *flag = true;
            }
        }
        Ok(Self { dropped, names })
    }

    fn is_dropped(&self, at: usize) -> bool {
        self.dropped.get(at).copied().unwrap_or(false)
    }

    /// Whether a removed section is before the end of the last segment.
    fn leaves_holes(&self, image: &Image<'_>) -> bool {
        let end = loaded_end(image);
        let mut sections = image.sections.iter().enumerate();
        sections.any(|(at, section)| self.is_dropped(at) && has_bytes(section) && section.sh_offset < end)
    }

    /// The file without the removed sections. With `gather`, everything that no segment maps is moved to its
    /// end.
    fn carry_out(&self, image: &Image<'_>, gather: bool) -> Result<Vec<u8>, ElfError> {
        let format = image.format;
        let own = usize::from(image.header.e_shstrndx);
        let (mut file, end) = self.loaded_part(image, gather)?;
        let mapped = mapped(image);
        let moves = |start: u64, size: u64| start >= end || (gather && !mapped.overlap(&sized(start, size)));
        // Symbols refer to sections by index. The index of loaded sections must not change, and with a symbol
        // table none may: then a removed section leaves an empty entry.
        let keeps_symbols = image
            .sections
            .iter()
            .enumerate()
            .any(|(at, section)| section.sh_type == SHT_SYMTAB && !self.is_dropped(at));
        let last_loaded = image.sections.iter().rposition(is_loaded).unwrap_or(0);
        let numbered = if keeps_symbols { image.sections.len() } else { last_loaded + 1 };
        let mut renumbered: BTreeMap<usize, u32> = BTreeMap::new();
        for at in (0..image.sections.len()).filter(|at| *at < numbered || !self.is_dropped(*at)) {
            let number = u32::try_from(renumbered.len())
                .map_err(|_| ElfError::malformed("section header table", "too many entries", 0))?;
            renumbered.insert(at, number);
        }
        // Sections that are not loaded cannot be larger together than the file.
        let mut budget = length(image.file);
        let mut name_table = vec![0u8];
        let mut headers = Vec::new();
        for at in renumbered.keys().copied() {
            let Some(mut header) = image.sections.get(at).cloned() else { continue };
            if at == 0 || self.is_dropped(at) {
                headers.push(if at == 0 {
                    header
                } else {
                    SectionHeader { sh_type: SHT_NULL, ..SectionHeader::default() }
                });
                continue;
            }
            header.sh_name = name_table.len();
            name_table.extend_from_slice(self.names.get(at).copied().unwrap_or_default());
            name_table.push(0);
            let number = |old: u32| renumbered.get(&(old as usize)).copied().unwrap_or(0);
            header.sh_link = number(header.sh_link);
            if matches!(header.sh_type, SHT_REL | SHT_RELA) {
                header.sh_info = number(header.sh_info);
            }
            if at != own
                && has_bytes(&header)
                && !is_loaded(&header)
                && moves(header.sh_offset, header.sh_size)
            {
                let bytes = slice(image.file, header.sh_offset, header.sh_size, "section")?;
                budget = budget.checked_sub(header.sh_size).ok_or_else(|| {
                    ElfError::malformed("section", "it overlaps others that are not loaded", header.sh_offset)
                })?;
                header.sh_offset = push(&mut file, bytes, header.sh_addralign);
            }
            headers.push(header);
        }
        let own_number = renumbered.get(&own).copied().unwrap_or(0);
        if let Some(header) = headers.get_mut(own_number as usize) {
            header.sh_size = length(&name_table);
            header.sh_offset = push(&mut file, &name_table, 1);
            header.sh_addralign = 1;
        }
        let mut table = Vec::new();
        for header in &headers {
            write_header(format, &mut table, header)?;
        }
        let in_place = !moves(image.header.e_shoff, length(&table));
        let offset = if in_place { image.header.e_shoff } else { push(&mut file, &table, format.word()) };
        if in_place {
            let what = "section header table";
            super::codec::slice_mut(&mut file, offset, length(&table), what)?.copy_from_slice(&table);
        }
        write_file_header(format, &mut file, offset, headers.len() as u64, own_number)?;
        Ok(file)
    }

    /// Everything up to the end of the last segment, with zeros in place of what was removed.
    fn loaded_part(&self, image: &Image<'_>, gather: bool) -> Result<(Vec<u8>, u64), ElfError> {
        let end = loaded_end(image);
        let mut file = slice(image.file, 0, end, "loaded part")?.to_vec();
        let programs = u64::from(image.header.e_phnum) * image.format.program_header_size();
        let headers = [0..image.format.file_header_size(), sized(image.header.e_phoff, programs)];
        if matches!(&headers, [file, programs] if overlap(file, programs)) {
            return Err(ElfError::unsupported("program headers overlap the file header"));
        }
        let entry = image.format.section_header_size();
        let table = sized(image.header.e_shoff, entry.saturating_mul(image.sections.len() as u64));
        if headers.iter().any(|header| overlap(header, &table)) {
            return Err(ElfError::unsupported("section headers overlap the program headers"));
        }
        let leaves =
            |at: usize, section: &SectionHeader| self.is_dropped(at) || (gather && !is_loaded(section));
        let with_bytes = image.sections.iter().enumerate().filter(|(_, section)| has_bytes(section));
        let (gone, kept): (Vec<_>, Vec<_>) = with_bytes.partition(|(at, section)| leaves(*at, section));
        let range = |(_, section): (usize, &SectionHeader)| sized(section.sh_offset, section.sh_size);
        let mapped = mapped(image);
        let kept = kept.into_iter().map(range).chain(mapped.iter().cloned()).chain(headers);
        let kept = Ranges::from_iter(kept);
        let gone = gone.into_iter().map(range).chain([table]).filter(|range| !kept.overlap(range));
        let gone = Ranges::from_iter(gone);
        for range in gone.iter() {
            if let Some(bytes) = file.get_mut(index(range.start)..index(range.end.min(end))) {
                bytes.fill(0);
            }
        }
        Ok((file, end))
    }
}

/// The file ranges that segments map.
fn mapped(image: &Image<'_>) -> Ranges {
    let segments = image.segments.iter().filter(|segment| segment.p_type != PT_NULL);
    segments.map(|segment| sized(segment.p_offset, segment.p_filesz)).collect()
}

fn is_loaded(section: &SectionHeader) -> bool {
    section.sh_flags & u64::from(SHF_ALLOC) != 0
}

/// The end of the last segment in the file.
fn loaded_end(image: &Image<'_>) -> u64 {
    let table = u64::from(image.header.e_phnum) * image.format.program_header_size();
    let ends = image
        .segments
        .iter()
        .filter(|segment| segment.p_type != PT_NULL)
        .map(|segment| segment.p_offset.saturating_add(segment.p_filesz));
    let loaded = image.sections.iter().filter(|section| is_loaded(section) && has_bytes(section));
    ends.chain(loaded.map(|section| section.sh_offset.saturating_add(section.sh_size)))
        .chain([image.format.file_header_size(), image.header.e_phoff.saturating_add(table)])
        .max()
        .unwrap_or(0)
}

/// Appends bytes, aligned, and returns their offset.
fn push(file: &mut Vec<u8>, bytes: &[u8], align: u64) -> u64 {
    // No unloaded section needs a larger alignment; a wrong value must not inflate the file.
    let align = if align <= 64 { align } else { 1 };
    let offset = length(file) + padding(length(file), align);
    file.resize(index(offset), 0);
    file.extend_from_slice(bytes);
    offset
}

/// One section header (gABI, "Section Header Table").
fn write_header(format: Format, table: &mut Vec<u8>, header: &SectionHeader) -> Result<(), ElfError> {
    let word = format.word();
    let fields = [
        (4, header.sh_name as u64),
        (4, u64::from(header.sh_type)),
        (word, header.sh_flags),
        (word, header.sh_addr),
        (word, header.sh_offset),
        (word, header.sh_size),
        (4, u64::from(header.sh_link)),
        (4, u64::from(header.sh_info)),
        (word, header.sh_addralign),
        (word, header.sh_entsize),
    ];
    for (width, value) in fields {
        let at = length(table);
        table.resize(index(at + width), 0);
        format.put(table, at, width, value, "section header")?;
    }
    Ok(())
}

/// `e_shoff`, `e_shnum`, `e_shstrndx`.
fn write_file_header(
    format: Format,
    file: &mut [u8],
    offset: u64,
    count: u64,
    names: u32,
) -> Result<(), ElfError> {
    let what = "ELF header";
    let (shoff, shnum, shstrndx) = match format.class {
        super::codec::Class::Elf32 => (32, 48, 50),
        super::codec::Class::Elf64 => (40, 60, 62),
    };
    if count >= 0xff00 {
        return Err(ElfError::unsupported("there are more sections than the file header can count"));
    }
    format.put(file, shoff, format.word(), offset, what)?;
    format.put(file, shnum, 2, count, what)?;
    format.put(file, shstrndx, 2, u64::from(names), what)
}

/// Checks that all loaded content and all facts are unchanged.
fn check(before: &Image<'_>, facts: &ElfFacts, stripped: &[u8]) -> Result<(), ElfError> {
    let after = Image::parse(stripped)?;
    let mut found = ElfFacts::parse(stripped)?;
    if before.segments.len() != after.segments.len() {
        return Err(ElfError::verification("stripping changed the number of segments"));
    }
    let page = largest_page(before.header.e_machine);
    // How far each range moved towards the start.
    let mut kept: BTreeMap<u64, Vec<Range>> = BTreeMap::new();
    for (old, new) in before.segments.iter().zip(&after.segments) {
        let by = old.p_offset.wrapping_sub(new.p_offset);
        let whole = by % old.p_align.max(1) == 0 && by % page == 0;
        if new.p_type == PT_LOAD && (new.p_offset > old.p_offset || !whole) {
            return Err(ElfError::verification("stripping moved a segment to where it cannot be mapped"));
        }
        if *old != (ProgramHeader { p_offset: old.p_offset, ..new.clone() }) {
            return Err(ElfError::verification("stripping changed a program header"));
        }
        if old.p_type != PT_NULL {
            kept.entry(by).or_default().push(sized(old.p_offset, old.p_filesz));
        }
        // The file offset of an empty segment has no meaning; other segments must be in the range that is
        // mapped.
        let mapped = |image: &Image<'_>, segment: &ProgramHeader| {
            image.locate(segment.p_vaddr, segment.p_filesz, "segment") == Ok(segment.p_offset)
        };
        if old.p_type != PT_NULL && old.p_filesz > 0 && mapped(before, old) && !mapped(&after, new) {
            return Err(ElfError::verification("offset and address of a segment disagree after stripping"));
        }
    }
    for (by, ranges) in kept {
        // Content that segments share is compared once.
        for range in Ranges::from_iter(ranges).iter() {
            check_content(before, &after, range, by)?;
        }
    }
    found.segments.clone_from(&facts.segments);
    if found != *facts {
        return Err(ElfError::verification("stripping changed the facts"));
    }
    let loaded = |image: &Image<'_>| -> Vec<(usize, u64, u64, bool)> {
        let sections = image.sections.iter().enumerate().filter(|(_, section)| is_loaded(section));
        let in_place = |section: &SectionHeader| {
            let found = image.locate(section.sh_addr, section.sh_size, "section");
            !has_bytes(section) || found == Ok(section.sh_offset)
        };
        sections.map(|(at, section)| (at, section.sh_addr, section.sh_size, in_place(section))).collect()
    };
    if loaded(before) != loaded(&after) {
        return Err(ElfError::verification("stripping changed the header of a loaded section"));
    }
    Ok(())
}

/// Compares a range with its new place, nearer to the start by `by`.
fn check_content(before: &Image<'_>, after: &Image<'_>, range: &Range, by: u64) -> Result<(), ElfError> {
    /// The number of bytes that are compared at a time.
    const PIECE: u64 = 1 << 20;
    let sections = before.sections.len().max(after.sections.len()) as u64;
    let mut start = range.start;
    while start < range.end {
        let size = PIECE.min(range.end - start);
        let new = start.wrapping_sub(by);
        if content(before, start, size, sections)? != content(after, new, size, sections)? {
            return Err(ElfError::verification("stripping changed a segment"));
        }
        start += size;
    }
    Ok(())
}

/// Bytes of a segment, with zeros in place of the file header and the header tables, which are compared field
/// by field. `sections` is the larger number of section headers.
fn content(image: &Image<'_>, offset: u64, size: u64, sections: u64) -> Result<Vec<u8>, ElfError> {
    let (format, header) = (image.format, &image.header);
    let mut bytes = slice(image.file, offset, size, "segment")?.to_vec();
    let segments = u64::from(header.e_phnum) * format.program_header_size();
    let sections = sections.saturating_mul(format.section_header_size());
    for (start, length) in
        [(0, format.file_header_size()), (header.e_phoff, segments), (header.e_shoff, sections)]
    {
        let end = start.saturating_add(length).saturating_sub(offset).min(size);
        if let Some(bytes) = bytes.get_mut(index(start.saturating_sub(offset))..index(end)) {
            bytes.fill(0);
        }
    }
    Ok(bytes)
}
