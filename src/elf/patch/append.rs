//! Step 5: appends bytes to the file, mapped by the last `PT_LOAD` or by a new one.

use goblin::elf::program_header::{PF_R, PF_W, PT_LOAD, PT_NULL, PT_PHDR, ProgramHeader};

use crate::elf::codec::length;
use crate::elf::error::ElfError;
use crate::elf::read::headers::PN_XNUM;
use crate::elf::read::machine::largest_page;

use super::cave::{Piece, Place, enter, lengthen};
use super::draft::{Draft, file_end, is_writable, memory_end};
use super::report::SegmentChange;
use super::space::{Space, padding};

/// The alignment of appended data in the file; the content needs no more than this.
const BLOB_ALIGN: u64 = 16;

/// The most zeros that may be added to a program so that its header table ends up where old kernels look for
/// it.
const HOLE_MAX: u64 = 16 << 20;

/// Where the program header for a new segment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// In place of an entry that nothing needs.
    Reuse(usize),
    /// In a gap after the table.
    After,
    /// The longer table fits into the cave after this segment.
    Cave(usize),
    /// There is no space: the table moves into the new segment.
    Move,
}

/// Appends zeros for every piece, in order, and maps them. Lengthens the last `PT_LOAD` if it ends the file
/// and has no `.bss`; otherwise adds a `PT_LOAD`. The new one is readable, and writable only on request,
/// because musl's `reclaim_gaps` hands the unused rest of pages of writable segments to `malloc`.
pub(crate) fn append(
    draft: &mut Draft,
    pieces: &[Piece],
    writable: bool,
) -> Result<(Vec<Place>, SegmentChange), ElfError> {
    let end = length(&draft.file);
    let last = draft.loads().max_by_key(|(_, load)| load.p_vaddr).map(|(at, load)| (at, load.clone()));
    let (at, last) = last.ok_or_else(|| ElfError::unsupported("there is no PT_LOAD"))?;
    if Space::survey(draft).ends_file(draft, at) && (is_writable(&last) || !writable) {
        let (places, size) = lay(pieces, file_end(&last), memory_end(&last))?;
        return Ok((places, lengthen(draft, at, size)?));
    }
    let slot = slot(draft);
    if draft.header.e_phnum >= PN_XNUM - 1 {
        return Err(ElfError::unsupported("the program header table is full"));
    }
    let table = longer_table(draft);
    let mut all = Vec::new();
    if slot == Slot::Move {
        all.push(table);
    }
    all.extend_from_slice(pieces);
    let align = draft.loads().map(|(_, load)| load.p_align).max().unwrap_or(0);
    let align = align.max(largest_page(draft.header.e_machine));
    if !align.is_power_of_two() {
        return Err(ElfError::unsupported("p_align of a PT_LOAD is not a power of two"));
    }
    let too_high = || ElfError::unsupported("there are no addresses left after the last PT_LOAD");
    let top = memory_end(&last);
    let page = top.checked_add(padding(top, align)).ok_or_else(too_high)?;
    let mut offset = end + padding(end, BLOB_ALIGN);
    let mut address = page.checked_add(offset % align).ok_or_else(too_high)?;
    if slot == Slot::Move && draft.is_program() {
        // Kernels before 5.18 compute AT_PHDR as the first segment's address plus e_phoff, so the new segment
        // must have the same distance between file offset and address as the first one.
        let first = draft.loads().next().map_or(0, |(_, load)| distance(load));
        offset = offset.max(page.wrapping_sub(first));
        if offset - end > HOLE_MAX {
            return Err(ElfError::unsupported(
                "the program's .bss is too large to put program headers after it",
            ));
        }
        address = offset.checked_add(first).ok_or_else(too_high)?;
    }
    let (mut places, size) = lay(&all, offset, address)?;
    grow(draft, (offset - end) + size)?;
    let load = ProgramHeader {
        p_type: PT_LOAD,
        p_flags: if writable { PF_R | PF_W } else { PF_R },
        p_offset: offset,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: size,
        p_memsz: size,
        p_align: align,
    };
    let moved = match slot {
        Slot::Move => Some(places.remove(0)),
        Slot::Cave(at) => Some(enter(draft, at, table.size, table.align)?),
        Slot::Reuse(_) | Slot::After => None,
    };
    if let Some(place) = moved {
        let old = draft.program_header_range();
        draft.clear(&old)?;
        draft.header.e_phoff = place.offset;
    }
    insert(draft, load, slot);
    update_phdr(draft, moved);
    check_top(draft, &places, pieces)?;
    let change = if moved.is_some() { SegmentChange::AddedWithHeaders } else { SegmentChange::Added };
    Ok((places, change))
}

