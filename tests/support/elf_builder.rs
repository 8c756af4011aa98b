//! ELF files that no linker would write.

/// Tags of the dynamic section (gABI, "Dynamic Section").
pub(crate) const DT_NEEDED: u64 = 1;
pub(crate) const DT_HASH: u64 = 4;
pub(crate) const DT_STRTAB: u64 = 5;
pub(crate) const DT_SYMTAB: u64 = 6;
pub(crate) const DT_RELA: u64 = 7;
pub(crate) const DT_RELASZ: u64 = 8;
pub(crate) const DT_STRSZ: u64 = 10;
pub(crate) const DT_INIT: u64 = 12;
pub(crate) const DT_SONAME: u64 = 14;
pub(crate) const DT_DEBUG: u64 = 21;
pub(crate) const DT_RUNPATH: u64 = 29;
pub(crate) const DT_RELRSZ: u64 = 35;
pub(crate) const DT_RELR: u64 = 36;
pub(crate) const DT_RELRENT: u64 = 37;
pub(crate) const DT_GNU_HASH: u64 = 0x6fff_fef5;
pub(crate) const DT_VERSYM: u64 = 0x6fff_fff0;
pub(crate) const DT_VERNEED: u64 = 0x6fff_fffe;
pub(crate) const DT_VERNEEDNUM: u64 = 0x6fff_ffff;

/// Types of segments and sections, and a flag of the latter.
pub(crate) const PT_LOAD: u64 = 1;
pub(crate) const PT_INTERP: u64 = 3;
pub(crate) const PT_NOTE: u64 = 4;
pub(crate) const PT_GNU_PROPERTY: u64 = 0x6474_e553;
pub(crate) const SHT_PROGBITS: u32 = 1;
pub(crate) const SHT_SYMTAB: u32 = 2;
pub(crate) const SHT_STRTAB: u32 = 3;
pub(crate) const SHT_RELA: u32 = 4;
pub(crate) const SHT_DYNAMIC: u32 = 6;
pub(crate) const SHT_NOTE: u32 = 7;
pub(crate) const SHF_ALLOC: u64 = 2;

/// A shared object for x86_64: one writable segment that maps the whole file at address 0, a dynamic section, and the
/// content that a test adds. Without symbols it gets an empty hash table, because every library has one.
#[derive(Clone)]
pub(crate) struct ElfBuilder {
    strings: Vec<u8>,
    entries: Vec<(u64, u64)>,
    /// Tables, each with the tag that holds its address.
    tables: Vec<(u64, Vec<u8>)>,
    /// `(p_type, p_offset, p_vaddr, p_filesz, p_memsz)` of further segments.
    segments: Vec<[u64; 5]>,
    sections: Vec<Section>,
    /// Bytes after the segment.
    rest: Vec<u8>,
    string_table_size: Option<u64>,
    ended: bool,
}

/// A section header.
#[derive(Clone, Default)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
}

impl ElfBuilder {
    pub(crate) fn new() -> Self {
        Self {
            strings: vec![0],
            entries: Vec::new(),
            tables: Vec::new(),
            segments: Vec::new(),
            sections: Vec::new(),
            rest: Vec::new(),
            string_table_size: None,
            ended: true,
        }
    }

    /// Adds an entry whose value is a string.
    pub(crate) fn text(mut self, tag: u64, text: &str) -> Self {
        self.entries.push((tag, self.strings.len() as u64));
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        self
    }

    pub(crate) fn needed(self, name: &str) -> Self {
        self.text(DT_NEEDED, name)
    }

    /// Adds an entry with this value.
    pub(crate) fn entry(mut self, tag: u64, value: u64) -> Self {
        self.entries.push((tag, value));
        self
    }

    /// Adds a table, and an entry with its address.
    pub(crate) fn table(mut self, tag: u64, bytes: Vec<u8>) -> Self {
        self.tables.push((tag, bytes));
        self
    }

    /// Puts these bytes at the end of the string table, with nothing after them.
    pub(crate) fn raw_strings(mut self, bytes: &[u8]) -> Self {
        self.strings.extend(bytes);
        self
    }

    /// Declares another size for the string table than it has.
    pub(crate) fn string_table_size(mut self, size: u64) -> Self {
        self.string_table_size = Some(size);
        self
    }

    /// Adds a program header: type, offset, address, size in the file and in memory.
    pub(crate) fn segment(mut self, segment: [u64; 5]) -> Self {
        self.segments.push(segment);
        self
    }

    /// Adds section headers, one for the header's own names included. They follow the segment.
    pub(crate) fn sections(mut self, sections: impl IntoIterator<Item = Section>) -> Self {
        self.sections.extend(sections);
        self
    }

    /// Puts these bytes after the segment, before section headers.
    pub(crate) fn behind(mut self, bytes: &[u8]) -> Self {
        self.rest.extend(bytes);
        self
    }

    /// The address and file offset that the table with this tag will have, if no string or segment is added.
    pub(crate) fn place_of(&self, tag: u64) -> u64 {
        let before = self.tables.iter().take_while(|(other, _)| *other != tag);
        let before: usize = before.map(|(_, bytes)| bytes.len().next_multiple_of(16)).sum();
        (64 + 56 * (2 + self.segments.len()) + self.strings.len().next_multiple_of(16) + before) as u64
    }

