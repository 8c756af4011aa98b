//! Which parts of the file are in use, and which zeros are free.

use std::cmp::Reverse;

use goblin::elf::program_header::{PT_LOAD, ProgramHeader};

use crate::elf::codec::{index, length};
use crate::elf::ranges::{Range, Ranges, sized};
use crate::elf::read::headers::has_bytes;
use crate::elf::read::machine::largest_page;

use super::draft::{Draft, file_end, is_writable, memory_end};

/// The ranges of the file that are in use.
#[derive(Debug)]
pub(crate) struct Space {
    used: Ranges,
}

impl Space {
    /// Collects what the headers say is in use. Without section headers this is everything that segments map;
    /// with them, zeros between sections are padding.
    pub(crate) fn survey(draft: &Draft) -> Self {
        let sections = draft.sections.iter().filter(|section| has_bytes(section));
        let described = !draft.sections.is_empty();
        let segments = draft.segments.iter().filter(|segment| segment.p_type != PT_LOAD || !described);
        // PT_DYNAMIC and PT_PHDR are among the tables; their headers may be out of date while the file is
        // edited.
        let segments = segments.filter(|segment| !Self::spans_sections(segment));
        let used = (sections.map(|section| sized(section.sh_offset, section.sh_size)))
            .chain(segments.map(|segment| sized(segment.p_offset, segment.p_filesz)))
            .chain(draft.tables())
            .chain([draft.payload.clone()])
            .collect();
        Self { used }
    }

    /// `PT_GNU_RELRO` covers sections and the padding between them, and has no content of its own.
    fn spans_sections(segment: &ProgramHeader) -> bool {
        matches!(
            segment.p_type,
            goblin::elf::program_header::PT_GNU_RELRO
                | goblin::elf::program_header::PT_DYNAMIC
                | goblin::elf::program_header::PT_PHDR
        )
    }

    /// The number of zeros from `offset`, up to `limit` or the next used byte.
    pub(crate) fn zeros(&self, file: &[u8], offset: u64, limit: u64) -> u64 {
        let end = self.used.next(offset).unwrap_or(limit).min(limit).min(length(file));
        let bytes = file.get(index(offset)..index(end)).unwrap_or(&[]);
        bytes.iter().take_while(|byte| **byte == 0).count() as u64
    }

    /// The number of equal filler bytes from `offset`, up to `limit` or the next used byte. Filler is zeros,
    /// or the 0xcc that patchelf leaves after the last section it wrote.
    pub(crate) fn filler(&self, file: &[u8], offset: u64, limit: u64) -> u64 {
        let zeros = self.zeros(file, offset, limit);
        let end = self.used.next(offset).unwrap_or(limit).min(limit).min(length(file));
        let bytes = file.get(index(offset)..index(end)).unwrap_or(&[]);
        if zeros > 0 { zeros } else { bytes.iter().take_while(|byte| **byte == 0xcc).count() as u64 }
    }

    /// Whether the `PT_LOAD` at index `at` can be lengthened past the end of the file: it is the last one,
    /// has no `.bss`, and is followed only by unused zeros.
    pub(crate) fn ends_file(&self, draft: &Draft, at: usize) -> bool {
        let last = draft.loads().max_by_key(|(_, load)| load.p_vaddr);
        last.is_some_and(|(last, load)| {
            let (start, end) = (file_end(load), length(&draft.file));
            let rest = end.saturating_sub(start);
            last == at
                && load.p_filesz == load.p_memsz
                && load.p_filesz > 0
                && start <= end
                && self.used.next(start).is_none()
                && self.zeros(&draft.file, start, end) == rest
        })
    }

    /// How far the `PT_LOAD` at index `at` can be lengthened inside the file: the unused zeros after it,
    /// before the next segment's bytes and first page. Such a cave is already mapped as the rest of the
    /// segment's last page, or will be.
    pub(crate) fn cave(&self, draft: &Draft, at: usize) -> u64 {
        Self::behind(draft, at).map_or(0, |room| self.zeros(&draft.file, room.start, room.end))
    }

    /// The file range in which that cave can be, whatever its content.
    fn behind(draft: &Draft, at: usize) -> Option<Range> {
        let load = draft.segments.get(at)?;
        if load.p_type != PT_LOAD || load.p_filesz != load.p_memsz || load.p_filesz == 0 {
            return None;
        }
        let page = largest_page(draft.header.e_machine);
        let (start, memory) = (file_end(load), memory_end(load));
        let others = || draft.loads().filter(|(other, _)| *other != at).map(|(_, other)| other);
        let next_bytes = others()
            .filter(|other| other.p_filesz > 0 && file_end(other) > start)
            .map(|other| other.p_offset.max(start));
        let next_page =
            others().filter(|other| other.p_vaddr > load.p_vaddr).map(|other| other.p_vaddr / page * page);
        let file_room = next_bytes.min().unwrap_or(length(&draft.file)).saturating_sub(start);
        let last = draft.format.address_max() / page * page;
        let memory_room = next_page.min().unwrap_or(last).saturating_sub(memory);
        Some(sized(start, file_room.min(memory_room)))
    }

    /// The cave that fits `size` bytes aligned to `align` best. Read-only data goes into a read-only segment
    /// if possible; then the smallest cave is taken.
    pub(crate) fn best_cave(&self, draft: &Draft, size: u64, align: u64) -> Option<usize> {
        self.best_cave_among(draft, size, align, |_| true)
    }

    /// The same, among the given segments.
    pub(crate) fn best_cave_among(
        &self,
        draft: &Draft,
        size: u64,
        align: u64,
        among: impl Fn(&ProgramHeader) -> bool,
    ) -> Option<usize> {
        let loads = draft.loads().filter(|(_, load)| among(load));
        let mut caves: Vec<(Range, usize, &ProgramHeader)> =
            loads.filter_map(|(at, load)| Some((Self::behind(draft, at)?, at, load))).collect();
        // Segments may end at the same file offset: their zeros are counted once, for the segment with the
        // largest cave.
        caves.sort_by_key(|(room, ..)| (room.start, Reverse(room.end)));
        let mut counted = (u64::MAX, 0);
        let mut best = None;
        for (room, at, load) in caves {
            if counted.0 != room.start {
                counted = (room.start, self.zeros(&draft.file, room.start, room.end));
            }
            let room = counted.1.min(room.end - room.start);
            let Some(wanted) = padding(memory_end(load), align).checked_add(size) else { continue };
            let cave = (is_writable(load), room, at);
            if room >= wanted && best.is_none_or(|best| cave < best) {
                best = Some(cave);
            }
        }
        best.map(|(.., at)| at)
    }
}

/// How many bytes have to be added to `at` to reach a multiple of `align`.
pub(crate) fn padding(at: u64, align: u64) -> u64 {
    match at % align.max(1) {
        0 => 0,
        past => align - past,
    }
}
