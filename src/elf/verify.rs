//! Verification of a written file: it is read again and compared with the original.
//!
//! A mismatch is a bug in the patcher; the file must not be used then.

use std::collections::BTreeMap;

use goblin::elf::dynamic::{
    DT_NEEDED, DT_RELACOUNT, DT_RELCOUNT, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB,
};
use goblin::elf::program_header::{PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, PT_PHDR, ProgramHeader};
use goblin::elf::section_header::SHT_SYMTAB;

use super::codec::{index, slice};
use super::edit::{ElfEdit, RunPathEdit};
use super::error::ElfError;
use super::facts::ElfFacts;
use super::patch::{Move, TABLE_TAGS};
use super::payload::payload;
use super::ranges::{Range, sized};
use super::read::dynamic::{Dynamic, is_string_tag};
use super::read::headers::Image;
use super::read::machine::largest_page;
use super::read::survey::Survey;
use super::read::symbols::DynamicSymbols;
use super::read::versions::needs;

fn fail<T>(rule: impl Into<String>) -> Result<T, ElfError> {
    Err(ElfError::verification(rule))
}

/// The facts a file must have after an edit.
pub(crate) fn expected(before: &ElfFacts, edit: &ElfEdit) -> ElfFacts {
    let mut facts = before.clone();
    if edit.soname.is_some() {
        facts.soname.clone_from(&edit.soname);
    }
    let renamed = |name: &String| edit.rename_needed.get(name).unwrap_or(name).clone();
    let mut needed: Vec<String> = Vec::new();
    let mut from_rename: BTreeMap<String, bool> = BTreeMap::new();
    for old in before.needed.iter().filter(|name| !edit.remove_needed.contains(*name)) {
        let new = renamed(old);
        let changed = new != *old;
        if from_rename.get(&new).is_none_or(|earlier| !changed && !earlier) {
            from_rename.insert(new.clone(), changed);
            needed.push(new);
        }
    }
    facts.needed = needed;
    for need in &mut facts.version_needs {
        need.file = renamed(&need.file);
    }
    match &edit.run_path {
        RunPathEdit::Keep => {}
        RunPathEdit::Clear => (facts.rpath, facts.runpath) = (None, None),
        RunPathEdit::Set(path) => (facts.rpath, facts.runpath) = (Some(path.clone()), None),
    }
    if edit.lower_relr {
        facts.relr = false;
    }
    facts
}

/// A file before and after a change, both parsed.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    old: Survey<'a>,
    new: Survey<'a>,
}

impl<'a> Comparison<'a> {
    /// Parses both files in parallel.
    pub(crate) fn of(before: &'a [u8], after: &'a [u8]) -> Result<Self, ElfError> {
        let (old, new) = rayon::join(|| Survey::of(before), || Survey::of(after));
        Ok(Self { old: old?, new: new? })
    }

    /// The facts of the file after the edit.
    pub(crate) fn into_facts(self) -> ElfFacts {
        self.new.facts
    }

    /// Checks that the new facts are the old facts plus the edit, and that every dynamic symbol is unchanged.
    /// Segments may change; they are compared elsewhere.
    pub(crate) fn check_facts(&self, edit: &ElfEdit) -> Result<(), ElfError> {
        let found = &self.new.facts;
        let mut wanted = expected(&self.old.facts, edit);
        wanted.segments.clone_from(&found.segments);
        // Moving the table into a new segment can turn this to true.
        wanted.headers_mapped |= found.headers_mapped;
        // What DT_RELR writes is counted only after its slots have become ordinary relocations.
        wanted.relocations.text |= edit.lower_relr && found.relocations.text;
        if *found != wanted {
            return fail(differences(found, &wanted));
        }
        let (before, after) = (self.old.image.file, self.new.image.file);
        let (old, new) = rayon::join(|| DynamicSymbols::parse(before), || DynamicSymbols::parse(after));
        let (old, new) = (old?, new?);
        for (mut old, new) in old.iter().zip(new.iter()) {
            if let Some(name) = old.version_file.and_then(|file| std::str::from_utf8(file).ok()) {
                let name = edit.rename_needed.get(name).map(String::as_bytes);
                old.version_file = name.or(old.version_file);
            }
            if old != new {
                let name = String::from_utf8_lossy(old.name).into_owned();
                return fail(format!("the dynamic symbol `{name}` or what refers to it changed"));
            }
        }
        if old.count() != new.count() {
            return fail("the number of dynamic symbols changed");
        }
        Ok(())
    }

