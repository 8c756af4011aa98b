//! A file being patched: its bytes, and the headers as they will be written.

use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_JMPREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELASZ, DT_RELSZ, DT_STRSZ, DT_STRTAB,
    DT_SYMTAB, DT_VERDEF, DT_VERNEED, DT_VERSYM,
};
use goblin::elf::header::{ET_DYN, ET_EXEC, Header};
use goblin::elf::program_header::{PF_W, PT_DYNAMIC, PT_INTERP, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHT_SYMTAB, SectionHeader};

use crate::elf::codec::{Format, index, length, slice, slice_mut};
use crate::elf::error::ElfError;
use crate::elf::payload::payload;
use crate::elf::ranges::{Range, sized};
use crate::elf::read::dynamic::{DT_RELR, DT_RELRSZ, Dynamic, DynamicEntry};
use crate::elf::read::headers::Image;
use crate::elf::read::symbols;

/// Bytes that moved to a new place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// The old place in the file.
    pub(crate) from: Range,
    /// The new place; longer or shorter if the bytes were rewritten.
    pub(crate) to: Range,
    /// Whether the bytes are the same as before.
    pub(crate) verbatim: bool,
    /// The name of the section, for reports.
    pub(crate) name: &'static str,
}

/// A table with a new place, for updating the headers and the dynamic section.
#[derive(Debug)]
pub(crate) struct Repointed {
    /// Index of its section header, if it has one.
    pub(crate) section: Option<usize>,
    /// Its old addresses. A section header may say something else.
    pub(crate) from: Range,
    /// Its new place in the file.
    pub(crate) to: Range,
    /// Its new first address.
    pub(crate) address: u64,
}

/// The working state. Headers are edited here and written by [`Draft::finish`]; other data is written to
/// `file` at once.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) file: Vec<u8>,
    pub(crate) format: Format,
    pub(crate) header: Header,
    pub(crate) segments: Vec<ProgramHeader>,
    pub(crate) sections: Vec<SectionHeader>,
    original_sections: Vec<SectionHeader>,
    /// The dynamic section: its place in the file and its entries.
    pub(crate) dynamic: Dynamic,
    pub(crate) strings_address: u64,
    pub(crate) strings_offset: u64,
    pub(crate) strings_size: u64,
    /// The other tables that the dynamic linker reads; one with an unknown length has an empty range.
    pub(crate) read_tables: Vec<Range>,
    /// The payload: data after everything that the headers describe. Its bytes and its place do not change,
    /// and nothing may follow it.
    pub(crate) payload: Range,
    pub(crate) moves: Vec<Move>,
}

/// Tags whose value is an address (gABI, "Dynamic Section") in one of the movable tables.
pub(crate) const TABLE_TAGS: [u64; 11] = [
    DT_HASH,
    DT_GNU_HASH,
    DT_SYMTAB,
    DT_STRTAB,
    DT_VERSYM,
    DT_VERNEED,
    DT_VERDEF,
    DT_RELA,
    DT_REL,
    DT_JMPREL,
    DT_RELR,
];

impl Draft {
    /// Starts a draft. Refuses layouts that the patcher cannot keep consistent.
    pub(crate) fn new(file: Vec<u8>) -> Result<Self, ElfError> {
        let image = Image::parse(&file)?;
        let dynamic = Dynamic::parse(&image)?.ok_or_else(|| {
            ElfError::unsupported("the file has no dynamic section: it is static, or a debug file")
        })?;
        if image.segments.iter().filter(|segment| segment.p_type == PT_DYNAMIC).count() > 1 {
            return Err(ElfError::unsupported("there is more than one PT_DYNAMIC"));
        }
        check_loads(&image)?;
        if !matches!(image.header.e_type, ET_EXEC | ET_DYN) {
            return Err(ElfError::unsupported("the file is neither a shared object nor a program"));
        }
        let agrees = image.segments.iter().filter(|segment| segment.p_type == PT_DYNAMIC).all(|segment| {
            image.locate(segment.p_vaddr, segment.p_filesz, "PT_DYNAMIC") == Ok(segment.p_offset)
        });
        if !agrees {
            return Err(ElfError::unsupported("offset and address of PT_DYNAMIC disagree"));
        }
        let missing = || ElfError::unsupported("DT_STRTAB or DT_STRSZ is missing");
        let strings_address = dynamic.value(DT_STRTAB).ok_or_else(missing)?;
        let strings_size = dynamic.value(DT_STRSZ).ok_or_else(missing)?;
        let strings_offset = image.locate(strings_address, strings_size, "string table")?;
        let read_tables = read_tables(&image, &dynamic)?;
        let strings = strings_offset..strings_offset.saturating_add(strings_size);
        check_tables(&image, &dynamic, strings, &read_tables)?;
        let end = length(&file);
        let payload = end - length(payload(&image))..end;
        let Image { format, header, segments, sections, .. } = image;
        Ok(Self {
            format,
            header,
            segments,
            original_sections: sections.clone(),
            sections,
            dynamic,
            strings_address,
            strings_offset,
            strings_size,
            read_tables,
            payload,
            moves: Vec::new(),
            file,
        })
    }

