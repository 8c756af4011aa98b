//! Step 3, second half: finds space for a longer string table, as cheaply as possible.
//!
//! In order: use zeros after the table; shift the tables after it into zeros that follow them; lengthen the
//! file if the table ends it; move the smallest neighbouring table that is large enough out of the way (or
//! the string table itself), into zeros after some segment or else to the end of the file.

use crate::elf::codec::{length, slice};
use crate::elf::error::ElfError;

use goblin::elf::dynamic::{DT_STRSZ, DT_STRTAB};

use super::append::append;
use super::cave::{Piece, Place, enter, lengthen};
use super::draft::{Draft, Move, file_end};
use super::report::{SegmentChange, StringTableChange};
use super::space::{Space, padding};
use super::tables::{Table, movable, strings};

/// A new layout of tables.
#[derive(Debug, Default)]
struct Layout {
    shifts: Vec<(Table, u64)>,
    /// How much longer the segment has to become, in bytes.
    growth: u64,
}

/// The run of tables around the string table, with only zeros between them.
#[derive(Debug)]
struct Run {
    tables: Vec<Table>,
    /// The index of the string table among them.
    at: usize,
    /// The index of their segment.
    load: usize,
    /// The end of the zeros after the last table, inside the segment.
    limit: u64,
    /// Whether the segment ends there.
    reaches_end: bool,
}

/// Writes the string table `content`, which is at least as long as the old one, and finds space for it.
/// `dynamic` is what the dynamic section needs at the end of the file, if it has to move there.
pub(crate) fn place(
    draft: &mut Draft,
    content: &[u8],
    dynamic: Option<Piece>,
) -> Result<(StringTableChange, SegmentChange, Option<Place>), ElfError> {
    let size = length(content);
    let own = strings(draft);
    if size <= own.size() {
        draft.write(own.range.start, content, "string table")?;
        let (place, change) = append_dynamic(draft, dynamic)?;
        return Ok((StringTableChange::InPlace, change, place));
    }
    let space = Space::survey(draft);
    let run = Run::new(draft, &space, &own);
    let load = run.load;
    if let Some(layout) = run.lay(None, size, space.cave(draft, load)) {
        let lengthened = lengthen(draft, load, layout.growth)?;
        apply(draft, layout.shifts, Some((&own, content)), None)?;
        let (place, change) = append_dynamic(draft, dynamic)?;
        return Ok((StringTableChange::Lengthened, lengthened.max(change), place));
    }
    if dynamic.is_none()
        && space.ends_file(draft, load)
        && let Some(layout) = run.lay(None, size, u64::MAX)
    {
        let lengthened = lengthen(draft, load, layout.growth)?;
        apply(draft, layout.shifts, Some((&own, content)), None)?;
        return Ok((StringTableChange::Lengthened, lengthened, None));
    }
    let mut choices: Vec<(bool, u64, usize)> = (0..run.tables.len())
        .filter(|at| *at == run.at || run.lay(Some(*at), size, 0).is_some())
        .filter_map(|at| run.tables.get(at).map(|table| (at, table)))
        .map(|(at, table)| {
            let wanted = if at == run.at { size } else { table.size() };
            (space.best_cave(draft, wanted, table.align).is_none(), wanted, at)
        })
        .collect();
    choices.sort_unstable();
    let Some((_, wanted, at)) = choices.first().copied() else {
        return Err(ElfError::verification("the string table is not among the tables"));
    };
    let Some(table) = run.tables.get(at).cloned() else {
        return Err(ElfError::verification("the string table is not among the tables"));
    };
    let layout =
        if at == run.at { Layout::default() } else { run.lay(Some(at), size, 0).unwrap_or_default() };
    let (home, change, dynamic_place) = match space.best_cave(draft, wanted, table.align) {
        Some(cave) => {
            let home = enter(draft, cave, wanted, table.align)?;
            let (place, change) = append_dynamic(draft, dynamic)?;
            (home, SegmentChange::Lengthened.max(change), place)
        }
        None => {
            let piece = Piece { size: wanted, align: table.align };
            let pieces: Vec<Piece> = dynamic.into_iter().chain([piece]).collect();
            let (mut places, change) = append(draft, &pieces, dynamic.is_some())?;
            let home = places.pop().ok_or_else(|| ElfError::verification("a piece was not appended"))?;
            (home, change, places.pop())
        }
    };
    let how = if at == run.at { StringTableChange::Moved } else { StringTableChange::Exchanged };
    apply(draft, layout.shifts, Some((&own, content)), Some((table, home)))?;
    Ok((how, change, dynamic_place))
}

fn append_dynamic(
    draft: &mut Draft,
    dynamic: Option<Piece>,
) -> Result<(Option<Place>, SegmentChange), ElfError> {
    let Some(piece) = dynamic else { return Ok((None, SegmentChange::None)) };
    let (mut places, change) = append(draft, &[piece], true)?;
    Ok((places.pop(), change))
}

