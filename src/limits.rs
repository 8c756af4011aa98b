//! Bounds on what a wheel may ask of us.

/// How much a wheel may hold before it is refused. The defaults let through every wheel known to
/// be published and stop archives that are made to exhaust memory or time.
///
/// ```
/// use muslrepair::Limits;
/// let limits = Limits { members: 1_000, ..Limits::default() };
/// assert!(limits.member_size > 1 << 30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members in the archive. 200,000: the largest wheels hold some tens of thousands of files.
    pub members: usize,
    /// Bytes of one member, inflated. 4 GiB less 2: the largest shared libraries in wheels are near 2 GB,
    /// and from here on the zip format needs extensions, which are read but not copied.
    pub member_size: u64,
    /// Bytes of all members together, inflated. 32 GiB: four of the largest wheels there are.
    pub total_size: u64,
    /// Bytes of `WHEEL`, `METADATA` and `RECORD` each. 64 MiB: a `RECORD` with 200,000 long rows.
    pub metadata_size: u64,
    /// Bytes of a member's name. 1024: a quarter of Linux's `PATH_MAX`, as the name is joined to an
    /// installation directory; published names stay below 300.
    pub name_length: usize,
    /// How many times larger the members may be than the archive, once they are larger than
    /// [`Limits::ratio_floor`]. 200: PyPI refuses 50; real wheels stay below 20, deflate ends at 1032.
    pub ratio: u64,
    /// Bytes below which [`Limits::ratio`] is not looked at. 64 MiB, as PyPI has it.
    pub ratio_floor: u64,
    /// Bytes of members to hold in memory at once, inflated. 512 MiB. A single member that is larger is
    /// still handled, alone.
    pub in_flight: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 200_000,
            member_size: (4 << 30) - 2,
            total_size: 32 << 30,
            metadata_size: 64 << 20,
            name_length: 1024,
            ratio: 200,
            ratio_floor: 64 << 20,
            in_flight: 512 << 20,
        }
    }
}

impl Limits {
    /// Cuts a list into waves, each within [`Limits::in_flight`] by the sizes given, with at least one
    /// element each. The waves follow each other without gaps.
    pub(crate) fn waves(&self, sizes: impl IntoIterator<Item = u64>) -> Vec<std::ops::Range<usize>> {
        let mut waves = Vec::new();
        let (mut start, mut end, mut sum) = (0, 0, 0u64);
        for size in sizes {
            let next = sum.saturating_add(size);
            if end > start && next > self.in_flight {
                waves.push(start..end);
                (start, sum) = (end, size);
            } else {
                sum = next;
            }
            end += 1;
        }
        if end > start {
            waves.push(start..end);
        }
        waves
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn waves_stay_within_the_budget_and_cover_everything() {
        let limits = Limits { in_flight: 10, ..Limits::default() };
        assert_eq!(limits.waves([4, 6, 1, 99, 0, 10, u64::MAX]), [0..2, 2..3, 3..4, 4..6, 6..7]);
        assert!(limits.waves([]).is_empty());
    }
}
