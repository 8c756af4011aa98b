//! The libraries that an object declares to open with `dlopen`: `.note.dlopen` (UAPI group, "ELF dlopen
//! metadata", <https://uapi-group.org/specifications/specs/elf_dlopen_metadata/>).

use goblin::elf::program_header::PT_NOTE;
use serde_json::Value;

use super::dynamic::LONGEST_NAME;
use super::headers::Image;
use crate::elf::codec::{Format, index, slice};
use crate::elf::facts::DlopenNote;

/// The type of these notes; their owner name is `FDO`.
const DLOPEN: u64 = 0x407c_0c0a;

/// The most entries that are read. systemd, which has the most, has about thirty.
const MOST: usize = 256;

/// The entries of all such notes, in order. A note that cannot be read is ignored: the loader does not read
/// it either.
pub(super) fn of(image: &Image<'_>) -> Vec<DlopenNote> {
    let segments = image.segments.iter().filter(|segment| segment.p_type == PT_NOTE && segment.p_align != 8);
    let mut found = Vec::new();
    // Files may have a PT_NOTE for every section and another for all of them: read the same bytes only once.
    let mut places: Vec<(u64, u64)> = segments.map(|segment| (segment.p_offset, segment.p_filesz)).collect();
    places.sort_unstable();
    places.dedup();
    let mut end = 0;
    for (offset, size) in places {
        if offset < end {
            continue;
        }
        let Ok(notes) = slice(image.file, offset, size, "PT_NOTE") else { continue };
        end = offset.saturating_add(size);
        read(image.format, notes, &mut found);
    }
    found.truncate(MOST);
    found
}

/// Reads notes with words of four bytes, aligned to four (gABI, "Note Section").
fn read(format: Format, mut notes: &[u8], found: &mut Vec<DlopenNote>) {
    let aligned = |size: u64| size.saturating_add(3) & !3;
    while found.len() < MOST && notes.len() >= 12 {
        let word = |at: u64| format.get(notes, at, 4, "note").unwrap_or(0);
        let (name_size, size, kind) = (word(0), word(4), word(8));
        let start = aligned(name_size.saturating_add(12));
        let end = start.saturating_add(size);
        let Some(text) = notes.get(index(start)..index(end)) else { break };
        if kind == DLOPEN && notes.get(12..16) == Some(b"FDO\0") && name_size == 4 {
            found.extend(entries(text));
        }
        notes = notes.get(index(aligned(end))..).unwrap_or(&[]);
    }
}

/// The entries of one note: a JSON array of objects, padded with zeros.
fn entries(text: &[u8]) -> Vec<DlopenNote> {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let parsed = serde_json::from_slice(text.get(..end).unwrap_or_default());
    let Ok(Value::Array(entries)) = parsed else { return Vec::new() };
    let entries = entries.iter().map(|entry| {
        let text = |key: &str| entry.get(key).and_then(readable);
        let names = entry.get("soname").and_then(Value::as_array).into_iter().flatten();
        DlopenNote {
            sonames: names.filter_map(readable).collect(),
            priority: text("priority"),
            feature: text("feature"),
        }
    });
    entries.filter(|entry| !entry.sonames.is_empty()).collect()
}

/// A string that is printable and not longer than the name of a library.
fn readable(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty() && text.len() as u64 <= LONGEST_NAME)?;
    (!text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::codec::{Class, Endian};

    const FORMAT: Format = Format { class: Class::Elf64, endian: Endian::Big };

    fn note(kind: u32, name: &[u8; 4], text: &str) -> Vec<u8> {
        let size = u32::try_from(text.len()).unwrap_or_default();
        let mut bytes = [4, size, kind].map(u32::to_be_bytes).concat();
        bytes.extend(name);
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn found(notes: &[u8]) -> Vec<DlopenNote> {
        let mut found = Vec::new();
        read(FORMAT, notes, &mut found);
        found
    }

    #[test]
    fn entries_of_several_notes_are_read_in_order() {
        let one = r#"[{"feature":"archive","description":"x","priority":"suggested","soname":["liba.so.13","liba.so.12"]}]"#;
        let two = r#"[{"soname":["libb.so.1"]},{"soname":[]},{"feature":"none"}]"#;
        let notes = [
            note(3, b"GNU\0", "build id"),
            note(0x407c_0c0a, b"FDO\0", one),
            note(0x407c_0c0a, b"FDO\0", two),
        ];
        let text = |text: &str| Some(text.to_owned());
        let entry = |sonames: &[&str], priority, feature| DlopenNote {
            sonames: sonames.iter().map(|name| (*name).to_owned()).collect(),
            priority,
            feature,
        };
        let first = entry(&["liba.so.13", "liba.so.12"], text("suggested"), text("archive"));
        assert_eq!(found(&notes.concat()), [first, entry(&["libb.so.1"], None, None)]);
    }

    #[test]
    fn notes_of_other_owners_and_damaged_notes_are_ignored() {
        let text = r#"[{"soname":["liba.so.1"]}]"#;
        assert_eq!(found(&note(0x407c_0c0a, b"FDX\0", text)), []);
        assert_eq!(found(&note(0x407c_0c0b, b"FDO\0", text)), []);
        assert_eq!(found(&note(0x407c_0c0a, b"FDO\0", "[{")), []);
        assert_eq!(found(&note(0x407c_0c0a, b"FDO\0", r#"[{"soname":["lib\u001b.so"]}]"#)), []);
        let whole = note(0x407c_0c0a, b"FDO\0", text);
        for length in 0..whole.len() - 4 {
            assert_eq!(found(whole.get(..length).unwrap_or_default()), [], "{length}");
        }
    }
}
