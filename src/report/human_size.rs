//! Sizes for people.

/// Bytes for people: `512 B`, `1.5 kB`, `12.3 MB` (powers of ten).
#[must_use]
pub fn human_size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000_u64), ("MB", 1_000_000), ("kB", 1_000)];
    match units.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_size(512), "512 B");
        assert_eq!(human_size(1_549), "1.5 kB");
        assert_eq!(human_size(12_345_678), "12.3 MB");
        assert_eq!(human_size(3_000_000_000), "3.0 GB");
    }
}
