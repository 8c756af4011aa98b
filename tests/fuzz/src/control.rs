//! Decisions taken from the last bytes of an input, so that its start stays a file of its kind.

use muslrepair::elf::{ElfEdit, ElfFacts, RunPathEdit, Strip};

/// How many bytes decide.
const LENGTH: usize = 12;

/// A source of decisions; when it is used up, every answer is 0.
pub struct Control<'a>(std::slice::Iter<'a, u8>);

impl<'a> Control<'a> {
    /// Splits an input into what is read as a file, and what decides.
    pub fn split(data: &'a [u8]) -> (&'a [u8], Self) {
        let (file, control) = data.split_at(data.len().saturating_sub(LENGTH));
        (file, Self(control.iter()))
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn name(&mut self) -> String {
        const LENGTHS: [usize; 8] = [0, 1, 5, 12, 24, 60, 200, 5000];
        let byte = self.byte();
        let length = LENGTHS[usize::from(byte) % LENGTHS.len()];
        let letter = char::from(b'a' + byte / 8 % 26);
        std::iter::repeat_n(letter, length).collect()
    }

    /// An edit of a file with these facts; most of its names are the file's.
    pub fn edit(&mut self, facts: &ElfFacts) -> ElfEdit {
        let mut edit = ElfEdit::default();
        let what = self.byte();
        if what & 1 != 0 {
            edit.soname = Some(self.name());
        }
        let needed = |byte: u8| {
            let index = usize::from(byte).checked_rem(facts.needed.len());
            index.and_then(|index| facts.needed.get(index)).cloned().unwrap_or_else(|| "absent".to_owned())
        };
        for _ in 0..(what >> 1) & 3 {
            let old = needed(self.byte());
            edit.rename_needed.insert(old, self.name());
        }
        if what & 8 != 0 {
            edit.remove_needed.insert(needed(self.byte()));
        }
        edit.run_path = match (what >> 4) & 3 {
            0 | 1 => RunPathEdit::Keep,
            2 => RunPathEdit::Clear,
            _ => RunPathEdit::Set(self.name()),
        };
        edit.lower_relr = what & 64 != 0;
        edit.strip = match (what >> 7, self.byte() & 1) {
            (0, _) => None,
            (_, 0) => Some(Strip::Debug),
            _ => Some(Strip::All),
        };
        edit
    }
}
