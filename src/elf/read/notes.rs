//! The instruction set level that an object requires, from its GNU property note (System V ABI for x86-64,
//! "Program Property"; Linux Extensions to gABI).

use std::collections::BTreeSet;

use goblin::elf::header::EM_X86_64;
use goblin::elf::program_header::{PT_NOTE, ProgramHeader};

use super::headers::Image;
use crate::elf::codec::Class;
use crate::elf::codec::{index, length, slice};

const PT_GNU_PROPERTY: u32 = 0x6474_e553;
const NT_GNU_PROPERTY_TYPE_0: u32 = 5;
const GNU_PROPERTY_X86_ISA_1_NEEDED: u32 = 0xc000_8002;

/// The bits of `GNU_PROPERTY_X86_ISA_1_NEEDED`, from all notes together. A note that cannot be read is
/// ignored: the loader does not read it either.
pub(super) fn isa_needed(image: &Image<'_>) -> u32 {
    if image.header.e_machine != EM_X86_64 || image.format.class != Class::Elf64 {
        return 0;
    }
    // Property notes are aligned to 8 (64 bit) and are in a PT_NOTE of their own or in PT_GNU_PROPERTY, most
    // often in both: the same bytes are read once.
    let holds_properties = |segment: &&ProgramHeader| {
        segment.p_type == PT_GNU_PROPERTY || (segment.p_type == PT_NOTE && segment.p_align == 8)
    };
    let segments = image.segments.iter().filter(holds_properties);
    let places: BTreeSet<(u64, u64)> = segments.map(|segment| (segment.p_offset, segment.p_filesz)).collect();
    let mut bits = 0;
    let mut budget = length(image.file);
    for (offset, size) in places {
        let Ok(notes) = slice(image.file, offset, size, "PT_NOTE") else { continue };
        // The segments together are larger than the file: they overlap, which no linker does.
        let Some(rest) = budget.checked_sub(size) else { break };
        budget = rest;
        bits |= of_notes(notes);
    }
    bits
}

fn of_notes(mut notes: &[u8]) -> u32 {
    let mut bits = 0;
    while let (Some(name_size), Some(size), Some(kind)) = (word(notes, 0), word(notes, 4), word(notes, 8)) {
        let name_end = 12_u64.saturating_add(u64::from(name_size));
        let start = aligned(name_end);
        let end = start.saturating_add(u64::from(size));
        let Some(properties) = notes.get(index(start)..index(end)) else { break };
        if kind == NT_GNU_PROPERTY_TYPE_0 && notes.get(12..index(name_end)) == Some(b"GNU\0") {
            bits |= of_properties(properties);
        }
        notes = notes.get(index(aligned(end))..).unwrap_or(&[]);
    }
    bits
}

fn of_properties(mut properties: &[u8]) -> u32 {
    let mut bits = 0;
    while let (Some(kind), Some(size)) = (word(properties, 0), word(properties, 4)) {
        if let (GNU_PROPERTY_X86_ISA_1_NEEDED, 4, Some(value)) = (kind, size, word(properties, 8)) {
            bits |= value;
        }
        let next = aligned(8_u64.saturating_add(u64::from(size)));
        properties = properties.get(index(next)..).unwrap_or(&[]);
    }
    bits
}

fn aligned(size: u64) -> u64 {
    size.saturating_add(7) & !7
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::of_notes;

    fn note(properties: &[u32]) -> Vec<u8> {
        let size = u32::try_from(properties.len() * 4).unwrap_or_default();
        let words = [&[4, size, 5, u32::from_le_bytes(*b"GNU\0")], properties].concat();
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn the_needed_level_is_found_among_other_properties() {
        let control_flow = [0xc000_0002, 4, 3, 0];
        let needed = [0xc000_8002, 4, 4, 0];
        assert_eq!(of_notes(&note(&[control_flow, needed].concat())), 4);
        let two = [note(&control_flow), note(&needed)].concat();
        assert_eq!(of_notes(&two), 4);
        assert_eq!(of_notes(&note(&control_flow)), 0);
    }

    #[test]
    fn damaged_notes_are_ignored() {
        let whole = note(&[0xc000_8002, 4, 4, 0]);
        for length in 0..28 {
            assert_eq!(of_notes(whole.get(..length).unwrap_or_default()), 0, "{length}");
        }
        assert_eq!(of_notes(&[0xff; 64]), 0);
    }
}
