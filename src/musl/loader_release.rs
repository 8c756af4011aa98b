//! The release of a loader.

use super::release::MuslRelease;

/// The release of musl that a loader belongs to, from its version text (`__libc_version`, which it prints
/// when started directly). `None` if no text, or more than one, looks like a version of musl.
#[must_use]
pub fn release_of_loader(bytes: &[u8]) -> Option<MuslRelease> {
    /// The length of the longest version, `1.2.10`, with some margin.
    const LONGEST: usize = 8;
    let mut found: Option<&str> = None;
    for start in memchr::memmem::find_iter(bytes, b"1.") {
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let rest = bytes.get(start..).unwrap_or_default();
        let end = memchr::memchr(0, rest.get(..LONGEST).unwrap_or(rest));
        let text = end.and_then(|end| std::str::from_utf8(rest.get(..end)?).ok());
        let Some(text) = text.filter(|text| text.parse::<MuslRelease>().is_ok()) else { continue };
        if before.is_some_and(u8::is_ascii_graphic) || found.is_some_and(|other| other == text) {
            continue;
        }
        if found.replace(text).is_some() {
            return None;
        }
    }
    found?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_is_known_by_its_version() {
        let with = |text: &str| release_of_loader(format!("\x7fELF\0Version %s\0{text}\0more").as_bytes());
        assert_eq!(with("1.2.3"), Some(MuslRelease::V1_2_3));
        assert_eq!(with("1.2.3\x00x\x001.2.3"), Some(MuslRelease::V1_2_3));
        for none in ["", "1.2", "11.2.3", "2.2.3", "1.2.3-git", "1.2.3\x001.2.4"] {
            assert_eq!(with(none), None, "{none}");
        }
    }
}
