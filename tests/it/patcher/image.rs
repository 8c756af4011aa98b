//! A reader of ELF files for the oracle: short, trusting its input, and independent of the tested one.

use std::collections::BTreeMap;

pub(crate) struct Image<'a> {
    pub(crate) file: &'a [u8],
    pub(crate) wide: bool,
    big: bool,
    pub(crate) segments: Vec<Segment>,
    pub(crate) sections: Vec<Section>,
    pub(crate) tags: Vec<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) kind: u64,
    pub(crate) flags: u64,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) physical: u64,
    pub(crate) file_size: u64,
    pub(crate) memory_size: u64,
    pub(crate) align: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) name: u64,
    pub(crate) kind: u64,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) rest: [u64; 4],
}

pub(crate) const LOAD: u64 = 1;
pub(crate) const DYNAMIC: u64 = 2;
pub(crate) const PHDR: u64 = 6;

impl<'a> Image<'a> {
    pub(crate) fn parse(file: &'a [u8]) -> Self {
        let mut image = Self {
            file,
            wide: file[4] == 2,
            big: file[5] == 2,
            segments: Vec::new(),
            sections: Vec::new(),
            tags: Vec::new(),
        };
        let (table, count) = image.segment_table();
        image.segments = (0..count).map(|at| image.segment(table + at * image.segment_size())).collect();
        let (table, count) = image.section_table();
        image.sections = (0..count).map(|at| image.section(table + at * image.section_size())).collect();
        let dynamic = image.segments.iter().find(|segment| segment.kind == DYNAMIC).cloned();
        let word = image.word();
        if let Some(dynamic) = dynamic {
            let entry = |at: u64| (image.get(at, word), image.get(at + word, word));
            let entries = (0..dynamic.file_size / (2 * word)).map(|at| entry(dynamic.offset + at * 2 * word));
            image.tags = entries.take_while(|(tag, _)| *tag != 0).collect();
        }
        image
    }

    pub(crate) fn get(&self, at: u64, width: u64) -> u64 {
        let bytes = self.bytes(at, width).iter();
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        if self.big { bytes.fold(0, fold) } else { bytes.rev().fold(0, fold) }
    }

    pub(crate) fn bytes(&self, at: u64, size: u64) -> &'a [u8] {
        let at = usize::try_from(at).unwrap();
        &self.file[at..at + usize::try_from(size).unwrap()]
    }

    pub(crate) fn word(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    pub(crate) fn segment_size(&self) -> u64 {
        if self.wide { 56 } else { 32 }
    }

    pub(crate) fn section_size(&self) -> u64 {
        if self.wide { 64 } else { 40 }
    }

    pub(crate) fn symbol_size(&self) -> u64 {
        if self.wide { 24 } else { 16 }
    }

    pub(crate) fn segment_table(&self) -> (u64, u64) {
        if self.wide { (self.get(32, 8), self.get(56, 2)) } else { (self.get(28, 4), self.get(44, 2)) }
    }

    pub(crate) fn section_table(&self) -> (u64, u64) {
        if self.wide { (self.get(40, 8), self.get(60, 2)) } else { (self.get(32, 4), self.get(48, 2)) }
    }

    fn segment(&self, at: u64) -> Segment {
        let word = self.word();
        let field = |index: u64| self.get(at + if self.wide { 8 * index } else { 4 * index }, word);
        let flags = self.get(at + if self.wide { 4 } else { 24 }, 4);
        let last = if self.wide { 6 } else { 7 };
        Segment {
            kind: self.get(at, 4),
            flags,
            offset: field(1),
            address: field(2),
            physical: field(3),
            file_size: field(4),
            memory_size: field(5),
            align: self.get(at + word * last, word),
        }
    }

    fn section(&self, at: u64) -> Section {
        let word = self.word();
        let field = |index: u64| self.get(at + 8 + index * word, word);
        let tail = at + 8 + 4 * word;
        Section {
            name: self.get(at, 4),
            kind: self.get(at + 4, 4),
            flags: field(0),
            address: field(1),
            offset: field(2),
            size: field(3),
            rest: [
                self.get(tail, 4),
                self.get(tail + 4, 4),
                self.get(tail + 8, word),
                self.get(tail + 8 + word, word),
            ],
        }
    }

    pub(crate) fn loads(&self) -> Vec<&Segment> {
        self.segments.iter().filter(|segment| segment.kind == LOAD).collect()
    }

    pub(crate) fn tag(&self, tag: u64) -> Option<u64> {
        self.tags.iter().find(|entry| entry.0 == tag).map(|entry| entry.1)
    }

    /// The file offset of an address.
    pub(crate) fn offset(&self, address: u64) -> u64 {
        let load = self
            .loads()
            .into_iter()
            .find(|load| (load.address..load.address + load.file_size).contains(&address));
        let load = load.unwrap_or_else(|| panic!("address {address:#x} is not mapped"));
        load.offset + (address - load.address)
    }

    pub(crate) fn string(&self, offset: u64) -> &'a [u8] {
        let start = usize::try_from(self.offset(self.tag(5).unwrap()) + offset).unwrap();
        let rest = &self.file[start..];
        &rest[..rest.iter().position(|byte| *byte == 0).unwrap()]
    }

    /// The `vn_file` fields of `DT_VERNEED` with the names they refer to, by file offset.
    pub(crate) fn version_files(&self) -> BTreeMap<u64, &'a [u8]> {
        let mut found = BTreeMap::new();
        let (Some(address), Some(count)) = (self.tag(0x6fff_fffe), self.tag(0x6fff_ffff)) else {
            return found;
        };
        let mut at = self.offset(address);
        for _ in 0..count {
            found.insert(at + 4, self.string(self.get(at + 4, 4)));
            at += self.get(at + 12, 4);
        }
        found
    }
}
