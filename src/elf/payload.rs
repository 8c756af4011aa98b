//! Payloads: data after everything that the ELF headers describe, such as the archive of a self-extracting
//! program. The program looks for it at the end of its own file.

use goblin::elf::program_header::PT_NULL;

use super::codec::index;
use super::read::headers::{Image, has_bytes};

/// The bytes after the header tables and the file ranges of all segments and sections. Empty if they are all
/// zero, or the filler 0xcc that patchelf writes: that is padding.
///
/// A program finds its payload by the distance from the end or from the start of its file, so both must stay
/// the same.
pub(crate) fn payload<'a>(image: &Image<'a>) -> &'a [u8] {
    let rest = image.file.get(index(described_end(image))..).unwrap_or_default();
    if rest.iter().all(|byte| matches!(byte, 0 | 0xcc)) { &[] } else { rest }
}

/// The end of everything that the headers describe, the headers themselves included.
fn described_end(image: &Image<'_>) -> u64 {
    let (format, header) = (image.format, &image.header);
    let programs = u64::from(header.e_phnum) * format.program_header_size();
    let sections = (image.sections.len() as u64).saturating_mul(format.section_header_size());
    let tables = [(0, format.file_header_size()), (header.e_phoff, programs), (header.e_shoff, sections)];
    let segments = image.segments.iter().filter(|segment| segment.p_type != PT_NULL);
    let segments = segments.map(|segment| (segment.p_offset, segment.p_filesz));
    let described = image.sections.iter().filter(|section| has_bytes(section));
    let described = described.map(|section| (section.sh_offset, section.sh_size));
    let ranges = segments.chain(described).chain(tables).filter(|(_, size)| *size > 0);
    ranges.map(|(start, size)| start.saturating_add(size)).max().unwrap_or(0)
}
