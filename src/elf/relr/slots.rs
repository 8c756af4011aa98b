//! The slots of `DT_RELR`: the words it relocates.

use crate::elf::codec::{index, length};
use crate::elf::error::ElfError;
use crate::elf::ranges::Range;
use crate::elf::read::dynamic::{DT_RELR, DT_RELRSZ, Dynamic};
use crate::elf::read::headers::Image;
use crate::elf::read::machine::RelocationKind;
use crate::elf::read::relocations::Relocation;

const WHAT: &str = "DT_RELR";
const SLOT: &str = "slot of DT_RELR";

/// The slots of a file. A file may have as many slots as words, so only their addresses are kept.
#[derive(Debug)]
pub(super) struct Slots {
    /// Ascending, without overlaps.
    addresses: Vec<u64>,
    /// The number of `R_*_RELATIVE`.
    number: u64,
    /// Whether relocations store their addends.
    pub(super) addends: bool,
}

impl Slots {
    /// Reads `DT_RELR` (gABI 2022 draft, "Relative Relocation Table"): an even word is the address of a slot;
    /// an odd one is a bitmap of the words that follow the previous slots. `None` if there is no such table.
    pub(super) fn of(image: &Image<'_>, dynamic: &Dynamic) -> Result<Option<Self>, ElfError> {
        let (Some(address), Some(size @ 1..)) = (dynamic.value(DT_RELR), dynamic.value(DT_RELRSZ)) else {
            return Ok(None);
        };
        let (number, addends) = RelocationKind::relative(image.header.e_machine).ok_or_else(|| {
            ElfError::unsupported("DT_RELR on a machine without a known relative relocation")
        })?;
        let word = image.format.word();
        let wide = word * 8 - 1;
        let table = image.at(address, size, WHAT)?.chunks_exact(index(word));
        let entries = table.map(|entry| image.format.number(entry));
        let slots_of = |entry: u64| if entry & 1 == 0 { 1 } else { u64::from((entry >> 1).count_ones()) };
        let count: u64 = entries.clone().map(slots_of).sum();
        if count > length(image.file) / word {
            return Err(ElfError::malformed(WHAT, "it has more slots than the file has words", address));
        }
        let mut addresses = Vec::with_capacity(index(count));
        let mut next = 0u64;
        for entry in entries {
            if entry & 1 == 0 {
                addresses.push(entry);
                next = entry.wrapping_add(word);
            } else {
                let bits = (0..wide).filter(|bit| entry >> (bit + 1) & 1 == 1);
                addresses.extend(bits.map(|bit| next.wrapping_add(bit * word)));
                next = next.wrapping_add(wide * word);
            }
        }
        addresses.sort_unstable();
        let overlap = addresses.windows(2).find_map(|pair| match pair {
            [first, second] if second - first < word => Some(*second),
            _ => None,
        });
        match overlap {
            // Loaders would relocate such a word twice; with addends they would relocate it once.
            Some(at) => Err(ElfError::malformed(WHAT, "two of its slots overlap", at)),
            None => Ok(Some(Self { addresses, number, addends })),
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.addresses.len() as u64
    }

    /// The slots, of `word` bytes each, that are inside a range of addresses.
    pub(super) fn within(&self, range: &Range, word: u64) -> &[u64] {
        let start = self.addresses.partition_point(|slot| *slot < range.start);
        let end = self.addresses.partition_point(|slot| slot.saturating_add(word) <= range.end);
        self.addresses.get(start..end).unwrap_or_default()
    }

    /// The content of each slot, in order.
    pub(super) fn words<'a>(
        &self,
        image: &Image<'a>,
    ) -> impl Iterator<Item = Result<(u64, &'a [u8]), ElfError>> {
        let word = image.format.word();
        // Segments do not overlap, so the segment with one slot most often has the next one too.
        let mut near: (u64, &[u8]) = (0, &[]);
        self.addresses.iter().map(move |slot| {
            let (start, bytes) = near;
            let at = slot.checked_sub(start).map_or(usize::MAX, index);
            let found = match bytes.get(at..at.saturating_add(index(word))) {
                Some(found) => found,
                None => {
                    near = (*slot, image.from(*slot, SLOT)?.1);
                    image.at(*slot, word, SLOT)?
                }
            };
            Ok((*slot, found))
        })
    }

    /// The equivalent relative relocations, in order.
    pub(super) fn relocations(
        &self,
        image: &Image<'_>,
    ) -> impl Iterator<Item = Result<Relocation, ElfError>> {
        let (format, number, addends) = (image.format, self.number, self.addends);
        self.words(image).map(move |word| {
            let (offset, bytes) = word?;
            let addend = addends.then(|| format.number(bytes));
            Ok(Relocation { offset, symbol: 0, number, addend })
        })
    }
}