    /// The mapped segments, with their index in the table.
    pub(crate) fn loads(&self) -> impl Iterator<Item = (usize, &ProgramHeader)> {
        self.segments.iter().enumerate().filter(|(_, segment)| segment.p_type == PT_LOAD)
    }

    /// The `PT_LOAD` that maps this range of the file.
    pub(crate) fn load_of(&self, range: &Range) -> Option<usize> {
        self.loads()
            .find(|(_, load)| load.p_offset <= range.start && range.end <= file_end(load))
            .map(|(at, _)| at)
    }

    /// Whether this is a program: the kernel reads its program headers too.
    pub(crate) fn is_program(&self) -> bool {
        self.header.e_type == ET_EXEC || self.segments.iter().any(|segment| segment.p_type == PT_INTERP)
    }

    pub(crate) fn value(&self, tag: u64) -> Option<u64> {
        self.dynamic.value(tag)
    }

    /// Gives this value to every entry with `tag`.
    pub(crate) fn set(&mut self, tag: u64, value: u64) {
        self.dynamic
            .entries
            .iter_mut()
            .filter(|entry| entry.tag == tag)
            .for_each(|entry| entry.value = value);
    }

    /// The file range of the program header table.
    pub(crate) fn program_header_range(&self) -> Range {
        let size = u64::from(self.header.e_phnum) * self.format.program_header_size();
        self.header.e_phoff..self.header.e_phoff.saturating_add(size)
    }

    /// The file range of the dynamic section.
    pub(crate) fn dynamic_range(&self) -> Range {
        let size = self.dynamic.capacity * self.format.dynamic_size();
        self.dynamic.offset..self.dynamic.offset.saturating_add(size)
    }

    /// The ranges that hold headers or tables of the dynamic linker, the dynamic section included. A table of
    /// unknown length counts as one byte. Section headers may omit some of them.
    pub(crate) fn tables(&self) -> Vec<Range> {
        let header = &self.header;
        let mut tables = vec![
            0..self.format.file_header_size(),
            self.program_header_range(),
            self.dynamic_range(),
            self.strings_offset..self.strings_offset.saturating_add(self.strings_size),
        ];
        if header.e_shoff != 0 {
            let sections = u64::from(header.e_shnum).max(self.sections.len() as u64);
            let size = sections.saturating_mul(u64::from(header.e_shentsize));
            tables.push(header.e_shoff..header.e_shoff.saturating_add(size));
        }
        let read = self.read_tables.iter();
        tables.extend(read.map(|table| table.start..table.end.max(table.start.saturating_add(1))));
        tables
    }

    /// Points section headers and dynamic tags to the new places of tables. All tables are updated together,
    /// because one may move to where another was. The caller moves the bytes.
    pub(crate) fn repoint(&mut self, tables: &[Repointed]) {
        for entry in self.dynamic.entries.iter_mut().filter(|entry| TABLE_TAGS.contains(&entry.tag)) {
            if let Some(table) = tables.iter().find(|table| table.from.contains(&entry.value)) {
                entry.value = entry.value - table.from.start + table.address;
            }
        }
        for table in tables {
            if let Some(header) = table.section.and_then(|at| self.sections.get_mut(at)) {
                header.sh_addr = table.address;
                header.sh_offset = table.to.start;
                header.sh_size = table.to.end - table.to.start;
            }
        }
    }

    /// Adds zeros at the end until the file has `size` bytes. Refused if the file has a payload, which has to
    /// stay last.
    pub(crate) fn extend(&mut self, size: u64) -> Result<(), ElfError> {
        if !self.payload.is_empty() {
            return Err(ElfError::payload(&self.payload));
        }
        self.file.resize(index(size), 0);
        Ok(())
    }

    /// Fills a range with zeros.
    pub(crate) fn clear(&mut self, range: &Range) -> Result<(), ElfError> {
        let size = range.end.saturating_sub(range.start);
        slice_mut(&mut self.file, range.start, size, "cleared range")?.fill(0);
        Ok(())
    }

    /// Writes bytes at an offset.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8], what: &'static str) -> Result<(), ElfError> {
        slice_mut(&mut self.file, offset, length(bytes), what)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes the headers and the dynamic section. Returns the file and the list of moved ranges.
    pub(crate) fn finish(mut self) -> Result<(Vec<u8>, Vec<Move>), ElfError> {
        self.write_symbols()?;
        self.write_dynamic()?;
        self.write_segments()?;
        self.write_sections()?;
        Ok((self.file, self.moves))
    }

