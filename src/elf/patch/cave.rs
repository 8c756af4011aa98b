//! Caves: the unused bytes between the end of a segment and the next page, which the segment can be made to map.

use crate::elf::codec::length;
use crate::elf::error::ElfError;

use super::draft::{Draft, file_end, memory_end};
use super::report::SegmentChange;
use super::space::padding;

/// Bytes that need a place in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) size: u64,
    pub(crate) align: u64,
}

/// The place that a piece was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) address: u64,
}

/// Lengthens a segment by `by` bytes; the file grows if it is too short.
pub(crate) fn lengthen(draft: &mut Draft, at: usize, by: u64) -> Result<SegmentChange, ElfError> {
    if by == 0 {
        return Ok(SegmentChange::None);
    }
    let Some(load) = draft.segments.get_mut(at) else {
        return Err(ElfError::verification("there is no such segment"));
    };
    load.p_filesz = load.p_filesz.saturating_add(by);
    load.p_memsz = load.p_memsz.saturating_add(by);
    let (end, memory) = (file_end(load), memory_end(load));
    if end.max(memory) > draft.format.address_max() {
        return Err(ElfError::unsupported("there are no addresses left after the last PT_LOAD"));
    }
    if length(&draft.file) < end {
        draft.extend(end)?;
    }
    Ok(SegmentChange::Lengthened)
}

/// Takes `size` bytes from the cave after a segment.
pub(crate) fn enter(draft: &mut Draft, at: usize, size: u64, align: u64) -> Result<Place, ElfError> {
    let load = draft.segments.get(at).ok_or_else(|| ElfError::verification("a cave without a segment"))?;
    let skip = padding(memory_end(load), align);
    let place = Place { offset: file_end(load) + skip, address: memory_end(load) + skip };
    lengthen(draft, at, skip + size)?;
    Ok(place)
}
