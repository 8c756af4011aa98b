//! Ranges of a file or of memory, which may overlap.

/// A range of the file or of the address space: `start..end`.
pub(crate) type Range = std::ops::Range<u64>;

/// `size` bytes from `start`. A range that does not fit ends at the highest offset.
pub(crate) fn sized(start: u64, size: u64) -> Range {
    start..start.saturating_add(size)
}

/// Whether two ranges have an offset in common.
pub(crate) fn overlap(a: &Range, b: &Range) -> bool {
    a.start < b.end && b.start < a.end
}

/// The union of many ranges. Headers may name the same bytes tens of thousands of times, so ranges are sorted
/// and joined once, and then queried often.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    /// Ascending and not empty; each ends before the next one starts.
    joined: Vec<Range>,
}

impl Ranges {
    /// The covered ranges, ascending, joined as far as possible.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Range> {
        self.joined.iter()
    }

    /// The first range that ends after `offset`.
    fn from(&self, offset: u64) -> Option<&Range> {
        self.joined.get(self.joined.partition_point(|range| range.end <= offset))
    }

    /// The first covered offset at or after `offset`.
    pub(crate) fn next(&self, offset: u64) -> Option<u64> {
        self.from(offset).map(|range| range.start.max(offset))
    }

    /// Whether any offset of `range` is covered.
    pub(crate) fn overlap(&self, range: &Range) -> bool {
        self.next(range.start).is_some_and(|next| next < range.end)
    }
}

impl FromIterator<Range> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Self {
        let mut all: Vec<Range> = ranges.into_iter().filter(|range| range.start < range.end).collect();
        all.sort_unstable_by_key(|range| range.start);
        let mut joined: Vec<Range> = Vec::new();
        for range in all {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Self { joined }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_found() {
        let ranges: Ranges = [30..40, 5..5, 10..12, 12..20, 15..18, 33..60].into_iter().collect();
        assert!(ranges.iter().eq(&[10..20, 30..60]));
        assert_eq!(
            [0, 10, 19, 20, 59, 60].map(|at| ranges.next(at)),
            [Some(10), Some(10), Some(19), Some(30), Some(59), None]
        );
        assert!(ranges.overlap(&(0..11)) && ranges.overlap(&(59..99)) && ranges.overlap(&(14..15)));
        assert!(!ranges.overlap(&(20..30)) && !ranges.overlap(&(60..u64::MAX)) && !ranges.overlap(&(15..15)));
    }

    #[test]
    fn a_range_that_does_not_fit_ends_at_the_highest_offset() {
        assert_eq!(sized(u64::MAX - 1, 5), u64::MAX - 1..u64::MAX);
    }
}
