//! The patcher. It edits in place if it can and otherwise appends; it works by segments, and keeps section
//! headers consistent.
//!
//! It is built on what musl's loader reads (`map_library`, `decode_dyn`, `reclaim_gaps` in `ldso/dynlink.c`).
//! Hash tables, symbols, code and data are never rewritten. Each step has its own file: [`tags`] plans the
//! dynamic section, [`census`] finds the bytes of the string table that become free, [`strings`] places the
//! new names, [`room`] makes space for what does not fit (with [`space`], [`tables`] and [`mod@append`]), and
//! [`draft`] writes the headers.

mod append;
mod cave;
mod census;
mod draft;
mod report;
mod room;
mod space;
mod strings;
mod tables;
mod tags;

use goblin::elf::dynamic::{DF_1_PIE, DT_FLAGS_1, DT_RELACOUNT, DT_RELCOUNT};
use goblin::elf::program_header::{PT_DYNAMIC, PT_INTERP};
use goblin::elf::section_header::SHT_DYNAMIC;

pub use report::{Changes, SegmentChange, StringTableChange};

pub(crate) use append::append;
pub(crate) use cave::{Piece, Place, enter};
pub(crate) use draft::{Draft, Move, TABLE_TAGS, growable, is_writable, length_of};
pub(crate) use space::{Space, padding};
pub(crate) use tables::{Table, movable};

use census::Census;
use strings::Placed;
use tags::{TagPlan, Value};

use super::edit::ElfEdit;
use super::error::ElfError;
use super::read::dynamic::{Dynamic, DynamicEntry};
use super::read::headers::Image;
use super::read::versions::needs;

/// Free entries added when a dynamic section has to move, so that the next edit finds space.
const SPARE_ENTRIES: u64 = 2;

/// A file after its names were edited.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) file: Vec<u8>,
    pub(crate) moves: Vec<Move>,
    pub(crate) strings: StringTableChange,
    pub(crate) segment: SegmentChange,
}

/// Edits names: soname, needed libraries, run path. Ignores the rest of the edit.
pub(crate) fn edit_names(file: Vec<u8>, edit: &ElfEdit) -> Result<Edited, ElfError> {
    let (plan, placed) = match plan(&file, edit)? {
        Some(planned) => planned,
        None => {
            return Ok(Edited {
                file,
                moves: Vec::new(),
                strings: StringTableChange::default(),
                segment: SegmentChange::default(),
            });
        }
    };
    let mut draft = Draft::new(file)?;
    let offset =
        |text: &str| placed.offset(text).ok_or_else(|| ElfError::verification("a new name got no place"));
    let mut entries = Vec::new();
    for (tag, value) in &plan.entries {
        let value = match value {
            Value::Keep(value) => *value,
            Value::Text(text) => offset(text)?,
        };
        entries.push(DynamicEntry { tag: *tag, value });
    }
    draft.dynamic.entries = entries;
    for (field, name) in &plan.needs {
        let offset = offset(name)?;
        let format = draft.format;
        format.put(&mut draft.file, *field, 4, offset, "vn_file")?;
    }
    let mut appended = dynamic_room(&mut draft);
    let mut in_cave = SegmentChange::None;
    if let Some(piece) = appended
        && let Some(place) = dynamic_cave(&mut draft, piece)?
    {
        move_dynamic(&mut draft, piece, place)?;
        appended = None;
        in_cave = SegmentChange::Lengthened;
    }
    let (strings, segment, place) = room::place(&mut draft, &placed.table, appended)?;
    if let (Some(piece), Some(place)) = (appended, place) {
        move_dynamic(&mut draft, piece, place)?;
    }
    let segment = segment.max(in_cave);
    let (file, moves) = draft.finish()?;
    Ok(Edited { file, moves, strings, segment })
}