impl Run {
    fn new(draft: &Draft, space: &Space, own: &Table) -> Self {
        let all = movable(draft);
        let load = draft.load_of(&own.range).unwrap_or(0);
        let end = draft.segments.get(load).map_or(0, file_end);
        let start = draft.segments.get(load).map_or(0, |load| load.p_offset);
        let joined = |a: &Table, b: &Table| {
            let gap = a.range.end..b.range.start;
            gap.start <= gap.end && space.zeros(&draft.file, gap.start, gap.end) == gap.end - gap.start
        };
        let inside = |table: &Table| start <= table.range.start && table.range.end <= end;
        let known = all.iter().position(|table| table.section == own.section && table.range == own.range);
        let (tables, at) = match known {
            Some(at) => {
                let mut first = at;
                while let Some(pair) = first.checked_sub(1).and_then(|before| all.get(before..=first)) {
                    match pair {
                        [a, b] if inside(a) && joined(a, b) => first -= 1,
                        _ => break,
                    }
                }
                let mut last = at;
                while let Some([a, b]) = all.get(last..last + 2) {
                    if !inside(b) || !joined(a, b) {
                        break;
                    }
                    last += 1;
                }
                (all.get(first..=last).unwrap_or_default().to_vec(), at - first)
            }
            None => (vec![own.clone()], 0),
        };
        let last = tables.last().map_or(own.range.end, |table| table.range.end);
        let limit = last + space.filler(&draft.file, last, end.max(last));
        Self { tables, at, load, limit, reaches_end: limit == end }
    }

    /// A layout with a string table of `size` bytes and without `evicted`. `cave` is how much the segment can
    /// be lengthened. Tables that are not in the way stay.
    fn lay(&self, evicted: Option<usize>, size: u64, cave: u64) -> Option<Layout> {
        let first = evicted.map_or(self.at, |evicted| evicted.min(self.at));
        let mut layout = Layout::default();
        let mut cursor = self.tables.get(first)?.range.start;
        for (at, table) in self.tables.iter().enumerate().skip(first) {
            if Some(at) == evicted {
                continue;
            }
            if at > self.at && cursor <= table.range.start {
                return Some(layout);
            }
            let address = table.address.wrapping_add(cursor.wrapping_sub(table.range.start));
            cursor = cursor.checked_add(padding(address, table.align))?;
            if cursor != table.range.start {
                layout.shifts.push((table.clone(), cursor));
            }
            cursor = cursor.checked_add(if at == self.at { size } else { table.size() })?;
        }
        layout.growth = cursor.saturating_sub(self.limit);
        let fits = layout.growth == 0 || (self.reaches_end && layout.growth <= cave);
        fits.then_some(layout)
    }
}

/// Moves the bytes of the tables to their new places. All are copied out before the first is written, because
/// a new place may be another table's old place.
fn apply(
    draft: &mut Draft,
    shifts: Vec<(Table, u64)>,
    strings: Option<(&Table, &[u8])>,
    evicted: Option<(Table, Place)>,
) -> Result<(), ElfError> {
    let mut all: Vec<(Table, Place)> = shifts
        .into_iter()
        .map(|(table, offset)| {
            let address = table.address.wrapping_add(offset.wrapping_sub(table.range.start));
            (table, Place { offset, address })
        })
        .chain(evicted)
        .collect();
    if let Some((own, _)) = strings
        && !all.iter().any(|(table, _)| table.range == own.range)
    {
        all.push((own.clone(), Place { offset: own.range.start, address: own.address }));
    }
    let mut contents = Vec::new();
    for (table, _) in &all {
        let content = match strings {
            Some((own, content)) if own.range == table.range => content.to_vec(),
            _ => slice(&draft.file, table.range.start, table.size(), table.name)?.to_vec(),
        };
        contents.push(content);
    }
    for (table, _) in &all {
        draft.clear(&table.range)?;
    }
    let to = |place: &Place, content: &[u8]| place.offset..place.offset.saturating_add(length(content));
    let pointers: Vec<_> = all
        .iter()
        .zip(&contents)
        .map(|((table, place), content)| table.repointed(to(place, content), place.address))
        .collect();
    draft.repoint(&pointers);
    for ((table, place), content) in all.into_iter().zip(contents) {
        let to = to(&place, &content);
        draft.write(to.start, &content, table.name)?;
        let own = strings.is_some_and(|(own, _)| own.range == table.range);
        if own {
            draft.set(DT_STRTAB, place.address);
            draft.set(DT_STRSZ, length(&content));
            draft.strings_address = place.address;
            draft.strings_offset = place.offset;
            draft.strings_size = length(&content);
        }
        draft.moves.push(Move { from: table.range, to, verbatim: !own, name: table.name });
    }
    Ok(())
}