    /// Writes the dynamic section: its entries, then `DT_NULL` to the end.
    fn write_dynamic(&mut self) -> Result<(), ElfError> {
        let (entry, word) = (self.format.dynamic_size(), self.format.word());
        let what = "dynamic section";
        let capacity = self.dynamic.capacity;
        if length_of(&self.dynamic.entries) >= capacity {
            return Err(ElfError::verification("the dynamic section has no room for DT_NULL"));
        }
        let mut bytes = vec![0; index(capacity * entry)];
        for (at, item) in (0..).step_by(index(entry)).zip(&self.dynamic.entries) {
            self.format.put(&mut bytes, at, word, item.tag, what)?;
            self.format.put(&mut bytes, at + word, word, item.value, what)?;
        }
        self.write(self.dynamic.offset, &bytes, what)
    }

    /// Writes the program header table and the fields of the file header that describe it.
    fn write_segments(&mut self) -> Result<(), ElfError> {
        let what = "program header table";
        let format = self.format;
        let word = format.word();
        let (phoff_at, phnum_at) = if word == 8 { (32, 56) } else { (28, 44) };
        format.put(&mut self.file, phoff_at, word, self.header.e_phoff, what)?;
        format.put(&mut self.file, phnum_at, 2, u64::from(self.header.e_phnum), what)?;
        if self.sections.is_empty() {
            // A section header table that cannot be read, perhaps because it is past the end, must not come
            // to point at new bytes.
            let (shoff_at, shnum_at, names_at) = if word == 8 { (40, 60, 62) } else { (32, 48, 50) };
            for (at, width) in [(shoff_at, word), (shnum_at, 2), (names_at, 2)] {
                format.put(&mut self.file, at, width, 0, what)?;
            }
        }
        let mut at = self.header.e_phoff;
        for segment in &self.segments {
            let (kind, flags) = (u64::from(segment.p_type), u64::from(segment.p_flags));
            let middle =
                [segment.p_offset, segment.p_vaddr, segment.p_paddr, segment.p_filesz, segment.p_memsz];
            // gABI, "Program Header": p_flags is the second field in 64-bit files, and precedes p_align in
            // 32-bit files.
            let mut fields = vec![(4, kind)];
            if word == 8 {
                fields.push((4, flags));
            }
            fields.extend(middle.map(|value| (word, value)));
            if word == 4 {
                fields.push((4, flags));
            }
            fields.push((word, segment.p_align));
            for (width, value) in fields {
                format.put(&mut self.file, at, width, value, what)?;
                at += width;
            }
        }
        Ok(())
    }

    /// Writes only the section headers that changed; the others may have fields that this reader does not
    /// know.
    fn write_sections(&mut self) -> Result<(), ElfError> {
        let what = "section header";
        let (format, word) = (self.format, self.format.word());
        for (at, (old, new)) in (0u64..).zip(self.original_sections.iter().zip(&self.sections)) {
            if old == new {
                continue;
            }
            let start = self.header.e_shoff + at * format.section_header_size();
            format.put(&mut self.file, start + 4, 4, u64::from(new.sh_type), what)?;
            let fields = [new.sh_flags, new.sh_addr, new.sh_offset, new.sh_size];
            for (field, value) in (0u64..).zip(fields) {
                format.put(&mut self.file, start + 8 + field * word, word, value, what)?;
            }
        }
        Ok(())
    }

    /// Updates the symbols of `.symtab` that are defined in a section that moved (`_DYNAMIC`, section
    /// symbols). The loader never reads them; debuggers do.
    fn write_symbols(&mut self) -> Result<(), ElfError> {
        let moved: Vec<(u64, Range, u64)> = (0u64..)
            .zip(self.original_sections.iter().zip(&self.sections))
            .filter(|(_, (old, new))| old.sh_addr != new.sh_addr)
            .map(|(at, (old, new))| (at, old.sh_addr..old.sh_addr.saturating_add(old.sh_size), new.sh_addr))
            .collect();
        let Some(symtab) = self.sections.iter().find(|section| section.sh_type == SHT_SYMTAB) else {
            return Ok(());
        };
        if moved.is_empty() {
            return Ok(());
        }
        let (offset, size) = (symtab.sh_offset, symtab.sh_size);
        let what = "symbol table";
        let (format, entry) = (self.format, self.format.symbol_size());
        let (value_at, section_at) = if format.word() == 8 { (8, 6) } else { (4, 14) };
        slice(&self.file, offset, size, what)?;
        for symbol in (offset..offset + size / entry * entry).step_by(index(entry)) {
            let section = format.get(&self.file, symbol + section_at, 2, what)?;
            let found = moved.binary_search_by_key(&section, |(at, ..)| *at).ok();
            let Some((_, old, new)) = found.and_then(|found| moved.get(found)) else { continue };
            let value = format.get(&self.file, symbol + value_at, format.word(), what)?;
            if let Some(within) = value.checked_sub(old.start).filter(|_| value <= old.end) {
                format.put(&mut self.file, symbol + value_at, format.word(), new + within, what)?;
            }
        }
        Ok(())
    }
}