/// What to change; `None` if the file is already as the edit wants it.
fn plan(file: &[u8], edit: &ElfEdit) -> Result<Option<(TagPlan, Placed)>, ElfError> {
    let image = Image::parse(file)?;
    if edit.keeps_names() {
        return Ok(None);
    }
    let dynamic = Dynamic::parse(&image)?.ok_or_else(|| {
        ElfError::unsupported("the file has no dynamic section: it is static, or a debug file")
    })?;
    let strings = dynamic.strings(&image)?;
    let plan = TagPlan::new(&dynamic, &needs(&image, &dynamic)?, &strings, edit)?;
    if plan.is_empty() {
        return Ok(None);
    }
    let census = Census::take(&image, &dynamic, &strings, &plan)?;
    let placed = Placed::new(strings.bytes, &census, &plan.texts());
    Ok(Some((plan, placed)))
}

/// Decides whether the dynamic section has to move, and what it then needs: `None` if its entries and
/// `DT_NULL` fit.
///
/// `DT_RELACOUNT` and `DT_RELCOUNT` let glibc apply relocations in one go; without them it applies them one
/// by one, and musl never reads them. They are removed before the section is moved.
fn dynamic_room(draft: &mut Draft) -> Option<Piece> {
    let capacity = draft.dynamic.capacity;
    for hint in [DT_RELACOUNT, DT_RELCOUNT] {
        if length_of(&draft.dynamic.entries) >= capacity {
            draft.dynamic.entries.retain(|entry| entry.tag != hint);
        }
    }
    let count = length_of(&draft.dynamic.entries) + 1;
    let entry = draft.format.dynamic_size();
    (count > capacity).then(|| Piece { size: (count + SPARE_ENTRIES) * entry, align: entry })
}

/// Finds a place for the dynamic section in the zeros after a writable segment. It has to be writable: musl
/// and glibc write to its `DT_DEBUG` entry, and glibc writes to others on some machines.
fn dynamic_cave(draft: &mut Draft, piece: Piece) -> Result<Option<Place>, ElfError> {
    let space = Space::survey(draft);
    let cave = space.best_cave_among(draft, piece.size, piece.align, is_writable);
    cave.map(|cave| enter(draft, cave, piece.size, piece.align)).transpose()
}

/// Whether the file is a static program that relocates itself. Its start-up code computes its load address
/// from the distance between `_DYNAMIC`, fixed when it was linked, and `PT_DYNAMIC` (`rcrt1`, `_dlstart_c` in
/// `ldso/dlstart.c`).
fn finds_itself_by_dynamic(draft: &Draft) -> bool {
    let interpreted = draft.segments.iter().any(|segment| segment.p_type == PT_INTERP);
    let flags = draft.dynamic.value(DT_FLAGS_1).unwrap_or(0);
    !interpreted && flags & DF_1_PIE != 0
}

/// Moves the dynamic section to `place` and zeroes its old bytes.
fn move_dynamic(draft: &mut Draft, piece: Piece, place: Place) -> Result<(), ElfError> {
    if finds_itself_by_dynamic(draft) {
        return Err(ElfError::unsupported(
            "a static program finds itself by its dynamic section, which cannot move",
        ));
    }
    let entry = draft.format.dynamic_size();
    let old = draft.dynamic_range();
    draft.clear(&old)?;
    let to = place.offset..place.offset + piece.size;
    for section in draft.sections.iter_mut().filter(|section| section.sh_type == SHT_DYNAMIC) {
        section.sh_addr = place.address;
        section.sh_offset = place.offset;
        section.sh_size = piece.size;
    }
    for segment in draft.segments.iter_mut().filter(|segment| segment.p_type == PT_DYNAMIC) {
        segment.p_offset = place.offset;
        segment.p_vaddr = place.address;
        segment.p_paddr = place.address;
        segment.p_filesz = piece.size;
        segment.p_memsz = piece.size;
    }
    draft.dynamic.offset = place.offset;
    draft.dynamic.capacity = piece.size / entry;
    draft.moves.push(Move { from: old, to, verbatim: false, name: ".dynamic" });
    Ok(())
}
