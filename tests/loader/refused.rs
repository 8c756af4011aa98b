//! What is said to load nowhere does not load: one fixture, made unloadable in several ways.
#![allow(clippy::cast_possible_truncation)]

use std::fs;

use muslrepair::elf::{Class, ElfFacts, Endian};
use muslrepair::musl::{LookupKind, ObjectSymbols};

use crate::catalogue::{directory, load};
use crate::edits::Installed;
use crate::machine::Machine;

/// Tags of the dynamic section and types of segments (gABI).
const DT_HASH: u64 = 4;
const DT_SYMTAB: u64 = 6;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_REL: u64 = 17;
const DT_RELSZ: u64 = 18;
const DT_PLTRELSZ: u64 = 2;
const DT_JMPREL: u64 = 23;
const DT_GNU_HASH: u64 = 0x6fff_fef5;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;

/// A number that no port of musl has.
const UNKNOWN: u64 = 250;

const FIXTURE: &str = "lld-plain.so";

/// A file to be damaged.
struct Damaged {
    bytes: Vec<u8>,
    facts: ElfFacts,
}

impl Damaged {
    fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let facts = ElfFacts::parse(&bytes).map_err(|error| error.to_string())?;
        Ok(Self { bytes, facts })
    }

    fn word(&self) -> usize {
        if self.facts.class == Class::Elf64 { 8 } else { 4 }
    }

    fn get(&self, at: usize, width: usize) -> u64 {
        let byte = |index: usize| u64::from(self.bytes[at + index]);
        match self.facts.endian {
            Endian::Little => (0..width).rev().fold(0, |value, index| value << 8 | byte(index)),
            Endian::Big => (0..width).fold(0, |value, index| value << 8 | byte(index)),
        }
    }

    fn put(&mut self, at: usize, width: usize, value: u64) {
        let field = &mut self.bytes[at..at + width];
        match self.facts.endian {
            Endian::Little => field.copy_from_slice(&value.to_le_bytes()[..width]),
            Endian::Big => field.copy_from_slice(&value.to_be_bytes()[8 - width..]),
        }
    }

    /// Where in the file an address is.
    fn offset(&self, address: u64) -> Result<usize, String> {
        let loads = self.facts.segments.iter().filter(|segment| segment.kind == PT_LOAD);
        let mut found = loads.filter(|load| (load.address..load.address + load.file_size).contains(&address));
        let load = found.next().ok_or("an address that is not mapped")?;
        Ok((address - load.address + load.offset) as usize)
    }

    /// Where in the file the entries of the dynamic section are.
    fn entries(&self) -> impl Iterator<Item = usize> {
        let dynamic = self.facts.segments.iter().find(|segment| segment.kind == PT_DYNAMIC);
        let range = dynamic
            .map_or(0..0, |segment| segment.offset as usize..(segment.offset + segment.file_size) as usize);
        range.step_by(2 * self.word())
    }

    fn value(&self, tag: u64) -> Option<u64> {
        let word = self.word();
        self.entries().find(|at| self.get(*at, word) == tag).map(|at| self.get(at + word, word))
    }

    /// Where in the file the relocations are.
    fn relocations(&self) -> Result<Vec<usize>, String> {
        let mut found = Vec::new();
        let addends = self.value(DT_RELA).is_some();
        let entry = self.word() as u64 * if addends { 3 } else { 2 };
        for (place, size) in [(DT_RELA, DT_RELASZ), (DT_REL, DT_RELSZ), (DT_JMPREL, DT_PLTRELSZ)] {
            let (Some(place), Some(size)) = (self.value(place), self.value(size)) else { continue };
            let start = self.offset(place)?;
            found.extend((0..size / entry).map(|index| start + (index * entry) as usize));
        }
        Ok(found)
    }

    /// Symbol and type of a relocation.
    fn information(&self, relocation: usize) -> (u64, u64) {
        let word = self.word();
        let information = self.get(relocation + word, word);
        let shift = if word == 8 { 32 } else { 8 };
        (information >> shift, information & ((1 << shift) - 1))
    }
}

