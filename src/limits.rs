//! Limits on the resources that a wheel may use.

/// How much a wheel may contain before it is refused. The defaults accept every known published wheel and
/// stop archives made to exhaust memory or time.
///
/// ```
/// use muslrepair::Limits;
/// let limits = Limits { members: 1_000, ..Limits::default() };
/// assert!(limits.member_size > 1 << 30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Members in the archive. 200,000: the largest wheels hold some tens of thousands of files.
    pub members: u64,
    /// Bytes of one member, inflated. 4 GiB less 2: the largest shared libraries in wheels are near 2 GB, and
    /// larger members need extensions of the zip format, which are read but not copied.
    pub member_size: u64,
    /// Bytes of all members together, inflated. 32 GiB: four times the largest published wheel.
    pub total_size: u64,
    /// Bytes of `WHEEL`, `METADATA` and `RECORD` each. 64 MiB: a `RECORD` with 200,000 long rows.
    pub metadata_size: u64,
    /// Bytes of a member's name. 1024: a quarter of Linux's `PATH_MAX`, because the name is appended to an
    /// installation directory; published names stay below 300.
    pub name_length: u64,
    /// How many times larger than the archive the members may be, if they exceed [`Limits::ratio_floor`].
    /// 200: PyPI refuses 50, real wheels stay below 20, and the maximum of deflate is 1032.
    pub ratio: u64,
    /// The total size of members, in bytes, up to which [`Limits::ratio`] does not apply. 64 MiB, as on PyPI.
    pub ratio_floor: u64,
    /// Bytes of members in memory at once, inflated. 512 MiB. A larger member is handled alone.
    pub in_flight: u64,
    /// Program headers of an ELF file. 1,170: what fits into the 64 KiB to which Linux limits the table
    /// (`load_elf_phdrs` in `fs/binfmt_elf.c`); linkers write about ten.
    pub program_headers: u64,
    /// Sections of an ELF file that can be loaded. 65,279: the most that the file header can count
    /// (`SHN_LORESERVE` less one); linkers write about forty.
    pub sections: u64,
    /// Entries in an ELF file's dynamic section, with one for each `DT_NEEDED`. 10,000: linkers write about
    /// thirty, and the largest known closures have some hundreds of libraries.
    pub dynamic_entries: u64,
    /// Dynamic symbols of an ELF file. 1,000,000: three times as many as the largest published libraries
    /// have.
    pub symbols: u64,
    /// ELF files examined together: those of the wheel and every library in their closure. 20,000; the
    /// largest wheels have hundreds.
    pub objects: u64,
    /// `DT_NEEDED` entries resolved for one wheel. 100,000: five for each of [`Limits::objects`].
    pub dependencies: u64,
    /// Bytes of one library outside the wheel. 4 GiB less 2, like [`Limits::member_size`], because it may
    /// become a member.
    pub graft_size: u64,
    /// Directories searched for one name: those given by the caller, the run paths of all requesting objects,
    /// and the system's. 1,000; real searches have fewer than fifty.
    pub search_path: u64,
    /// Names looked up in directories for one wheel. 300,000, which takes about a second; wheels with
    /// thousands of modules stay below 50,000.
    pub lookups: u64,
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
            program_headers: 1_170,
            sections: 0xfeff,
            dynamic_entries: 10_000,
            symbols: 1_000_000,
            objects: 20_000,
            dependencies: 100_000,
            graft_size: (4 << 30) - 2,
            search_path: 1_000,
            lookups: 300_000,
        }
    }
}

impl Limits {
    /// No limits: for files that have already been checked against limits.
    pub(crate) const NONE: Self = Self {
        members: u64::MAX,
        member_size: u64::MAX,
        total_size: u64::MAX,
        metadata_size: u64::MAX,
        name_length: u64::MAX,
        ratio: u64::MAX,
        ratio_floor: u64::MAX,
        in_flight: u64::MAX,
        program_headers: u64::MAX,
        sections: u64::MAX,
        dynamic_entries: u64::MAX,
        symbols: u64::MAX,
        objects: u64::MAX,
        dependencies: u64::MAX,
        graft_size: u64::MAX,
        search_path: u64::MAX,
        lookups: u64::MAX,
    };

    /// How to raise a limit that was exceeded, by its name on the command line.
    pub(crate) fn hint(name: &str) -> String {
        format!("`--limit {name}=VALUE` raises it, if the file can be trusted")
    }

    /// Cuts a list into consecutive groups. Each group is within [`Limits::in_flight`] by the given sizes,
    /// and has at least one element.
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
