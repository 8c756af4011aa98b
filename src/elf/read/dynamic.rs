//! `PT_DYNAMIC` and the string table it refers to.

use std::cell::Cell;

use goblin::elf::dynamic::{
    DT_AUDIT, DT_CONFIG, DT_DEPAUDIT, DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ,
    DT_STRTAB,
};
use goblin::elf::program_header::{PT_DYNAMIC, ProgramHeader};

use super::headers::Image;
use crate::elf::codec::{length, slice};
use crate::elf::error::{ElfError, Fault};

/// Tags that goblin has no name for (gABI, "Dynamic Section", 2022 draft; Solaris's filters).
pub(crate) const DT_RELRSZ: u64 = 35;
pub(crate) const DT_RELR: u64 = 36;
pub(crate) const DT_RELRENT: u64 = 37;
const DT_AUXILIARY: u64 = 0x7fff_fffd;
const DT_FILTER: u64 = 0x7fff_ffff;

/// Whether the value of `tag` is an offset into the dynamic string table (gABI, "Dynamic Section";
/// the last five come from Solaris).
pub(crate) fn is_string_tag(tag: u64) -> bool {
    matches!(
        tag,
        DT_NEEDED
            | DT_SONAME
            | DT_RPATH
            | DT_RUNPATH
            | DT_AUXILIARY
            | DT_FILTER
            | DT_CONFIG
            | DT_DEPAUDIT
            | DT_AUDIT
    )
}

/// One entry of the dynamic section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DynamicEntry {
    pub(crate) tag: u64,
    pub(crate) value: u64,
}

/// The dynamic section: the entries before its first `DT_NULL`.
#[derive(Debug)]
pub(crate) struct Dynamic {
    /// Its offset in the file.
    pub(crate) offset: u64,
    /// The number of entries that fit, the final `DT_NULL` included.
    pub(crate) capacity: u64,
    pub(crate) entries: Vec<DynamicEntry>,
}

impl Dynamic {
    /// Reads the dynamic section through the `PT_LOAD` that maps it, as the loader does. `None` for a static
    /// file, and for a debug file, which has only the header. musl takes the last `PT_DYNAMIC`
    /// (`map_library`) and scans to `DT_NULL` without a limit (`decode_vec`), so a section without `DT_NULL`
    /// is refused.
    pub(crate) fn parse(image: &Image<'_>) -> Result<Option<Self>, ElfError> {
        let what = "dynamic section";
        let is_dynamic = |segment: &&ProgramHeader| segment.p_type == PT_DYNAMIC;
        let Some(segment) = image.segments.iter().rfind(is_dynamic) else { return Ok(None) };
        if image.is_debug_file() {
            return Ok(None);
        }
        let entry = image.format.dynamic_size();
        let word = image.format.word();
        let capacity = segment.p_filesz / entry;
        let offset = image.locate(segment.p_vaddr, segment.p_filesz, what)?;
        let bytes = slice(image.file, offset, capacity * entry, what)?;
        let mut entries = Vec::new();
        let mut ended = false;
        let (entry, word) = (crate::elf::codec::index(entry), crate::elf::codec::index(word));
        for pair in bytes.chunks_exact(entry) {
            let (tag, value) = pair.split_at(word);
            let (tag, value) = (image.format.number(tag), image.format.number(value));
            if tag == DT_NULL {
                ended = true;
                break;
            }
            entries.push(DynamicEntry { tag, value });
        }
        if !ended {
            return Err(ElfError::malformed(what, "no DT_NULL ends it", offset));
        }
        Ok(Some(Self { offset, capacity, entries }))
    }

    /// The value of `tag`; if there are several, the last one, as in musl's `decode_vec`.
    pub(crate) fn value(&self, tag: u64) -> Option<u64> {
        self.entries.iter().rfind(|entry| entry.tag == tag).map(|entry| entry.value)
    }

    /// The values of all entries with `tag`, in order.
    pub(crate) fn values(&self, tag: u64) -> impl Iterator<Item = u64> {
        self.entries.iter().filter(move |entry| entry.tag == tag).map(|entry| entry.value)
    }

    /// The string table. Without `DT_STRSZ`, which musl never reads, it ends with its `PT_LOAD`; without
    /// `DT_STRTAB` it is empty.
    pub(crate) fn strings<'a>(&self, image: &Image<'a>) -> Result<Strings<'a>, ElfError> {
        let what = "string table";
        let bytes = match (self.value(DT_STRTAB), self.value(DT_STRSZ)) {
            (None, _) => &[],
            (Some(address), Some(size)) => image.at(address, size, what)?,
            (Some(address), None) => image.from(address, what)?.1,
        };
        Ok(Strings::new(bytes))
    }
}

/// How many times its own size may be read from the string table before the file counts as an attack. Linkers
/// merge tails, which makes names overlap a little: in 2,087 objects from wheels and a Linux system, all
/// names together were at most 1.2 times as long as the table.
const OVERLAP: u64 = 4;

/// The number of bytes that may be read from any string table, however small.
const SMALL: u64 = 1 << 20;

/// The longest name of a library that can be opened, and of a version: `PATH_MAX` of Linux.
pub(crate) const LONGEST_NAME: u64 = 4096;

/// The longest run path: 64 bytes for each of as many entries as directories are searched
/// ([`Limits::search_path`]). It is read again for every name that is looked up.
///
/// [`Limits::search_path`]: crate::Limits::search_path
pub(crate) const LONGEST_TEXT: u64 = 64 << 10;

/// The dynamic string table. Long names that overlap a thousand times could make reading quadratic in the
/// file's size, so the total of bytes read is limited.
#[derive(Debug)]
pub(crate) struct Strings<'a> {
    pub(crate) bytes: &'a [u8],
    budget: Cell<u64>,
}

impl<'a> Strings<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, budget: Cell::new(length(bytes).saturating_mul(OVERLAP).saturating_add(SMALL)) }
    }

    /// The bytes at `offset`, without the NUL that ends them.
    pub(crate) fn get(&self, offset: u64, what: &'static str) -> Result<&'a [u8], ElfError> {
        let text =
            string_at(self.bytes, offset).ok_or(Fault::NoString { what, offset, size: self.bytes.len() })?;
        let budget = self.budget.get().checked_sub(length(text)).ok_or_else(|| {
            ElfError::malformed(what, "names overlap more than any linker makes them", offset)
        })?;
        self.budget.set(budget);
        Ok(text)
    }

    /// The text at `offset`; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, offset: u64, what: &'static str) -> Result<String, ElfError> {
        self.bounded(offset, what, LONGEST_TEXT, "it is longer than 64 KiB")
    }

    /// The name of a library or version at `offset`, in the same way.
    pub(crate) fn name(&self, offset: u64, what: &'static str) -> Result<String, ElfError> {
        self.bounded(offset, what, LONGEST_NAME, "it is longer than any path")
    }

    fn bounded(
        &self,
        offset: u64,
        what: &'static str,
        longest: u64,
        rule: &'static str,
    ) -> Result<String, ElfError> {
        let text = self.get(offset, what)?;
        if length(text) > longest {
            return Err(ElfError::malformed(what, rule, offset));
        }
        Ok(String::from_utf8_lossy(text).into_owned())
    }
}

/// The bytes at `offset` of a string table, without the NUL that ends them.
pub(crate) fn string_at(table: &[u8], offset: u64) -> Option<&[u8]> {
    let rest = table.get(crate::elf::codec::index(offset)..)?;
    rest.get(..memchr::memchr(0, rest)?)
}
