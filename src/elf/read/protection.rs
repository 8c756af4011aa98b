//! Which addresses of a file are writable once it is mapped.

use goblin::elf::program_header::{PF_W, ProgramHeader};

use super::headers::Image;

/// The smallest page size. Whatever shares a page with something writable is writable too.
const PAGE: u64 = 4096;

/// The read-only memory of a file, as `map_library` maps it by the flags of the segments.
#[derive(Debug)]
pub(crate) struct Protection {
    /// Ascending and disjoint: first address, and the address after the last.
    read_only: Vec<(u64, u64)>,
    writable: Vec<(u64, u64)>,
}

impl Protection {
    pub(crate) fn of(image: &Image<'_>) -> Self {
        let end = |load: &ProgramHeader| load.p_vaddr.saturating_add(load.p_memsz);
        let writable = |load: &&ProgramHeader| load.p_flags & PF_W != 0;
        let to_page = |address: u64| address.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
        Self {
            read_only: joined(
                image.loads().filter(|load| !writable(load)).map(|load| (load.p_vaddr, end(load))),
            ),
            writable: joined(
                (image.loads().filter(writable))
                    .map(|load| (load.p_vaddr - load.p_vaddr % PAGE, to_page(end(load)))),
            ),
        }
    }

    /// Whether a write to this address crashes the process.
    pub(crate) fn forbids(&self, address: u64) -> bool {
        covers(&self.read_only, address) && !covers(&self.writable, address)
    }
}

/// The same ranges, ascending, with adjoining ones merged.
fn joined(ranges: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = ranges.filter(|(start, end)| start < end).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|(start, end), (_, end_before)| {
        let touches = start <= end_before;
        if touches {
            *end_before = (*end_before).max(*end);
        }
        touches
    });
    ranges
}

fn covers(ranges: &[(u64, u64)], address: u64) -> bool {
    let before = ranges.partition_point(|(start, _)| *start <= address);
    before.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|(_, end)| address < *end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_searched() {
        let ranges =
            joined([(0x3000, 0x4000), (0, 0x1000), (0x1000, 0x2000), (0x500, 0x600), (9, 9)].into_iter());
        assert_eq!(ranges, [(0, 0x2000), (0x3000, 0x4000)]);
        for (address, covered) in
            [(0, true), (0x1fff, true), (0x2000, false), (0x3000, true), (0x4000, false)]
        {
            assert_eq!(covers(&ranges, address), covered, "{address:#x}");
        }
        assert!(!covers(&[], 0));
    }
}
