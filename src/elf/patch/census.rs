//! Step 2: which bytes of the string table somebody still refers to.

use crate::elf::codec::index;
use crate::elf::dynamic::{Dynamic, Strings, string_at};
use crate::elf::error::ElfError;
use crate::elf::image::Image;
use crate::elf::symbols::{self, RawSymbol};
use crate::elf::versions::{definitions, needs};

use super::tags::{TagPlan, Value};

/// The string table, byte by byte: live or free. Linkers merge tails, so the bytes of a string that
/// one entry drops may be the end of a string that another keeps.
#[derive(Debug)]
pub(crate) struct Census {
    /// Whether each byte belongs to a string in use.
    live: Vec<bool>,
}

impl Census {
    /// Marks every string that tags, symbols and versions refer to once `plan` is carried out. Where
    /// not every reference can be known, all bytes are live.
    pub(crate) fn take(
        image: &Image<'_>,
        dynamic: &Dynamic,
        strings: &Strings<'_>,
        plan: &TagPlan,
    ) -> Result<Self, ElfError> {
        let table = strings.bytes;
        let count = symbols::count(image, dynamic)?;
        // A table that also holds section names has readers that are not looked at here.
        let shared = image.sections.get(usize::from(image.header.e_shstrndx)).is_some_and(|section| {
            section.sh_addr != 0 && dynamic.value(goblin::elf::dynamic::DT_STRTAB) == Some(section.sh_addr)
        });
        if !count.exact || shared {
            return Ok(Self { live: vec![true; table.len()] });
        }
        let mut census = Self { live: vec![false; table.len()] };
        if let Some(first) = census.live.first_mut() {
            *first = true; // the empty string
        }
        let entry = index(image.format.symbol_size());
        for bytes in symbols::table(image, dynamic, count.count)?.chunks_exact(entry) {
            if let Some(symbol) = RawSymbol::parse(image.format, bytes) {
                census.mark(strings.get(symbol.name, "dynamic symbol")?, symbol.name);
            }
        }
        for (tag, value) in &plan.entries {
            if let (true, Value::Keep(offset)) = (crate::elf::dynamic::is_string_tag(*tag), value) {
                census.mark(strings.get(*offset, "dynamic section")?, *offset);
            }
        }
        for need in needs(image, dynamic)? {
            if !plan.needs.iter().any(|(field, _)| *field == need.file_field) {
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
            bytes.fill(true);
        }
    }

    /// Text that nobody is known to refer to, and that this edit does not drop, is left alone: only
    /// dropped strings and zeros after a string's own NUL are free.
    fn keep_unknown(&mut self, table: &[u8], plan: &TagPlan) {
        let mut dropped = vec![false; table.len()];
        for offset in &plan.dropped {
            let size = string_at(table, *offset).map_or(0, |text| text.len() + 1);
            let start = index(*offset);
            if let Some(bytes) = dropped.get_mut(start..start.saturating_add(size)) {
                bytes.fill(true);
            }
        }
        let before = std::iter::once(&0).chain(table);
        for (((live, dropped), byte), before) in self.live.iter_mut().zip(dropped).zip(table).zip(before) {
            *live |= !(dropped | ((*byte | *before) == 0));
        }
    }

    /// Whether every byte of a range is in use.
    pub(crate) fn all_live(&self, start: usize, end: usize) -> bool {
        self.live.get(start..end).is_some_and(|bytes| bytes.iter().all(|live| *live))
    }

    /// The free ranges, in order.
    pub(crate) fn free(&self) -> Vec<std::ops::Range<usize>> {
        let mut free: Vec<std::ops::Range<usize>> = Vec::new();
        for (at, _) in self.live.iter().enumerate().filter(|(_, live)| !**live) {
            match free.last_mut() {
                Some(last) if last.end == at => last.end += 1,
                _ => free.push(at..at + 1),
            }
        }
        free
    }
}