    /// Omits `DT_NULL`.
    pub(crate) fn endless(mut self) -> Self {
        self.ended = false;
        self
    }

    pub(crate) fn build(mut self) -> Vec<u8> {
        if !self.tables.iter().any(|(tag, _)| [DT_SYMTAB, DT_HASH, DT_GNU_HASH].contains(tag)) {
            // One bucket, and one chain: that of the null symbol.
            self.tables.push((DT_HASH, words(&[1, 1, 0, 0])));
        }
        let count = 2 + self.segments.len();
        let mut offset = 64 + 56 * count;
        let mut entries = self.entries;
        let size = self.string_table_size.unwrap_or(self.strings.len() as u64);
        entries.extend([(DT_STRTAB, offset as u64), (DT_STRSZ, size)]);
        let mut body = self.strings;
        body.resize(body.len().next_multiple_of(16), 0);
        for (tag, bytes) in self.tables {
            entries.push((tag, (offset + body.len()) as u64));
            body.extend(bytes);
            body.resize(body.len().next_multiple_of(16), 0);
        }
        offset += body.len();
        if self.ended {
            entries.push((0, 0));
        }
        let dynamic = (entries.len() * 16) as u64;
        let end = offset as u64 + dynamic;
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend([3, 0, 62, 0, 1, 0, 0, 0]);
        for long in [0u64, 64, 0] {
            bytes.extend(long.to_le_bytes());
        }
        bytes.extend(0u32.to_le_bytes());
        for half in [64, 56, u16::try_from(count).unwrap(), 64, 0, 0] {
            bytes.extend(half.to_le_bytes());
        }
        let own = [[1, 0, 0, end, end], [2, offset as u64, offset as u64, dynamic, dynamic]];
        for [kind, offset, address, file, memory] in own.into_iter().chain(self.segments) {
            bytes.extend(u32::try_from(kind).unwrap().to_le_bytes());
            bytes.extend(6u32.to_le_bytes());
            for long in [offset, address, address, file, memory, 0x1000] {
                bytes.extend(long.to_le_bytes());
            }
        }
        bytes.extend(body);
        for (tag, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(self.rest);
        if !self.sections.is_empty() {
            add_sections(&mut bytes, self.sections);
        }
        bytes
    }
}

/// Appends names and section headers.
fn add_sections(bytes: &mut Vec<u8>, sections: Vec<Section>) {
    let mut names = vec![0];
    let mut known: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::from([("", 0)]);
    for section in &sections {
        known.entry(section.name).or_insert_with(|| {
            names.extend(section.name.as_bytes());
            names.push(0);
            names.len() - section.name.len() - 1
        });
    }
    let (offset, size) = (bytes.len() as u64, names.len() as u64);
    bytes.extend(names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let table = bytes.len() as u64;
    let own = Section { kind: 3, offset, size, ..Section::default() };
    let null = std::iter::once(Section::default());
    let count = sections.len() as u64 + 2;
    for section in null.chain(sections).chain([own]) {
        bytes.extend(u32::try_from(known[section.name]).unwrap().to_le_bytes());
        bytes.extend(section.kind.to_le_bytes());
        for long in [section.flags, section.address, section.offset, section.size] {
            bytes.extend(long.to_le_bytes());
        }
        bytes.extend(section.link.to_le_bytes());
        bytes.extend([0; 4]);
        for long in [1u64, 0] {
            bytes.extend(long.to_le_bytes());
        }
    }
    bytes[40..48].copy_from_slice(&table.to_le_bytes());
    // A count too large for `e_shnum` is in the first header (gABI, "ELF Header"), and so is the last index.
    let counted = u16::try_from(count).ok().filter(|count| *count < 0xff00);
    bytes[58..60].copy_from_slice(&64u16.to_le_bytes());
    bytes[60..62].copy_from_slice(&counted.unwrap_or(0).to_le_bytes());
    bytes[62..64].copy_from_slice(&counted.map_or(0xffff, |count| count - 1).to_le_bytes());
    if counted.is_none() {
        let first = usize::try_from(table).unwrap();
        bytes[first + 32..first + 40].copy_from_slice(&count.to_le_bytes());
        bytes[first + 40..first + 44].copy_from_slice(&u32::try_from(count - 1).unwrap().to_le_bytes());
    }
}

/// Words of a table.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// `count` undefined symbols, whose names are at the string table offsets that `name` returns.
pub(crate) fn symbols(count: u32, name: impl Fn(u32) -> u32) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    for index in 1..count {
        bytes.extend(name(index).to_le_bytes());
        // STB_GLOBAL, STT_NOTYPE, SHN_UNDEF.
        bytes.extend([0x10, 0, 0, 0]);
        bytes.extend([0; 16]);
    }
    bytes
}

/// A symbol: string table offset of its name, binding and type, section and value.
pub(crate) fn symbol(name: u32, info: u8, section: u16, value: u64) -> Vec<u8> {
    let mut bytes = name.to_le_bytes().to_vec();
    bytes.extend([info, 0]);
    bytes.extend(section.to_le_bytes());
    bytes.extend(value.to_le_bytes());
    bytes.extend([0; 8]);
    bytes
}

/// A relocation with an addend of 0: target offset, type and symbol.
pub(crate) fn relocation(offset: u64, number: u64, symbol: u64) -> Vec<u8> {
    [offset, symbol << 32 | number, 0].into_iter().flat_map(u64::to_le_bytes).collect()
}
