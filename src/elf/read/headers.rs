//! The headers of an ELF file: ELF header, program headers, section headers if they are readable, and the
//! mapping from addresses to file offsets.

use goblin::elf::Elf;
use goblin::elf::header::{EI_CLASS, EI_DATA, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, Header};
use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHF_ALLOC, SHT_NOBITS, SHT_NOTE, SectionHeader};

use crate::elf::codec::{Class, Endian};
use crate::elf::codec::{Format, index, length, slice};
use crate::elf::error::{ElfError, Fault};

/// The four bytes every ELF file starts with (gABI, "ELF Identification").
const MAGIC: &[u8] = b"\x7fELF";

/// `PN_XNUM`: the real number of program headers is stored elsewhere, where musl does not look.
pub(crate) const PN_XNUM: u16 = 0xffff;

/// Whether a file that starts with these bytes is ELF by its magic number.
///
/// ```
/// assert!(muslrepair::elf::is_elf(b"\x7fELF\x02\x01\x01"));
/// assert!(!muslrepair::elf::is_elf(b"#!/bin/sh"));
/// ```
#[must_use]
pub fn is_elf(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(MAGIC)
}

/// Class and byte order of a file that is long enough for its header.
pub(super) fn format_of(file: &[u8]) -> Result<Format, ElfError> {
    if !is_elf(file) {
        return Err(Fault::NotElf.into());
    }
    let format = Format {
        class: match file.get(EI_CLASS) {
            Some(&ELFCLASS32) => Class::Elf32,
            Some(&ELFCLASS64) => Class::Elf64,
            _ => return Err(ElfError::malformed("ELF header", "EI_CLASS is neither 32 nor 64 bit", 4)),
        },
        endian: match file.get(EI_DATA) {
            Some(&ELFDATA2LSB) => Endian::Little,
            Some(&ELFDATA2MSB) => Endian::Big,
            _ => return Err(ElfError::malformed("ELF header", "EI_DATA names no byte order", 5)),
        },
    };
    slice(file, 0, format.file_header_size(), "ELF header")?;
    Ok(format)
}

/// A parsed file. The program headers are what the loader sees; section headers are kept only if the whole
/// table is readable.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) file: &'a [u8],
    pub(crate) format: Format,
    pub(crate) header: Header,
    pub(crate) segments: Vec<ProgramHeader>,
    pub(crate) sections: Vec<SectionHeader>,
}

impl<'a> Image<'a> {
    /// Reads the headers (gABI, "ELF Header", "Program Header", "Section Header Table").
    pub(crate) fn parse(file: &'a [u8]) -> Result<Self, ElfError> {
        let format = format_of(file)?;
        let header =
            Elf::parse_header(file).map_err(|_| ElfError::malformed("ELF header", "it cannot be read", 0))?;
        let segments = read_segments(file, format, &header)?;
        let sections = read_sections(file, format, &header);
        Ok(Self { file, format, header, segments, sections })
    }

    /// The mapped segments, in table order.
    pub(crate) fn loads(&self) -> impl Iterator<Item = &ProgramHeader> {
        self.segments.iter().filter(|segment| segment.p_type == PT_LOAD)
    }

    /// The file offset of `size` bytes at `address`. One `PT_LOAD` must map all of them from the file.
    pub(crate) fn locate(&self, address: u64, size: u64, what: &'static str) -> Result<u64, ElfError> {
        self.loads()
            .find_map(|load| {
                let within = address.checked_sub(load.p_vaddr)?;
                let end = within.checked_add(size)?;
                let inside = end <= load.p_filesz && (within < load.p_filesz || size == 0);
                inside.then(|| load.p_offset.checked_add(within))?
            })
            .ok_or_else(|| Fault::Unmapped { what, address, size }.into())
    }

