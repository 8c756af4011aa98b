//! Properties of an object that prevent every musl from loading it.

use crate::elf::Segment;
use crate::resolve::Graph;

use super::requirement::RequirementKind;

/// `PT_LOAD`, `PF_W`.
const PT_LOAD: u32 = 1;
const PF_W: u32 = 2;

/// The smallest page size.
const PAGE: u64 = 4096;

/// The properties that prevent every release of musl from loading an object. Statically linked programs
/// relocate themselves, and objects without a dynamic section are not loaded: they have none.
pub(super) fn load_blockers(graph: &Graph, index: usize) -> Vec<RequirementKind> {
    let Some(object) = graph.objects.get(index) else { return Vec::new() };
    let facts = &object.facts;
    if !facts.dynamic || graph.is_static_program(index) {
        return Vec::new();
    }
    let mut blockers = Vec::new();
    if facts.relocations.irelative > 0 {
        blockers.push(RequirementKind::Ifunc { symbol: None });
    }
    if let Some(number) = facts.relocations.unsupported {
        blockers.push(RequirementKind::UnsupportedRelocation { number });
    }
    // With DT_TEXTREL, `map_library` makes everything writable. Programs are mapped by the kernel, which does
    // not.
    if facts.relocations.text && (!facts.textrel_tag || graph.starts_a_process(index)) {
        blockers.push(RequirementKind::TextRelocation);
    }
    // Without a hash table, `sysv_lookup` follows a null pointer: in a library when it is opened
    // (`load_library` checks whether it is a libc), in a program with the first symbol lookup.
    if !facts.hash_table {
        blockers.push(RequirementKind::NoHashTable);
    }
    if facts.short_hash_words && !facts.gnu_hash_table {
        blockers.push(RequirementKind::ShortHashWords);
    }
    // The kernel starts it without a loader, so nothing relocates it.
    if graph.is_program(index) && facts.interpreter.is_none() && !object.is_extension_module() {
        blockers.push(RequirementKind::NoInterpreter);
    }
    if hides_a_page(&facts.segments) {
        blockers.push(RequirementKind::EmptySegment);
    }
    blockers
}

/// Whether an empty segment hides a page of another. `map_library` rounds its addresses down and up to pages,
/// and if any page remains, maps the file over whatever was mapped there before. A segment at the lowest
/// address is not mapped again.
fn hides_a_page(segments: &[Segment]) -> bool {
    let loads: Vec<&Segment> = segments.iter().filter(|segment| segment.kind == PT_LOAD).collect();
    let lowest = loads.iter().map(|load| load.address / PAGE).min();
    loads.iter().enumerate().filter(|(_, empty)| is_empty_within_page(empty)).any(|(at, empty)| {
        let page = empty.address / PAGE;
        let before = loads.iter().take(at).rfind(|other| covers(other, page));
        let again = loads.iter().skip(at).any(|other| covers(other, page));
        Some(page) != lowest && !again && before.is_some_and(|other| !shows_the_same(empty, other))
    })
}

/// Whether an empty `PT_LOAD` starts at a page border, which `map_library` tolerates since musl 1.2.3. Every
/// release maps one that starts within a page.
pub(super) fn has_empty_segment(segments: &[Segment]) -> bool {
    let mut loads = segments.iter().filter(|segment| segment.kind == PT_LOAD);
    loads.any(|segment| segment.memory_size == 0 && !is_empty_within_page(segment))
}

/// Whether a `PT_LOAD` is empty and starts within a page.
fn is_empty_within_page(segment: &Segment) -> bool {
    segment.memory_size == 0 && !segment.address.is_multiple_of(PAGE)
}

fn covers(segment: &Segment, page: u64) -> bool {
    let last = segment.address.saturating_add(segment.memory_size).saturating_sub(1) / PAGE;
    segment.memory_size > 0 && (segment.address / PAGE..=last).contains(&page)
}

/// Whether one segment maps the same bytes of the file over a page as another, with at least the same
/// permissions.
fn shows_the_same(over: &Segment, under: &Segment) -> bool {
    let distance = |segment: &Segment| (segment.address / PAGE).wrapping_sub(segment.offset / PAGE);
    let zeroed = under.flags & PF_W != 0 && under.memory_size > under.file_size;
    distance(over) == distance(under) && over.flags & under.flags == under.flags && !zeroed
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Segment = Segment {
        kind: PT_LOAD,
        flags: 5,
        offset: 0x1000,
        address: 0x1000,
        file_size: 0x800,
        memory_size: 0x800,
        align: PAGE,
    };

    fn empty(address: u64, offset: u64, flags: u32) -> Segment {
        Segment { flags, offset, address, file_size: 0, memory_size: 0, ..CODE }
    }

    #[test]
    fn an_empty_segment_within_a_page_hides_what_was_mapped_there() {
        let first = Segment { offset: 0, address: 0, flags: 4, ..CODE };
        let hides = |segments: &[Segment]| hides_a_page(segments);
        assert!(hides(&[first, CODE, empty(0x1010, 0, 4)]), "other bytes");
        assert!(hides(&[first, CODE, empty(0x1010, 0x1010, 4)]), "the same bytes, not executable");
        assert!(!hides(&[first, CODE, empty(0x1010, 0x1010, 5)]), "the same bytes");
        assert!(!hides(&[first, CODE, empty(0x1000, 0, 4)]), "nothing is mapped");
        assert!(!hides(&[first, CODE, empty(0x2010, 0, 4)]), "nothing was there");
        assert!(!hides(&[first, empty(0x1010, 0, 4), CODE]), "mapped again");
        assert!(!hides(&[first, CODE, empty(0x10, 0x5000, 4)]), "the lowest page is not mapped again");
        let zeroed = Segment { flags: 6, memory_size: 0x900, ..CODE };
        assert!(hides(&[first, zeroed, empty(0x1010, 0x1010, 6)]), "zeros of the first mapping");
    }
}