    /// Checks the loader's layout rules, and that only what the patcher reports as moved has changed. Tags in
    /// `free_tags` are checked by the caller.
    pub(crate) fn check_layout(&self, moves: &[Move], free_tags: &[u64]) -> Result<(), ElfError> {
        let Self { old, new } = self;
        check_segments(&old.image, &new.image)?;
        check_payload(&old.image, &new.image)?;
        if old.facts.headers_mapped && !new.facts.headers_mapped {
            return fail("the program header table is no longer inside one PT_LOAD");
        }
        if let (Some(old_dynamic), Some(new_dynamic)) = (&old.dynamic, &new.dynamic) {
            check_tags(old_dynamic, new_dynamic, free_tags)?;
            check_tables(old, old_dynamic, new, new_dynamic, moves, free_tags)?;
            check_strings(&old.image, old_dynamic, &new.image, new_dynamic)?;
            let changed = changed_ranges(&old.image, old_dynamic, &new.image, new_dynamic, moves)?;
            check_bytes(old.image.file, new.image.file, changed)?;
            check_moves(old.image.file, new.image.file, &needs(&new.image, new_dynamic)?, moves)?;
        }
        Ok(())
    }
}

/// The fields that differ from what was expected: `needed: ["a"] and not ["b"]`.
fn differences(found: &ElfFacts, wanted: &ElfFacts) -> String {
    let values = |facts: &ElfFacts| serde_json::to_value(facts).unwrap_or_default();
    let (found, wanted) = (values(found), values(wanted));
    let fields = found.as_object().into_iter().flatten();
    let named = fields.filter_map(|(name, value)| {
        let other = wanted.get(name).filter(|other| *other != value)?;
        Some(format!("{name}: {value} and not {other}"))
    });
    named.collect::<Vec<_>>().join(", ")
}

/// [`Comparison::check_facts`] for an engine that does not update `vn_file` of `DT_VERNEED`: musl ignores it.
#[cfg(feature = "arwen")]
pub(crate) fn check_facts_of_names(
    before: &[u8],
    after: &[u8],
    edit: &ElfEdit,
) -> Result<ElfFacts, ElfError> {
    let found = ElfFacts::parse(after)?;
    let old = ElfFacts::parse(before)?;
    let mut wanted = expected(&old, edit);
    wanted.segments.clone_from(&found.segments);
    wanted.headers_mapped |= found.headers_mapped;
    wanted.version_needs.clone_from(&old.version_needs);
    if found != wanted {
        return fail(differences(&found, &wanted));
    }
    check_payload(&Image::parse(before)?, &Image::parse(after)?)?;
    let (old, new) = (DynamicSymbols::parse(before)?, DynamicSymbols::parse(after)?);
    if !old.iter().eq(new.iter()) {
        return fail("a dynamic symbol changed");
    }
    Ok(found)
}

/// Checks that a payload has not moved, still ends the file, and comes after everything that the headers
/// describe.
fn check_payload(old: &Image<'_>, new: &Image<'_>) -> Result<(), ElfError> {
    let before = payload(old);
    if before.is_empty() || (old.file.len() == new.file.len() && payload(new).ends_with(before)) {
        Ok(())
    } else {
        fail("the data behind the ELF content is no longer where it was, at the end of the file")
    }
}