    /// `size` bytes at `address`.
    pub(crate) fn at(&self, address: u64, size: u64, what: &'static str) -> Result<&'a [u8], ElfError> {
        slice(self.file, self.locate(address, size, what)?, size, what)
    }

    /// Everything from `address` to the end of what its `PT_LOAD` maps from the file, with the file offset of
    /// its first byte. For structures that do not state their length.
    pub(crate) fn from(&self, address: u64, what: &'static str) -> Result<(u64, &'a [u8]), ElfError> {
        let offset = self.locate(address, 1, what)?;
        let load = self
            .loads()
            .find(|load| address.checked_sub(load.p_vaddr).is_some_and(|within| within < load.p_filesz));
        let size = load.map_or(0, |load| load.p_filesz - (address - load.p_vaddr));
        let end = offset.saturating_add(size).min(length(self.file));
        Ok((offset, slice(self.file, offset, end.saturating_sub(offset), what)?))
    }

    /// Whether this is a debug file, as written by `objcopy --only-keep-debug` and `eu-strip -f`: it has the
    /// headers of a library or program, but not the content that is loaded. What counts is that the dynamic
    /// section is not in the file. Sections alone prove nothing, because musl reads none: it loads any file
    /// with a dynamic section.
    pub(crate) fn is_debug_file(&self) -> bool {
        let dynamic = self.segments.iter().rfind(|segment| segment.p_type == PT_DYNAMIC);
        let is_in_file = |segment: &ProgramHeader| {
            self.at(segment.p_vaddr, segment.p_filesz.max(1), "dynamic section").is_ok()
        };
        if dynamic.is_some_and(is_in_file) {
            return false;
        }
        let mut loaded = (self.sections.iter())
            .filter(|section| section.sh_flags & u64::from(SHF_ALLOC) != 0 && section.sh_type != SHT_NOTE)
            .peekable();
        dynamic.is_some_and(|segment| segment.p_filesz == 0)
            || (loaded.peek().is_some() && loaded.all(|section| section.sh_type == SHT_NOBITS))
    }

    /// Refuses segments that hide what another segment maps. `map_library` maps whole pages, so of two
    /// segments that share a page in memory the later one wins, unless both map the same part of the file;
    /// this reader however uses the first segment with the address. Empty segments are judged by what they
    /// hide (`empty-segment`).
    pub(crate) fn check_pages(&self) -> Result<(), ElfError> {
        /// The smallest page size: segments that share no page of this size share none.
        const PAGE: u64 = 4096;
        let mut loads: Vec<&ProgramHeader> = self.loads().filter(|load| load.p_memsz > 0).collect();
        loads.sort_by_key(|load| load.p_vaddr);
        let end = |load: &ProgramHeader, size: u64| load.p_vaddr.saturating_add(size).div_ceil(PAGE);
        let mut furthest: Option<&ProgramHeader> = None;
        for load in loads {
            if let Some(before) = furthest.filter(|before| end(before, before.p_memsz) > load.p_vaddr / PAGE)
            {
                let distance = |load: &ProgramHeader| load.p_vaddr.wrapping_sub(load.p_offset);
                let shared = end(before, before.p_memsz).min(end(load, load.p_memsz));
                let all_in_file = [before, load].iter().all(|load| end(load, load.p_filesz) >= shared);
                if distance(before) != distance(load) || !all_in_file {
                    let rule = "it maps other content over a page of another segment";
                    return Err(ElfError::malformed("PT_LOAD", rule, load.p_offset));
                }
            }
            let further = |before: &ProgramHeader| end(before, before.p_memsz) < end(load, load.p_memsz);
            if furthest.is_none_or(further) {
                furthest = Some(load);
            }
        }
        Ok(())
    }

    /// Whether musl finds the program headers in memory: `map_library` looks for the `PT_LOAD` whose file
    /// range contains the whole table, and without one `dl_iterate_phdr` reports no segments.
    pub(crate) fn headers_mapped(&self) -> bool {
        let size = u64::from(self.header.e_phnum) * self.format.program_header_size();
        self.loads().any(|load| {
            (self.header.e_phoff.checked_sub(load.p_offset))
                .and_then(|within| within.checked_add(size))
                .is_some_and(|end| end <= load.p_filesz)
        })
    }

    /// The content of a section; empty for `SHT_NOBITS` or if the header points outside the file.
    pub(crate) fn section_bytes(&self, section: &SectionHeader) -> &'a [u8] {
        if section.sh_type == SHT_NOBITS {
            return &[];
        }
        let end = section.sh_offset.saturating_add(section.sh_size);
        self.file.get(index(section.sh_offset)..index(end)).unwrap_or(&[])
    }
}

/// Whether a section has bytes in the file.
pub(crate) fn has_bytes(section: &SectionHeader) -> bool {
    section.sh_type != SHT_NOBITS && section.sh_type != 0 && section.sh_size > 0
}

/// The program header table. musl reads `e_phentsize` x `e_phnum` bytes at `e_phoff` (`map_library`).
fn read_segments(file: &[u8], format: Format, header: &Header) -> Result<Vec<ProgramHeader>, ElfError> {
    let what = "program header table";
    if header.e_phnum == 0 {
        return Ok(Vec::new());
    }
    if header.e_phnum == PN_XNUM {
        return Err(ElfError::malformed(what, "PN_XNUM, more entries than the header can count", 0));
    }
    let entry = format.program_header_size();
    if u64::from(header.e_phentsize) != entry {
        return Err(ElfError::malformed(what, "e_phentsize is not that of the class", header.e_phoff));
    }
    let past = || Fault::TablePastEnd {
        what,
        offset: header.e_phoff,
        entry,
        count: u64::from(header.e_phnum),
        file: file.len(),
    };
    slice(file, header.e_phoff, entry * u64::from(header.e_phnum), what).map_err(|_| past())?;
    ProgramHeader::parse(file, index(header.e_phoff), usize::from(header.e_phnum), format.goblin())
        .map_err(|_| past().into())
}

/// The section header table; empty if it is damaged. That is no error, because the loader never reads it.
fn read_sections(file: &[u8], format: Format, header: &Header) -> Vec<SectionHeader> {
    let entry = format.section_header_size();
    if header.e_shoff == 0 || u64::from(header.e_shentsize) != entry {
        return Vec::new();
    }
    let fits = |count: u64| {
        entry.checked_mul(count).is_some_and(|size| slice(file, header.e_shoff, size, "").is_ok())
    };
    if !fits(u64::from(header.e_shnum).max(1)) {
        return Vec::new();
    }
    // If e_shnum is 0, the count is in the first entry; goblin limits it by the file's size.
    SectionHeader::parse(file, index(header.e_shoff), usize::from(header.e_shnum), format.goblin())
        .unwrap_or_default()
}
