//! A fixed set of symbol names with lookup in constant time, built by the compiler.

/// The names in a text, one per line, each after a mark of `MARK` bytes that is not part of the name.
///
/// Names are found by hashing. `slots` holds, at the hash of a name or the next free index, the offset of the
/// name in the text plus one. So the program contains only the text and two bytes per slot, without pointers
/// for the loader to relocate and without initialisation at start.
pub(super) struct Names<const SLOTS: usize> {
    text: &'static [u8],
    slots: [u16; SLOTS],
    longest: usize,
}

impl<const SLOTS: usize> Names<SLOTS> {
    /// Indexes the lines of `text`, each ended by a line feed. Meant for a `static`: there, a text that does
    /// not fit is a compile error.
    #[allow(clippy::cast_possible_truncation, reason = "the assertion bounds every offset")]
    pub(super) const fn new(text: &'static str, mark: usize) -> Self {
        let text = text.as_bytes();
        assert!(text.len() < u16::MAX as usize && SLOTS.is_power_of_two());
        let mut slots = [0; SLOTS];
        let (mut line, mut count, mut longest) = (0, 0, 0);
        while line < text.len() {
            let start = line + mark;
            let mut end = start;
            while text[end] != b'\n' {
                end += 1;
            }
            let mut slot = hash(text.split_at(end).0.split_at(start).1) % SLOTS;
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = start as u16 + 1;
            if end - start > longest {
                longest = end - start;
            }
            line = end + 1;
            count += 1;
            // A search ends at a free slot, so there must be one.
            assert!(count < SLOTS);
        }
        Self { text, slots, longest }
    }

    /// The offset of the name in the text.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        // Most names of C++ and Rust are longer than any here, and need no hash.
        if name.len() > self.longest {
            return None;
        }
        let mut slot = hash(name) % SLOTS;
        loop {
            let start = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            let (found, after) = self.text.get(start..)?.split_at_checked(name.len())?;
            // The name that is looked up may contain anything, even a line feed; a name in the text ends at
            // one.
            if after.first() == Some(&b'\n') && found == name && !name.contains(&b'\n') {
                return Some(start);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The byte before the name at `start`.
    pub(super) fn mark(&self, start: usize) -> Option<u8> {
        self.text.get(start.checked_sub(1)?).copied()
    }
}

/// Hashes eight bytes at a time, each mixed in by a multiplication with 2^64 divided by the golden ratio.
#[allow(clippy::cast_possible_truncation, reason = "half of the bits are enough")]
const fn hash(name: &[u8]) -> usize {
    let mut rest = name;
    let mut hash = name.len() as u64;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = after;
    }
    let mut last = 0;
    while let Some((byte, after)) = rest.split_first() {
        last = last << 8 | *byte as u64;
        rest = after;
    }
    (mix(hash, last) >> 32) as usize
}

const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: Names<8> = Names::new("aopen\nbopen64\nbstat\n", 1);

    #[test]
    fn exactly_the_names_of_the_set_are_found() {
        let marks = ["open", "open64", "stat"].map(|name| {
            let start = NAMES.find(name.as_bytes());
            start.and_then(|start| NAMES.mark(start)).map(char::from)
        });
        assert_eq!(marks, [Some('a'), Some('b'), Some('b')]);
        for name in ["", "o", "ope", "open6", "open644", "tat", "aopen", "open\nbopen64", "\n", "bstat"] {
            assert_eq!(NAMES.find(name.as_bytes()), None, "{name:?}");
        }
    }
}