/// Checks that segments ascend, agree with the file and do not share pages (`map_library` maps them in order,
/// with `MAP_FIXED`).
fn check_segments(old: &Image<'_>, new: &Image<'_>) -> Result<(), ElfError> {
    let page = largest_page(new.header.e_machine);
    let loads: Vec<&ProgramHeader> = new.loads().collect();
    for load in &loads {
        slice(new.file, load.p_offset, load.p_filesz, "PT_LOAD")?;
        if load.p_filesz > load.p_memsz {
            return fail("a PT_LOAD maps more of the file than of memory");
        }
        let known = old.loads().any(|other| other.p_offset == load.p_offset && other.p_vaddr == load.p_vaddr);
        let aligned = load.p_align <= 1 || load.p_vaddr.wrapping_sub(load.p_offset) % load.p_align == 0;
        let on_page = load.p_vaddr.wrapping_sub(load.p_offset) % page == 0;
        if !known && (!aligned || !on_page || load.p_memsz == 0) {
            return fail("the new PT_LOAD is empty, or address and offset are not congruent");
        }
    }
    for pair in loads.windows(2) {
        let [first, second] = pair else { continue };
        let end = first.p_vaddr.saturating_add(first.p_memsz);
        if second.p_vaddr < end {
            return fail("PT_LOAD segments overlap or do not ascend");
        }
        let shares = end.div_ceil(page) > second.p_vaddr / page;
        let shared = old.loads().zip(old.loads().skip(1)).any(|(a, b)| {
            (a.p_vaddr, a.p_memsz, b.p_vaddr) == (first.p_vaddr, first.p_memsz, second.p_vaddr)
        });
        if shares && !shared {
            return fail("two PT_LOAD segments share a page");
        }
    }
    let of_kind = |image: &Image<'_>, kind: u32| {
        image.segments.iter().filter(|segment| segment.p_type == kind).cloned().collect::<Vec<_>>()
    };
    if of_kind(new, PT_DYNAMIC).len() != 1 {
        return fail("there is not exactly one PT_DYNAMIC");
    }
    let own = of_kind(new, PT_PHDR).into_iter().filter(|segment| !old.segments.contains(segment));
    for segment in of_kind(new, PT_DYNAMIC).into_iter().chain(own) {
        if new.locate(segment.p_vaddr, segment.p_filesz, "segment")? != segment.p_offset {
            return fail("offset and address of PT_DYNAMIC or PT_PHDR disagree");
        }
    }
    for segment in &old.segments {
        let kept = matches!(segment.p_type, PT_INTERP | PT_GNU_RELRO)
            || !matches!(segment.p_type, PT_LOAD | PT_DYNAMIC | PT_PHDR | 0);
        if kept && !new.segments.contains(segment) {
            return fail("a segment that has nothing to do with the edit changed");
        }
    }
    Ok(())
}

/// Checks that tags outside the edit keep order and value, apart from the addresses of movable tables.
fn check_tags(old: &Dynamic, new: &Dynamic, free: &[u64]) -> Result<(), ElfError> {
    let untouched = |dynamic: &Dynamic| -> Vec<(u64, u64)> {
        let entries = dynamic.entries.iter().filter(|entry| !is_string_tag(entry.tag));
        entries
            .filter(|entry| !matches!(entry.tag, DT_RELACOUNT | DT_RELCOUNT) && !free.contains(&entry.tag))
            .map(|entry| {
                let moves = TABLE_TAGS.contains(&entry.tag) || entry.tag == DT_STRSZ;
                (entry.tag, if moves { 0 } else { entry.value })
            })
            .collect()
    };
    if untouched(old) != untouched(new) {
        return fail("a tag that has nothing to do with the edit changed");
    }
    let hint = |tag| free.contains(&tag) || new.value(tag).is_none_or(|value| old.value(tag) == Some(value));
    if !hint(DT_RELACOUNT) || !hint(DT_RELCOUNT) {
        return fail("DT_RELACOUNT or DT_RELCOUNT changed");
    }
    Ok(())
}

/// Checks that the tags of moved tables point to the new places, and that the others are unchanged.
fn check_tables(
    old: &Survey<'_>,
    old_dynamic: &Dynamic,
    new: &Survey<'_>,
    new_dynamic: &Dynamic,
    moves: &[Move],
    free: &[u64],
) -> Result<(), ElfError> {
    for tag in TABLE_TAGS.into_iter().filter(|tag| *tag != DT_STRTAB && !free.contains(tag)) {
        let (Some(before), Some(after)) = (old_dynamic.value(tag), new_dynamic.value(tag)) else { continue };
        let from = old.image.locate(before, 0, "table").ok();
        let moved = from.and_then(|from| {
            let table = moves.iter().find(|table| table.verbatim && table.from.contains(&from))?;
            Some(table.to.start.saturating_add(from - table.from.start))
        });
        let follows = match moved {
            Some(to) => new.image.locate(after, 0, "table") == Ok(to),
            None => after == before,
        };
        if !follows {
            return fail("a tag of a table does not say where it is");
        }
    }
    Ok(())
}

/// Checks that string tags outside the edit keep their text.
fn check_strings(
    old_image: &Image<'_>,
    old: &Dynamic,
    new_image: &Image<'_>,
    new: &Dynamic,
) -> Result<(), ElfError> {
    let others = |image: &Image<'_>, dynamic: &Dynamic| -> Result<Vec<(u64, String)>, ElfError> {
        let strings = dynamic.strings(image)?;
        let tags = dynamic.entries.iter().filter(|entry| {
            is_string_tag(entry.tag) && !matches!(entry.tag, DT_NEEDED | DT_SONAME | DT_RPATH | DT_RUNPATH)
        });
        tags.map(|entry| Ok((entry.tag, strings.text(entry.value, "dynamic section")?))).collect()
    };
    let table = new.strings(new_image)?;
    if table.bytes.last() != Some(&0) {
        return fail("the string table does not end with NUL");
    }
    if others(old_image, old)? != others(new_image, new)? {
        return fail("a string that has nothing to do with the edit changed");
    }
    Ok(())
}