/// One way to make a file unloadable.
struct Way {
    damage: fn(&mut Damaged) -> Result<(), String>,
    /// Whether muslrepair sees it.
    seen: fn(&ElfFacts, &ObjectSymbols) -> bool,
    /// What the driver says of it: musl's message, or how the process ended.
    said: &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        damage: |file| {
            let relocation = *file.relocations()?.first().ok_or("no relocation")?;
            let (symbol, _) = file.information(relocation);
            let word = file.word();
            let shift = if word == 8 { 32 } else { 8 };
            file.put(relocation + word, word, symbol << shift | UNKNOWN);
            Ok(())
        },
        seen: |facts, _| facts.relocations.unsupported == Some(UNKNOWN),
        said: "unsupported relocation type 250",
    },
    Way {
        damage: |file| {
            let table = file.offset(file.value(DT_SYMTAB).ok_or("no symbols")?)?;
            // InstallLocation and width of `st_value`, place of `st_shndx`, size of a symbol.
            let (value, section, size) = if file.word() == 8 { (8, 6, 24) } else { (4, 14, 16) };
            let symbols: Vec<u64> = file.relocations()?.iter().map(|at| file.information(*at).0).collect();
            let own = symbols.into_iter().filter(|symbol| *symbol > 0).find(|symbol| {
                let at = table + *symbol as usize * size;
                file.get(at + section, 2) != 0 && file.get(at + value, file.word()) != 0
            });
            let at = table + own.ok_or("no reference to an own symbol")? as usize * size;
            file.put(at + value, file.word(), 0);
            Ok(())
        },
        seen: |_, symbols| {
            symbols
                .lookup_kinds
                .values()
                .any(|lookup_kinds| *lookup_kinds == LookupKind::IneligibleDefinition)
        },
        said: "symbol not found",
    },
    Way {
        damage: |file| {
            let word = file.word();
            let tags: Vec<usize> = file.entries().collect();
            for at in tags {
                if [DT_HASH, DT_GNU_HASH].contains(&file.get(at, word)) {
                    // An unused number beside those of GNU.
                    file.put(at, word, 0x6fff_fe00);
                }
            }
            Ok(())
        },
        seen: |facts, _| !facts.hash_table,
        said: "signal 11",
    },
    Way {
        damage: |file| {
            let (start, entry, flags) = if file.word() == 8 { (32, 56, 4) } else { (28, 32, 24) };
            let headers = file.get(start, file.word()) as usize;
            for index in 0..file.facts.segments.len() {
                let at = headers + index * entry;
                if file.get(at, 4) == u64::from(PT_LOAD) {
                    let kept = file.get(at + flags, 4) & !2;
                    file.put(at + flags, 4, kept);
                }
            }
            Ok(())
        },
        seen: |facts, _| facts.relocations.text && !facts.textrel_tag,
        said: "signal 11",
    },
];

/// Each way is seen, and musl refuses or crashes.
pub(crate) fn what_is_refused(machine: &Machine) -> Result<(), String> {
    let installed = Installed::new(&directory(machine.arch).join("libs"))?;
    let fixture = directory(machine.arch).join(FIXTURE);
    let place = installed.libraries();
    for (number, way) in WAYS.iter().enumerate() {
        let bytes = fs::read(&fixture).map_err(|error| error.to_string())?;
        let mut file = Damaged::new(bytes)?;
        (way.damage)(&mut file)?;
        let facts = ElfFacts::parse(&file.bytes).map_err(|error| error.to_string())?;
        let symbols = ObjectSymbols::read(&file.bytes, &facts).map_err(|error| error.to_string())?;
        if !(way.seen)(&facts, &symbols) {
            return Err(format!("way {number}: nothing is seen"));
        }
        let library = installed.write(&fixture, file.bytes)?;
        let outcomes = load(machine, &["--library-path", &place.to_string_lossy()], &[library])?;
        if !outcomes.values().all(|said| said.contains(way.said)) {
            return Err(format!("way {number}: {outcomes:?}"));
        }
    }
    Ok(())
}
