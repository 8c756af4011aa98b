//! Step 2: finds which bytes of the string table are still referred to.

use crate::elf::codec::index;
use crate::elf::error::ElfError;
use crate::elf::read::dynamic::{Dynamic, Strings, string_at};
use crate::elf::read::headers::Image;
use crate::elf::read::symbols::{self, RawSymbol};
use crate::elf::read::versions::{definitions, needs};

use super::tags::{TagPlan, Value};

const FREE: u8 = 0;
const LIVE: u8 = 1;
/// A byte of a dropped string: free after this edit. Used only while the census is taken.
const DROPPED: u8 = 2;

/// The string table, byte by byte: live or free. Linkers merge tails, so the bytes of a string that one entry
/// drops may be the end of a string that another keeps.
#[derive(Debug)]
pub(crate) struct Census {
    /// Whether each byte belongs to a string in use: [`LIVE`] or [`FREE`]. One byte each, because tables have
    /// millions of them and bytes are quick to search.
    live: Vec<u8>,
}

impl Census {
    /// Marks every string that tags, symbols and versions refer to once `plan` is carried out. If some
    /// references cannot be known, all bytes are live.
    pub(crate) fn take(
        image: &Image<'_>,
        dynamic: &Dynamic,
        strings: &Strings<'_>,
        plan: &TagPlan,
    ) -> Result<Self, ElfError> {
        let table = strings.bytes;
        let count = symbols::count(image, dynamic)?;
        // A table that also holds section names is used by headers that are not examined here.
        let shared = image.sections.get(usize::from(image.header.e_shstrndx)).is_some_and(|section| {
            section.sh_addr != 0 && dynamic.value(goblin::elf::dynamic::DT_STRTAB) == Some(section.sh_addr)
        });
        if !count.exact || shared {
            return Ok(Self { live: vec![LIVE; table.len()] });
        }
        let mut census = Self { live: vec![FREE; table.len()] };
        if let Some(first) = census.live.first_mut() {
            *first = LIVE; // the empty string
        }
        let entry = index(image.format.symbol_size());
        for bytes in symbols::table(image, dynamic, count.count)?.chunks_exact(entry) {
            if let Some(symbol) = RawSymbol::parse(image.format, bytes) {
                census.mark(strings.get(symbol.name, "dynamic symbol")?, symbol.name);
            }
        }
        for (tag, value) in &plan.entries {
            if let (true, Value::Keep(offset)) = (crate::elf::read::dynamic::is_string_tag(*tag), value) {
                census.mark(strings.get(*offset, "dynamic section")?, *offset);
            }
        }
        for need in needs(image, dynamic)? {
            if plan.needs.binary_search_by_key(&need.file_field, |(field, _)| *field).is_err() {
                census.mark(strings.get(need.file, "version need")?, need.file);
            }
            for version in need.versions {
                census.mark(strings.get(version.name, "version name")?, version.name);
            }
        }
        for name in definitions(image, dynamic)?.iter().flat_map(|definition| &definition.names) {
            census.mark(strings.get(*name, "version name")?, *name);
        }
        census.keep_unknown(table, plan);
        Ok(census)
    }

    /// Marks the bytes of a string and of its NUL.
    fn mark(&mut self, text: &[u8], offset: u64) {
        let start = index(offset);
        if let Some(bytes) = self.live.get_mut(start..start.saturating_add(text.len() + 1)) {
            bytes.fill(LIVE);
        }
    }

    /// Marks all text that no known reference points to, unless this edit drops it, so that only dropped
    /// strings and the zeros after a string's own NUL are free.
    fn keep_unknown(&mut self, table: &[u8], plan: &TagPlan) {
        let sized = |offset: &u64| {
            let size = string_at(table, *offset).map_or(0, |text| text.len() + 1);
            index(*offset)..index(*offset).saturating_add(size)
        };
        let dropped: Vec<std::ops::Range<usize>> = plan.dropped.iter().map(sized).collect();
        for range in &dropped {
            let bytes = self.live.get_mut(range.clone()).unwrap_or_default().iter_mut();
            bytes.filter(|live| **live == FREE).for_each(|live| *live = DROPPED);
        }
        // A zero after another zero belongs to no text. The first byte is either live already or not a zero.
        let pairs = table.iter().zip(table.iter().skip(1));
        for (live, (before, byte)) in self.live.iter_mut().skip(1).zip(pairs) {
            *live |= u8::from(*before | *byte != 0);
        }
        if let (Some(live), Some(1..)) = (self.live.first_mut(), table.first()) {
            *live |= LIVE;
        }
        for range in &dropped {
            let bytes = self.live.get_mut(range.clone()).unwrap_or_default().iter_mut();
            bytes.filter(|live| **live & DROPPED != 0).for_each(|live| *live = FREE);
        }
    }

    /// Whether every byte of a range is in use.
    pub(crate) fn all_live(&self, start: usize, end: usize) -> bool {
        self.live.get(start..end).is_some_and(|bytes| memchr::memchr(FREE, bytes).is_none())
    }

    /// The free ranges, in order.
    pub(crate) fn free(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let next = |state: u8, from: usize| {
            let found = memchr::memchr(state, self.live.get(from..).unwrap_or_default());
            found.map_or(self.live.len(), |within| from + within)
        };
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = next(FREE, at);
            at = next(LIVE, start);
            (start < at).then_some(start..at)
        })
    }
}
