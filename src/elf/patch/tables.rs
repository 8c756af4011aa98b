//! The tables of the dynamic linker that can be laid elsewhere: nothing but tags of the dynamic
//! section says where they are.

use goblin::elf::dynamic::{
    DT_BIND_NOW, DT_FINI_ARRAYSZ, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH, DT_INIT_ARRAYSZ, DT_JMPREL,
    DT_NULL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELACOUNT, DT_RELAENT, DT_RELASZ, DT_RELCOUNT,
    DT_RELENT, DT_RELSZ, DT_STRSZ, DT_STRTAB, DT_SYMBOLIC, DT_SYMENT, DT_SYMTAB, DT_TEXTREL, DT_VERDEF,
    DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM,
};
use goblin::elf::program_header::{PT_DYNAMIC, PT_GNU_RELRO, PT_LOAD};
use goblin::elf::section_header::{
    SHF_ALLOC, SHT_DYNSYM, SHT_GNU_HASH, SHT_GNU_VERDEF, SHT_GNU_VERNEED, SHT_GNU_VERSYM, SHT_HASH, SHT_REL,
    SHT_RELA, SHT_STRTAB, SectionHeader,
};

use crate::elf::dynamic::{DT_RELR, DT_RELRENT, DT_RELRSZ, is_string_tag};

use super::draft::{Draft, Range, Repointed, TABLE_TAGS};

/// `SHT_RELR` (gABI, 2022 draft).
pub(crate) const SHT_RELR: u32 = 19;

/// A table that can be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Index of its section header, if it has one.
    pub(crate) section: Option<usize>,
    pub(crate) range: Range,
    pub(crate) address: u64,
    pub(crate) align: u64,
    pub(crate) name: &'static str,
}