/// The number of entries, as `u64`.
pub(crate) fn length_of(entries: &[DynamicEntry]) -> u64 {
    entries.len() as u64
}

/// The end of a segment in the file.
pub(crate) fn file_end(segment: &ProgramHeader) -> u64 {
    segment.p_offset.saturating_add(segment.p_filesz)
}

/// The end of a segment in memory.
pub(crate) fn memory_end(segment: &ProgramHeader) -> u64 {
    segment.p_vaddr.saturating_add(segment.p_memsz)
}

/// Whether a segment is mapped writable.
pub(crate) fn is_writable(segment: &ProgramHeader) -> bool {
    segment.p_flags & PF_W != 0
}

/// Refuses files in which the tables to be rewritten overlap: writing one would change another. Nor may a
/// table that is only read overlap one of them, or start inside it.
fn check_tables(
    image: &Image<'_>,
    dynamic: &Dynamic,
    strings: Range,
    read: &[Range],
) -> Result<(), ElfError> {
    let (format, header) = (image.format, &image.header);
    let mut tables = vec![
        sized(0, format.file_header_size()),
        sized(header.e_phoff, u64::from(header.e_phnum) * format.program_header_size()),
        sized(dynamic.offset, dynamic.capacity * format.dynamic_size()),
        strings,
    ];
    if !image.sections.is_empty() {
        let size = (image.sections.len() as u64).saturating_mul(format.section_header_size());
        tables.push(sized(header.e_shoff, size));
    }
    tables.retain(|range| range.start < range.end);
    tables.sort_by_key(|range| range.start);
    if tables.windows(2).any(|pair| matches!(pair, [a, b] if b.start < a.end)) {
        return Err(ElfError::unsupported("header tables, dynamic section or string table overlap"));
    }
    let mixed = |read: &Range| tables.iter().any(|range| read.start < range.end && range.start < read.end);
    if read.iter().any(mixed) {
        return Err(ElfError::unsupported("the string table or a header overlaps another table"));
    }
    Ok(())
}

/// The file ranges of the tables that the dynamic linker reads and the patcher does not write; a range is
/// empty if the dynamic section does not state its length.
fn read_tables(image: &Image<'_>, dynamic: &Dynamic) -> Result<Vec<Range>, ElfError> {
    let value = |tag| dynamic.value(tag).unwrap_or(0);
    let symbols = symbols::count(image, dynamic)?.count.saturating_mul(image.format.symbol_size());
    let range = |tag| {
        let start = image.locate(dynamic.value(tag)?, 0, "table").ok()?;
        let size = match tag {
            DT_SYMTAB => symbols,
            DT_RELA => value(DT_RELASZ),
            DT_REL => value(DT_RELSZ),
            DT_JMPREL => value(DT_PLTRELSZ),
            DT_RELR => value(DT_RELRSZ),
            _ => 0,
        };
        Some(start..start.saturating_add(size))
    };
    Ok(TABLE_TAGS.into_iter().filter(|tag| *tag != DT_STRTAB).filter_map(range).collect())
}

/// Checks that `PT_LOAD` entries ascend (gABI, "Program Header") and are inside the file.
fn check_loads(image: &Image<'_>) -> Result<(), ElfError> {
    let mut end = 0;
    for load in image.loads() {
        slice(image.file, load.p_offset, load.p_filesz, "PT_LOAD")?;
        let bytes_fit = load.p_filesz <= load.p_memsz;
        let memory_fits = load.p_vaddr.checked_add(load.p_memsz);
        match memory_fits {
            Some(memory) if bytes_fit && load.p_vaddr >= end && memory <= image.format.address_max() => {
                end = memory;
            }
            _ => return Err(ElfError::unsupported("PT_LOAD segments overlap or do not ascend")),
        }
    }
    Ok(())
}

/// A copy with spare capacity for what an edit appends, most often names, so that growing does not copy it
/// again.
pub(crate) fn growable(file: &[u8]) -> Vec<u8> {
    /// Appended data is either a small part of a large file, or some pages.
    const PAGES: usize = 128 << 10;
    let mut copy = Vec::with_capacity(file.len() + file.len() / 8 + PAGES);
    copy.extend_from_slice(file);
    copy
}
