//! A fixed set of symbol names that is searched in constant time, laid out by the compiler.

/// The names in a text, one a line, behind a mark of `MARK` bytes that is not part of the name.
///
/// Names are found by hashing: `slots` holds, at the hash of a name or the next free place after it, one more than
/// where the name begins in the text. So nothing but the text and two bytes a slot is in the program, with no
/// pointers for the loader to relocate, and nothing is set up when it starts.
pub(super) struct Names<const SLOTS: usize> {
    text: &'static [u8],
    slots: [u16; SLOTS],
    longest: usize,
}

impl<const SLOTS: usize> Names<SLOTS> {
    /// Lays out the lines of `text`, each ended by a line feed. Meant for a `static`: there, a text that does not fit
    /// is an error of compilation.
    #[allow(clippy::cast_possible_truncation, reason = "the assertion bounds every offset")]
    pub(super) const fn new(text: &'static str, mark: usize) -> Self {
        let text = text.as_bytes();
        assert!(text.len() < u16::MAX as usize && SLOTS.is_power_of_two());
        let mut slots = [0; SLOTS];
        let (mut line, mut count, mut longest) = (0, 0, 0);
        while line < text.len() {
            let start = line + mark;
            let mut end = start;
            let mut hash = SEED;
            while text[end] != b'\n' {
                hash = mix(hash, text[end]);
                end += 1;
            }
            let mut slot = hash as usize % SLOTS;
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = start as u16 + 1;
            if end - start > longest {
                longest = end - start;
            }
            line = end + 1;
            count += 1;
            // A search ends at a free place, so there must be one.
            assert!(count < SLOTS);
        }
        Self { text, slots, longest }
    }

    /// Where the name begins in the text.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        // Most names of C++ and Rust are longer than any here, and need not be hashed.
        if name.len() > self.longest || name.contains(&b'\n') {
            return None;
        }
        let hash = name.iter().fold(SEED, |hash, &byte| mix(hash, byte));
        let mut slot = hash as usize % SLOTS;
        loop {
            let start = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            let rest = self.text.get(start..)?.strip_prefix(name);
            if rest.is_some_and(|rest| rest.first() == Some(&b'\n')) {
                return Some(start);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The byte before the name that begins at `start`.
    pub(super) fn mark(&self, start: usize) -> Option<u8> {
        self.text.get(start.checked_sub(1)?).copied()
    }
}

/// The offset basis of FNV-1a.
const SEED: u32 = 0x811c_9dc5;

/// One step of FNV-1a.
const fn mix(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: Names<8> = Names::new("aopen\nbopen64\nbstat\n", 1);

    #[test]
    fn every_name_is_found_and_nothing_else() {
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