/// The program header table with one more entry.
fn longer_table(draft: &Draft) -> Piece {
    let entries = u64::from(draft.header.e_phnum) + 1;
    Piece { size: entries * draft.format.program_header_size(), align: draft.format.word() }
}

/// The difference between address and file offset of a segment.
fn distance(load: &ProgramHeader) -> u64 {
    load.p_vaddr.wrapping_sub(load.p_offset)
}

/// Lays pieces out one after the other. Returns their places and the total size.
fn lay(pieces: &[Piece], offset: u64, address: u64) -> Result<(Vec<Place>, u64), ElfError> {
    let mut size = 0u64;
    let mut places = Vec::new();
    for piece in pieces {
        let too_large = || ElfError::unsupported("the file would become too large");
        size = size.checked_add(padding(address.wrapping_add(size), piece.align)).ok_or_else(too_large)?;
        places.push(Place { offset: offset + size, address: address.wrapping_add(size) });
        size = size.checked_add(piece.size).ok_or_else(too_large)?;
    }
    Ok((places, size))
}

fn grow(draft: &mut Draft, by: u64) -> Result<(), ElfError> {
    let size = length(&draft.file).checked_add(by).filter(|size| *size <= draft.format.address_max());
    let size = size.ok_or_else(|| ElfError::unsupported("the file would become too large"))?;
    draft.extend(size)
}

/// An error if a piece reaches past the highest address.
fn check_top(draft: &Draft, places: &[Place], pieces: &[Piece]) -> Result<(), ElfError> {
    let fits = places.iter().zip(pieces).all(|(place, piece)| {
        place.address.checked_add(piece.size).is_some_and(|end| end <= draft.format.address_max())
    });
    if fits {
        Ok(())
    } else {
        Err(ElfError::unsupported("there are no addresses left after the last PT_LOAD"))
    }
}

/// Where the new program header goes. `PT_NULL` can be replaced, and `PT_PHDR` in a library too (musl uses it
/// in programs only, `kernel_mapped_dso`). `PT_GNU_STACK`, `PT_NOTE` and `PT_GNU_PROPERTY` are needed and
/// stay.
fn slot(draft: &Draft) -> Slot {
    let of_kind = |kind| draft.segments.iter().position(|segment| segment.p_type == kind);
    let free = of_kind(PT_NULL).or_else(|| of_kind(PT_PHDR).filter(|_| !draft.is_program()));
    if let Some(at) = free {
        return Slot::Reuse(at);
    }
    let (table, entry) = (draft.program_header_range(), draft.format.program_header_size());
    let covered = draft
        .loads()
        .any(|(_, load)| load.p_offset <= table.start && table.end.saturating_add(entry) <= file_end(load));
    let space = Space::survey(draft);
    let zeros = space.zeros(&draft.file, table.end, table.end.saturating_add(entry));
    // Without section headers, a gap cannot be told from a note full of zeros.
    if covered && !draft.sections.is_empty() && zeros >= entry {
        return Slot::After;
    }
    let longer = longer_table(draft);
    let first = draft.loads().next().map_or(0, |(_, load)| distance(load));
    let suits = |load: &ProgramHeader| !draft.is_program() || distance(load) == first;
    space.best_cave_among(draft, longer.size, longer.align, suits).map_or(Slot::Move, Slot::Cave)
}

/// Inserts the new segment after the last `PT_LOAD`, so that they ascend by address.
fn insert(draft: &mut Draft, load: ProgramHeader, slot: Slot) {
    if let Slot::Reuse(at) = slot {
        draft.segments.remove(at);
    } else {
        draft.header.e_phnum += 1;
    }
    let last = draft.segments.iter().rposition(|segment| segment.p_type == PT_LOAD);
    draft.segments.insert(last.map_or(0, |at| at + 1), load);
}

/// Updates `PT_PHDR` after the program header table has changed.
fn update_phdr(draft: &mut Draft, moved: Option<Place>) {
    let size = u64::from(draft.header.e_phnum) * draft.format.program_header_size();
    for segment in draft.segments.iter_mut().filter(|segment| segment.p_type == PT_PHDR) {
        if let Some(place) = moved {
            segment.p_offset = place.offset;
            segment.p_vaddr = place.address;
            segment.p_paddr = place.address;
        }
        segment.p_filesz = size;
        segment.p_memsz = size;
    }
}