/// Every range of the old file that may differ: headers, the dynamic section, the string table, `vn_file`
/// fields, symbol values, and both places of moved tables.
fn changed_ranges(
    old: &Image<'_>,
    old_dynamic: &Dynamic,
    new: &Image<'_>,
    new_dynamic: &Dynamic,
    moves: &[Move],
) -> Result<Vec<Range>, ElfError> {
    let mut ranges = vec![sized(0, old.format.file_header_size())];
    for (image, dynamic) in [(old, old_dynamic), (new, new_dynamic)] {
        let table = u64::from(image.header.e_phnum) * image.format.program_header_size();
        ranges.push(sized(image.header.e_phoff, table));
        ranges.push(sized(dynamic.offset, dynamic.capacity * image.format.dynamic_size()));
        for need in needs(image, dynamic)? {
            ranges.push(sized(need.file_field, 4));
        }
        if let Some(address) = dynamic.value(goblin::elf::dynamic::DT_STRTAB) {
            let size = dynamic.value(DT_STRSZ).unwrap_or(0);
            ranges.push(sized(image.locate(address, size, "string table")?, size));
        }
    }
    for moved in moves {
        ranges.extend([moved.from.clone(), moved.to.clone()]);
    }
    if old.sections.len() != new.sections.len() {
        return fail("the number of sections changed");
    }
    let entry = old.format.section_header_size();
    for (at, (a, b)) in (0u64..).zip(old.sections.iter().zip(&new.sections)) {
        if a != b {
            ranges.push(sized(old.header.e_shoff.saturating_add(at * entry), entry));
        }
        if a.sh_type == SHT_SYMTAB && !moves.is_empty() {
            ranges.push(sized(a.sh_offset, a.sh_size));
        }
    }
    Ok(ranges)
}

/// Checks that every byte outside the ranges that may differ is unchanged.
fn check_bytes(before: &[u8], after: &[u8], mut changed: Vec<Range>) -> Result<(), ElfError> {
    changed.sort_by_key(|range| range.start);
    let end = before.len() as u64;
    let mut at = 0;
    for range in changed.into_iter().chain(std::iter::once(end..end)) {
        let (from, to) = (index(at), index(range.start.min(end)));
        if from < to && before.get(from..to) != after.get(from..to) {
            return fail(format!("bytes between {from:#x} and {to:#x} changed"));
        }
        at = at.max(range.end);
    }
    if after.len() < before.len() {
        return fail("the file became shorter");
    }
    Ok(())
}

/// Checks that moved bytes are unchanged, apart from `vn_file` fields, and that the new places do not
/// overlap.
fn check_moves(
    before: &[u8],
    after: &[u8],
    needs: &[super::read::versions::Need],
    moves: &[Move],
) -> Result<(), ElfError> {
    for moved in moves.iter().filter(|moved| moved.verbatim) {
        let size = moved.to.end.saturating_sub(moved.to.start);
        let mut old = slice(before, moved.from.start, size, "moved table")?.to_vec();
        let mut new = slice(after, moved.to.start, size, "moved table")?.to_vec();
        for need in needs.iter().filter(|need| moved.to.contains(&need.file_field)) {
            let at = index(need.file_field - moved.to.start);
            for bytes in [&mut old, &mut new] {
                if let Some(word) = bytes.get_mut(at..at.saturating_add(4)) {
                    word.fill(0);
                }
            }
        }
        if old != new {
            return fail(format!("{} changed while it was moved", moved.name));
        }
    }
    let mut places: Vec<&Range> = moves.iter().map(|moved| &moved.to).collect();
    places.sort_by_key(|range| range.start);
    let overlap = places.windows(2).any(|pair| matches!(pair, [a, b] if b.start < a.end));
    if overlap { fail("two tables were moved to the same place") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_names_only_the_fields_that_differ() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/elf/x86_64/bfd-plain.so");
        let before = std::fs::read(file).unwrap();
        let edit = ElfEdit {
            soname: Some("libother.so".to_owned()),
            run_path: RunPathEdit::Set("/a".to_owned()),
            ..ElfEdit::default()
        };
        let error = Comparison::of(&before, &before).unwrap().check_facts(&edit).unwrap_err().to_string();
        let wanted = "patched file fails verification: rpath: null and not \"/a\", \
                      soname: \"libfixture.so.1\" and not \"libother.so\"";
        assert_eq!(error, wanted);
    }
}
