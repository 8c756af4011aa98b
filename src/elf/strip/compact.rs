//! Removes holes from a file: if stripped sections were before a segment that another tool had appended,
//! zeros remain, and everything after them can move up.
//!
//! Addresses do not change; file offsets change by whole multiples of the alignment that keeps offset and
//! address of every segment congruent (gABI, "Program Header").

use goblin::elf::header::ET_EXEC;
use goblin::elf::program_header::{PT_INTERP, PT_NULL};

use crate::elf::codec::{index, length};
use crate::elf::error::ElfError;
use crate::elf::ranges::{Range, Ranges, sized};
use crate::elf::read::headers::{Image, has_bytes};
use crate::elf::read::machine::largest_page;

/// The smallest page size; a shorter hole cannot be removed.
const SMALLEST: u64 = 0x1000;

/// The file without its holes; `None` if no hole can be removed.
pub(super) fn compact(file: &[u8]) -> Result<Option<Vec<u8>>, ElfError> {
    let image = Image::parse(file)?;
    let cuts = cuts(&image);
    if cuts.is_empty() {
        return Ok(None);
    }
    let mut kept = Vec::with_capacity(file.len());
    let mut at = 0;
    for cut in &cuts {
        kept.extend_from_slice(file.get(at..index(cut.range.start)).unwrap_or_default());
        at = index(cut.range.end);
    }
    kept.extend_from_slice(file.get(at..).unwrap_or_default());
    write_offsets(&image, &mut kept, &cuts)?;
    Ok(Some(kept))
}

/// A range of bytes that is removed.
#[derive(Debug)]
struct Cut {
    range: Range,
    /// The number of bytes removed before it.
    before: u64,
}

/// The cuts of these ranges, ascending.
fn ascending(ranges: impl IntoIterator<Item = Range>) -> Vec<Cut> {
    let mut before = 0;
    let cut = |range: Range| {
        let cut = Cut { before, range };
        before += cut.range.end - cut.range.start;
        cut
    };
    ranges.into_iter().map(cut).collect()
}

/// The new offset of `offset` after the cuts.
fn moved(offset: u64, cuts: &[Cut]) -> u64 {
    let next = cuts.partition_point(|cut| cut.range.start <= offset);
    let last = next.checked_sub(1).and_then(|last| cuts.get(last));
    last.map_or(offset, |cut| offset - cut.before - (offset.min(cut.range.end) - cut.range.start))
}

/// The ranges that can be removed; empty if that is not safe.
fn cuts(image: &Image<'_>) -> Vec<Cut> {
    let program = image.header.e_type == ET_EXEC || image.segments.iter().any(|s| s.p_type == PT_INTERP);
    let mut loads: Vec<u64> = image.loads().map(|load| load.p_offset).collect();
    loads.sort_unstable();
    let mut aligned: Vec<(u64, u64)> = (image.loads().map(|load| (load.p_offset, load.p_align)))
        .chain(image.sections.iter().map(|section| (section.sh_offset, section.sh_addralign)))
        .collect();
    aligned.sort_unstable();
    // Everything after a hole moves by whole multiples of all alignments there: start with the last hole.
    let mut step = largest_page(image.header.e_machine);
    let mut ranges: Vec<Range> = Vec::new();
    for hole in holes(image).into_iter().rev() {
        while let Some((_, align)) = aligned.pop_if(|(offset, _)| *offset >= hole.end) {
            step = step.max(align);
        }
        // Kernels before 5.18 compute AT_PHDR from e_phoff and the first segment.
        if program && image.header.e_phoff >= hole.end {
            continue;
        }
        let size = (hole.end - hole.start) / step * step;
        let cut = hole.end - size..hole.end;
        let next = loads.partition_point(|offset| *offset <= cut.start);
        let inside = loads.get(next).is_some_and(|offset| *offset < cut.end);
        if size > 0 && step.is_power_of_two() && !inside {
            ranges.push(cut);
        }
    }
    ascending(ranges.into_iter().rev())
}

/// Runs of zeros between ranges that the headers describe.
fn holes(image: &Image<'_>) -> Vec<Range> {
    let (format, header) = (image.format, &image.header);
    let headers = [
        sized(0, format.file_header_size()),
        sized(header.e_phoff, u64::from(header.e_phnum) * format.program_header_size()),
        sized(header.e_shoff, (image.sections.len() as u64).saturating_mul(format.section_header_size())),
    ];
    let sections = image.sections.iter().filter(|section| has_bytes(section));
    let segments = image.segments.iter().filter(|segment| segment.p_type != PT_NULL);
    let used: Ranges = (sections.map(|section| sized(section.sh_offset, section.sh_size)))
        .chain(segments.map(|segment| sized(segment.p_offset, segment.p_filesz)))
        .chain(headers)
        .collect();
    let mut holes = Vec::new();
    let mut end = 0;
    for range in used.iter() {
        let gap = image.file.get(index(end)..index(range.start)).unwrap_or_default();
        // patchelf leaves the old section header table after the sections.
        let mut start = end;
        for run in gap.split_inclusive(|byte| *byte != 0) {
            let zeros = run.iter().take_while(|byte| **byte == 0).count() as u64;
            if zeros >= SMALLEST {
                holes.push(start..start + zeros);
            }
            start += length(run);
        }
        end = range.end;
    }
    holes
}

/// Updates every offset in the file header, the program headers and the section headers.
fn write_offsets(image: &Image<'_>, file: &mut [u8], cuts: &[Cut]) -> Result<(), ElfError> {
    let (format, word) = (image.format, image.format.word());
    let (phoff, shoff, p_offset, sh_offset) = if word == 8 { (32, 40, 8, 24) } else { (28, 32, 4, 16) };
    let header = &image.header;
    let (segments, sections) = (moved(header.e_phoff, cuts), moved(header.e_shoff, cuts));
    format.put(file, phoff, word, segments, "ELF header")?;
    format.put(file, shoff, word, sections, "ELF header")?;
    for (at, segment) in (0u64..).zip(&image.segments) {
        let entry = segments + at * format.program_header_size();
        if segment.p_type != PT_NULL {
            format.put(file, entry + p_offset, word, moved(segment.p_offset, cuts), "program header")?;
        }
    }
    for (at, section) in (0u64..).zip(&image.sections) {
        let entry = sections + at * format.section_header_size();
        format.put(file, entry + sh_offset, word, moved(section.sh_offset, cuts), "section header")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ascending, moved};

    #[test]
    fn offsets_move_by_the_bytes_cut_before_them() {
        let cuts = ascending([10..20, 30..35]);
        let places = [5, 10, 15, 20, 30, 34, 35, 40].map(|offset| moved(offset, &cuts));
        assert_eq!(places, [5, 10, 10, 10, 20, 20, 20, 25]);
    }
}
