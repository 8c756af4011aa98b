//! Step 3: finds a place in the string table for every new string.

use std::collections::BTreeMap;
use std::ops::Range;

use super::census::Census;

/// How many free ranges are tried. Linkers leave none, and an edit leaves as many as it drops names; a
/// hostile file can have millions.
const MOST_HOLES: usize = 10_000;

/// How many bytes of the table are searched for new names that are already present: enough for hundreds of
/// names in the tables of the largest published libraries. A name that is not found is added.
const MOST_SEARCHED: usize = 1 << 28;

/// The new string table.
#[derive(Debug)]
pub(crate) struct Placed {
    /// Its bytes: as long as the old table, or longer if strings were added at the end.
    pub(crate) table: Vec<u8>,
    places: BTreeMap<String, u64>,
}

impl Placed {
    /// Finds a place for each of `texts` (longest first): an equal string or the tail of one, else the freed
    /// bytes that fit best, else the end of the table. Unused freed bytes become zero.
    pub(crate) fn new(old: &[u8], census: &Census, texts: &[&str]) -> Self {
        let mut placed = Self { table: old.to_vec(), places: BTreeMap::new() };
        for range in census.free() {
            if let Some(bytes) = placed.table.get_mut(range) {
                bytes.fill(0);
            }
        }
        let mut free = holes(census, old.len(), texts.last().map_or(0, |shortest| shortest.len()));
        let mut searches = MOST_SEARCHED.checked_div(old.len()).unwrap_or(0);
        let mut new: Vec<Range<usize>> = Vec::new();
        let mut growing: Vec<&str> = Vec::new();
        for text in texts {
            let usable = |start, end| {
                census.all_live(start, end)
                    || new.iter().any(|range| range.start <= start && end <= range.end)
            };
            let found = match searches.checked_sub(1) {
                Some(rest) => {
                    searches = rest;
                    find_tail(&placed.table, text.as_bytes(), usable)
                }
                None => None,
            };
            if let Some(at) = found {
                placed.places.insert((*text).to_owned(), at as u64);
                continue;
            }
            let size = text.len() + 1;
            let fitting = free.iter_mut().filter(|range| range.len() >= size).min_by_key(|range| range.len());
            let Some(range) = fitting else {
                // The tail of a string that will be added at the end needs no place of its own.
                if !growing.iter().any(|longer| longer.ends_with(text)) {
                    growing.push(text);
                }
                continue;
            };
            let at = range.start;
            range.start += size;
            placed.put(text, at);
            new.push(at..at + size);
        }
        // Free bytes at the very end of the table reduce its growth.
        let end = placed.table.len();
        let mut at =
            free.iter().find(|range| range.end == end && !range.is_empty()).map_or(end, |range| range.start);
        for text in &growing {
            placed.put(text, at);
            at += text.len() + 1;
        }
        for text in texts {
            let longer = growing.iter().find(|longer| longer.ends_with(text));
            if let (false, Some(longer)) = (placed.places.contains_key(*text), longer) {
                let start = placed.offset(longer).unwrap_or(0) + (longer.len() - text.len()) as u64;
                placed.places.insert((*text).to_owned(), start);
            }
        }
        placed
    }

    /// The offset of one of the requested texts.
    pub(crate) fn offset(&self, text: &str) -> Option<u64> {
        self.places.get(text).copied()
    }

    fn put(&mut self, text: &str, at: usize) {
        let end = at + text.len() + 1;
        if self.table.len() < end {
            self.table.resize(end, 0);
        }
        if let Some(bytes) = self.table.get_mut(at..end - 1) {
            bytes.copy_from_slice(text.as_bytes());
        }
        self.places.insert(text.to_owned(), at as u64);
    }
}

/// The free ranges that are long enough for a text, and the free bytes at the very `end` of the table.
fn holes(census: &Census, end: usize, shortest: usize) -> Vec<Range<usize>> {
    let useful = |range: &Range<usize>| range.len() > shortest || range.end == end;
    let mut holes = census.free().filter(useful);
    let mut found: Vec<Range<usize>> = holes.by_ref().take(MOST_HOLES).collect();
    found.extend(holes.last());
    found
}

/// Finds `text` as the end of a string in `table`, where `usable` accepts the range of the text and its NUL.
fn find_tail(table: &[u8], text: &[u8], usable: impl Fn(usize, usize) -> bool) -> Option<usize> {
    // The NUL appears nowhere else in the text, so matches cannot overlap.
    let ended = [text, b"\0"].concat();
    memchr::memmem::find_iter(table, &ended).find(|start| usable(*start, start + ended.len()))
}