impl Table {
    pub(crate) fn size(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// The table in a new place: these bytes of the file, from this address on.
    pub(crate) fn repointed(&self, to: Range, address: u64) -> Repointed {
        let from = self.address..self.address.saturating_add(self.size());
        Repointed { section: self.section, from, to, address }
    }
}

/// Every movable table of the file, ascending by offset. None where there are no section headers:
/// then nothing says where a table ends.
pub(crate) fn movable(draft: &Draft) -> Vec<Table> {
    let mut tables: Vec<Table> =
        (0..).zip(&draft.sections).filter_map(|(at, section)| table(draft, at, section)).collect();
    tables.sort_by_key(|table| table.range.start);
    // Sections that overlap are not tables of their own.
    let overlapping: Vec<bool> = (0..tables.len())
        .map(|at| {
            let range = |at: Option<usize>| at.and_then(|at| tables.get(at)).map(|table| &table.range);
            let (before, this, after) = (range(at.checked_sub(1)), range(Some(at)), range(Some(at + 1)));
            this.is_none_or(|this| {
                before.is_some_and(|before| before.end > this.start)
                    || after.is_some_and(|after| this.end > after.start)
            })
        })
        .collect();
    let mut overlapping = overlapping.into_iter();
    tables.retain(|_| !overlapping.next().unwrap_or(true));
    tables
}

/// The string table, whatever is around it: by the dynamic section alone.
pub(crate) fn strings(draft: &Draft) -> Table {
    let section = draft.sections.iter().position(|section| {
        section.sh_type == SHT_STRTAB
            && section.sh_flags & u64::from(SHF_ALLOC) != 0
            && section.sh_addr == draft.strings_address
    });
    Table {
        section,
        range: draft.strings_offset..draft.strings_offset.saturating_add(draft.strings_size),
        address: draft.strings_address,
        align: 1,
        name: ".dynstr",
    }
}

fn table(draft: &Draft, at: usize, section: &SectionHeader) -> Option<Table> {
    let (tags, name): (&[u64], _) = match section.sh_type {
        SHT_HASH => (&[DT_HASH], ".hash"),
        SHT_GNU_HASH => (&[DT_GNU_HASH], ".gnu.hash"),
        SHT_DYNSYM => (&[DT_SYMTAB], ".dynsym"),
        SHT_STRTAB => (&[DT_STRTAB], ".dynstr"),
        SHT_GNU_VERSYM => (&[DT_VERSYM], ".gnu.version"),
        SHT_GNU_VERNEED => (&[DT_VERNEED], ".gnu.version_r"),
        SHT_GNU_VERDEF => (&[DT_VERDEF], ".gnu.version_d"),
        SHT_RELA => (&[DT_RELA, DT_JMPREL], ".rela"),
        SHT_REL => (&[DT_REL, DT_JMPREL], ".rel"),
        SHT_RELR => (&[DT_RELR], ".relr.dyn"),
        _ => return None,
    };
    let loaded = section.sh_flags & u64::from(SHF_ALLOC) != 0 && section.sh_size > 0;
    if !loaded || !tags.iter().any(|tag| draft.value(*tag) == Some(section.sh_addr)) {
        return None;
    }
    let range = section.sh_offset..section.sh_offset.checked_add(section.sh_size)?;
    let addresses = section.sh_addr..section.sh_addr.checked_add(section.sh_size)?;
    let load = draft.segments.get(draft.load_of(&range)?)?;
    let agrees = load.p_vaddr.checked_add(range.start - load.p_offset) == Some(section.sh_addr);
    if !agrees || pointed_into(draft, &addresses) || cut_by_segment(draft, &range) {
        return None;
    }
    let align = section.sh_addralign.max(1);
    let aligned = align.is_power_of_two() && align <= 0x1000 && section.sh_addr.is_multiple_of(align);
    aligned.then_some(Table { section: Some(at), range, address: section.sh_addr, align, name })
}

/// Whether a segment other than `PT_LOAD` starts, ends or lies in the range.
fn cut_by_segment(draft: &Draft, range: &Range) -> bool {
    draft.segments.iter().any(|segment| {
        let end = segment.p_offset.saturating_add(segment.p_filesz);
        let overlaps = segment.p_offset < range.end && range.start < end;
        overlaps && !matches!(segment.p_type, PT_LOAD | PT_DYNAMIC | PT_GNU_RELRO)
            || overlaps
                && segment.p_type == PT_GNU_RELRO
                && (end < range.end || segment.p_offset > range.start)
    })
}

/// Whether a tag points into the section in a way that moving it would break: a tag that is not
/// known to be a plain number, or a relocation table that reaches over the section's end.
fn pointed_into(draft: &Draft, addresses: &Range) -> bool {
    let unknown = draft.dynamic.entries.iter().any(|entry| {
        let number = is_string_tag(entry.tag) || NUMBER_TAGS.contains(&entry.tag);
        !number && !TABLE_TAGS.contains(&entry.tag) && addresses.contains(&entry.value)
    });
    let sized = [(DT_RELA, DT_RELASZ), (DT_REL, DT_RELSZ), (DT_JMPREL, DT_PLTRELSZ), (DT_RELR, DT_RELRSZ)];
    unknown
        || sized.into_iter().any(|(start, size)| {
            let (Some(start), Some(size)) = (draft.value(start), draft.value(size)) else { return false };
            let end = start.saturating_add(size);
            let overlaps = start < addresses.end && addresses.start < end;
            overlaps && (start < addresses.start || end > addresses.end)
        })
}

/// Tags whose value is a count, a size or a set of flags.
const NUMBER_TAGS: [u64; 22] = [
    DT_NULL,
    DT_PLTRELSZ,
    DT_RELASZ,
    DT_RELAENT,
    DT_STRSZ,
    DT_SYMENT,
    DT_SYMBOLIC,
    DT_RELSZ,
    DT_RELENT,
    DT_PLTREL,
    DT_TEXTREL,
    DT_BIND_NOW,
    DT_INIT_ARRAYSZ,
    DT_FINI_ARRAYSZ,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_VERDEFNUM,
    DT_VERNEEDNUM,
    DT_RELACOUNT,
    DT_RELCOUNT,
    DT_RELRSZ,
    DT_RELRENT,
];
