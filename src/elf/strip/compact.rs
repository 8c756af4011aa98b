//! Taking holes out of a file: where stripped sections lay before a segment that another program had
//! appended, zeros are left, and what comes after them can move up.
//!
//! Addresses stay; only places in the file change, by whole multiples of the alignment that keeps
//! offset and address of every segment congruent (gABI, "Program Header").

use goblin::elf::header::ET_EXEC;
use goblin::elf::program_header::{PT_INTERP, PT_NULL, ProgramHeader};

use crate::elf::codec::{index, length};
use crate::elf::error::ElfError;
use crate::elf::image::Image;
use crate::elf::patch::{Range, has_bytes, largest_page};

/// No page is smaller, so a shorter hole cannot be taken out.
const SMALLEST: u64 = 0x1000;

/// The file without its holes; `None` where there are none that can be taken out.
pub(super) fn compact(file: &[u8]) -> Result<Option<Vec<u8>>, ElfError> {
    let image = Image::parse(file)?;
    let Some(cuts) = cuts(&image) else { return Ok(None) };
    let mut kept = Vec::with_capacity(file.len());
    let mut at = 0;
    for cut in &cuts {
        kept.extend_from_slice(file.get(at..index(cut.start)).unwrap_or_default());
        at = index(cut.end);
    }
    kept.extend_from_slice(file.get(at..).unwrap_or_default());
    write_offsets(&image, &mut kept, &cuts)?;
    Ok(Some(kept))
}

/// Where `offset` is after the cuts.
fn moved(offset: u64, cuts: &[Range]) -> u64 {
    let before = |cut: &Range| offset.min(cut.end).saturating_sub(cut.start);
    offset - cuts.iter().map(before).sum::<u64>()
}

/// What can be taken out, ascending; `None` where that is nothing, or where it is not safe.
fn cuts(image: &Image<'_>) -> Option<Vec<Range>> {
    let loads = || image.loads();
    let program = image.header.e_type == ET_EXEC || image.segments.iter().any(|s| s.p_type == PT_INTERP);
    let mut cuts: Vec<Range> = Vec::new();
    for hole in holes(image) {
        // Kernels before 5.18 take AT_PHDR from e_phoff and the first segment.
        if program && image.header.e_phoff >= hole.end {
            continue;
        }
        let step = loads()
            .filter(|load| load.p_offset >= hole.end)
            .map(|load| load.p_align.max(1))
            .chain(image.sections.iter().filter(|s| s.sh_offset >= hole.end).map(|s| s.sh_addralign.max(1)))
            .chain([largest_page(image.header.e_machine)])
            .max()?;
        let size = (hole.end - hole.start).checked_div(step)? * step;
        let cut = hole.end - size..hole.end;
        let inside = |load: &ProgramHeader| cut.start < load.p_offset && load.p_offset < cut.end;
        if size > 0 && step.is_power_of_two() && !loads().any(inside) {
            cuts.push(cut);
        }
    }
    (!cuts.is_empty()).then_some(cuts)
}

/// Runs of zeros between things that the headers describe.
fn holes(image: &Image<'_>) -> Vec<Range> {
    let sized = |start: u64, size: u64| start..start.saturating_add(size);
    let (format, header) = (image.format, &image.header);
    let mut used = vec![
        sized(0, format.file_header_size()),
        sized(header.e_phoff, u64::from(header.e_phnum) * format.program_header_size()),
        sized(header.e_shoff, (image.sections.len() as u64).saturating_mul(format.section_header_size())),
    ];
    used.extend(image.sections.iter().filter(|s| has_bytes(s)).map(|s| sized(s.sh_offset, s.sh_size)));
    let segments = image.segments.iter().filter(|segment| segment.p_type != PT_NULL && segment.p_filesz > 0);
    used.extend(segments.map(|segment| sized(segment.p_offset, segment.p_filesz)));
    used.sort_by_key(|range| range.start);
    let mut holes = Vec::new();
    let mut end = 0;
    for range in used {
        let gap = image.file.get(index(end)..index(range.start)).unwrap_or_default();
        // patchelf leaves the section header table as it was behind the sections.
        let mut start = end;
        for run in gap.split_inclusive(|byte| *byte != 0) {
            let zeros = run.iter().take_while(|byte| **byte == 0).count() as u64;
            if zeros >= SMALLEST {
                holes.push(start..start + zeros);
            }
            start += length(run);
        }
        end = end.max(range.end);
    }
    holes
}

/// Every offset of the file header, the program headers and the section headers.
fn write_offsets(image: &Image<'_>, file: &mut [u8], cuts: &[Range]) -> Result<(), ElfError> {
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
    use super::moved;

    #[test]
    fn offsets_move_by_what_was_cut_before_them() {
        let cuts = [10..20, 30..35];
        let places = [5, 10, 15, 20, 30, 34, 35, 40].map(|offset| moved(offset, &cuts));
        assert_eq!(places, [5, 10, 10, 10, 20, 20, 20, 25]);
    }
}
