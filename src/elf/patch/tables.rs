//! The tables of the dynamic linker that can be moved: only tags of the dynamic section say where they are.

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

use crate::elf::ranges::{Range, sized};
use crate::elf::read::dynamic::{DT_RELR, DT_RELRENT, DT_RELRSZ, is_string_tag};

use super::draft::{Draft, Repointed, TABLE_TAGS};

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

    /// The table at a new place: this range of the file, starting at this address.
    pub(crate) fn repointed(&self, to: Range, address: u64) -> Repointed {
        let from = self.address..self.address.saturating_add(self.size());
        Repointed { section: self.section, from, to, address }
    }
}

/// Every movable table of the file, ascending by offset. Empty without section headers, because then nothing
/// says where a table ends.
pub(crate) fn movable(draft: &Draft) -> Vec<Table> {
    let pointers = Pointers::of(draft);
    let sections = (0..).zip(&draft.sections);
    let tables = sections.filter_map(|(at, section)| table(draft, &pointers, at, section)).collect();
    without_overlaps(tables)
}

/// Removes tables that overlap others, ascending: overlapping sections are not separate tables.
fn without_overlaps(mut tables: Vec<Table>) -> Vec<Table> {
    tables.sort_by_key(|table| table.range.start);
    let starts: Vec<u64> = tables.iter().map(|table| table.range.start).collect();
    let mut next = starts.into_iter().skip(1);
    let mut end = 0;
    tables.retain(|table| {
        let next = next.next().unwrap_or(u64::MAX);
        let apart = end <= table.range.start && table.range.end <= next;
        end = end.max(table.range.end);
        apart
    });
    tables
}

/// The addresses in the dynamic section.
struct Pointers {
    /// Where tables start, by tag.
    starts: Vec<(u64, u64)>,
    /// The ranges of relocation tables.
    relocations: Vec<Range>,
    /// The values of tags that are neither known to be plain numbers nor in `starts`, ascending.
    unknown: Vec<u64>,
}

impl Pointers {
    fn of(draft: &Draft) -> Self {
        let starts = TABLE_TAGS.into_iter().filter_map(|tag| Some((tag, draft.value(tag)?))).collect();
        let sized_by =
            [(DT_RELA, DT_RELASZ), (DT_REL, DT_RELSZ), (DT_JMPREL, DT_PLTRELSZ), (DT_RELR, DT_RELRSZ)];
        let relocations = sized_by.into_iter();
        let relocations =
            relocations.filter_map(|(start, size)| Some(sized(draft.value(start)?, draft.value(size)?)));
        let known = |tag| is_string_tag(tag) || NUMBER_TAGS.contains(&tag) || TABLE_TAGS.contains(&tag);
        let unknown = draft.dynamic.entries.iter().filter(|entry| !known(entry.tag));
        let mut unknown: Vec<u64> = unknown.map(|entry| entry.value).collect();
        unknown.sort_unstable();
        Self { starts, relocations: relocations.collect(), unknown }
    }

    /// Whether a tag points into the section in a way that moving it would break: a tag that is not known to
    /// be a plain number, or a relocation table that reaches past the end of the section.
    fn point_into(&self, addresses: &Range) -> bool {
        let first = self.unknown.partition_point(|value| *value < addresses.start);
        self.unknown.get(first).is_some_and(|value| *value < addresses.end)
            || self.relocations.iter().any(|table| {
                let overlaps = table.start < addresses.end && addresses.start < table.end;
                overlaps && (table.start < addresses.start || table.end > addresses.end)
            })
    }
}

/// The string table, found through the dynamic section alone.
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

fn table(draft: &Draft, pointers: &Pointers, at: usize, section: &SectionHeader) -> Option<Table> {
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
    if !loaded || !tags.iter().any(|tag| pointers.starts.contains(&(*tag, section.sh_addr))) {
        return None;
    }
    let range = section.sh_offset..section.sh_offset.checked_add(section.sh_size)?;
    let addresses = section.sh_addr..section.sh_addr.checked_add(section.sh_size)?;
    let load = draft.segments.get(draft.load_of(&range)?)?;
    let agrees = load.p_vaddr.checked_add(range.start - load.p_offset) == Some(section.sh_addr);
    if !agrees || pointers.point_into(&addresses) || cut_by_segment(draft, &range) {
        return None;
    }
    let align = section.sh_addralign.max(1);
    let aligned = align.is_power_of_two() && align <= 0x1000 && section.sh_addr.is_multiple_of(align);
    aligned.then_some(Table { section: Some(at), range, address: section.sh_addr, align, name })
}

/// Whether a segment other than `PT_LOAD` starts, ends or is contained in the range.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_inside_an_earlier_large_one_is_not_free_standing() {
        let table =
            |range: Range| Table { section: None, address: range.start, range, align: 1, name: ".hash" };
        let apart = without_overlaps([40..50, 0..30, 5..8, 10..20, 50..60, 55..58].map(table).to_vec());
        assert_eq!(apart, [table(40..50)]);
    }
}
