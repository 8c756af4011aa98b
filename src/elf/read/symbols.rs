//! The dynamic symbol table: what a file defines and imports.

use std::collections::BTreeMap;

use goblin::elf::dynamic::{DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM};
use goblin::elf::header::{EM_S390, ET_DYN, ET_EXEC};
use goblin::elf::section_header::SHT_DYNSYM;
use goblin::elf::sym::{
    STB_GLOBAL, STB_GNU_UNIQUE, STB_LOCAL, STB_WEAK, STT_COMMON, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE,
    STT_OBJECT, STT_TLS,
};

use super::dynamic::{Dynamic, string_at};
use super::headers::Image;
use super::relocations::{References, RelocationTable, references, tables};
use super::versions::{definitions, needs};
use crate::elf::codec::Class;
use crate::elf::codec::{Format, index};
use crate::elf::error::ElfError;

/// The dynamic symbols of a file, borrowed from its bytes.
///
/// The names and versions of a parsed table have been checked, so walking it cannot fail.
#[derive(Clone, Debug)]
pub struct DynamicSymbols<'a> {
    format: Format,
    entries: &'a [u8],
    versions: &'a [u8],
    strings: &'a [u8],
    /// By version index; `None` where there is no such version.
    names: Vec<Option<Version<'a>>>,
    references: Vec<References>,
}

#[derive(Clone, Copy, Debug)]
struct Version<'a> {
    name: &'a [u8],
    file: Option<&'a [u8]>,
}

/// One dynamic symbol (`Elf_Sym`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// `st_name`.
    pub name: &'a [u8],
    /// `ELF_ST_BIND`.
    pub binding: Binding,
    /// `ELF_ST_TYPE`.
    pub kind: SymbolKind,
    /// Whether the file defines it: `st_shndx` is not `SHN_UNDEF`.
    pub defined: bool,
    /// Whether the top bit of its `DT_VERSYM` entry is set: a definition that only a lookup of the exact
    /// version finds. musl never uses it (`find_sym2`).
    pub hidden_version: bool,
    /// The name of its version, required (`DT_VERNEED`) or defined (`DT_VERDEF`).
    pub version: Option<&'a [u8]>,
    /// The library that has to provide the version: `vn_file`.
    pub version_file: Option<&'a [u8]>,
    /// `st_value`. musl skips a definition without one, unless it is thread-local (`find_sym2`).
    pub value: u64,
    /// `st_size`.
    pub size: u64,
    /// How relocations refer to it.
    pub references: References,
}

/// `ELF_ST_BIND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `STB_LOCAL`.
    Local,
    /// `STB_GLOBAL`.
    Global,
    /// `STB_WEAK`: if undefined, it is not an error.
    Weak,
    /// `STB_GNU_UNIQUE`, which musl treats as global.
    GnuUnique,
    /// Anything else; musl ignores it.
    Other,
}

/// `ELF_ST_TYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// `STT_NOTYPE`.
    NoType,
    /// `STT_OBJECT`.
    Object,
    /// `STT_FUNC`.
    Func,
    /// `STT_TLS`.
    Tls,
    /// `STT_GNU_IFUNC`, which musl ignores.
    Ifunc,
    /// `STT_COMMON`.
    Common,
    /// Anything else; musl ignores it.
    Other,
}

impl<'a> DynamicSymbols<'a> {
    /// Reads the dynamic symbol table; empty for static and relocatable files.
    ///
    /// # Errors
    ///
    /// If the table, a name or a version is outside what the file maps.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ElfError> {
        let image = Image::parse(bytes)?;
        // Files that are never loaded have no dynamic symbols, whatever their program headers say.
        let loaded = matches!(image.header.e_type, ET_DYN | ET_EXEC);
        let dynamic = if loaded { Dynamic::parse(&image)? } else { None };
        let Some(dynamic) = dynamic else {
            return Ok(Self {
                format: image.format,
                entries: &[],
                versions: &[],
                strings: &[],
                names: Vec::new(),
                references: Vec::new(),
            });
        };
        let strings = dynamic.strings(&image)?;
        let entries = table(&image, &dynamic, count(&image, &dynamic)?.count)?;
        let symbols = entries.len() as u64 / image.format.symbol_size();
        let versions = match dynamic.value(DT_VERSYM) {
            Some(address) if symbols > 0 => image.at(address, symbols * 2, "symbol versions")?,
            _ => &[],
        };
        let mut names = BTreeMap::new();
        for need in needs(&image, &dynamic)? {
            let file = Some(strings.get(need.file, "version need")?);
            for wanted in need.versions {
                let name = strings.get(wanted.name, "version name")?;
                names.insert(version_index(wanted.index), Version { name, file });
            }
        }
        for definition in definitions(&image, &dynamic)? {
            if let Some(name) = definition.names.first() {
                let name = strings.get(*name, "version name")?;
                names.insert(version_index(definition.index), Version { name, file: None });
            }
        }
        // Local and global mean: no version. Index 1 may still be defined, as the base version.
        names.remove(&0);
        names.remove(&1);
        let last = names.last_key_value().map_or(0, |(index, _)| index + 1);
        let names = (0..last).map(|index| names.get(&index).copied()).collect();
        let count = usize::try_from(symbols).unwrap_or(usize::MAX);
        let references = references(image.header.e_machine, &tables(&image, &dynamic)?, count);
        let symbols =
            Self { format: image.format, entries, versions, strings: strings.bytes, names, references };
        for entry in symbols.raw() {
            strings.get(entry.name, "dynamic symbol")?;
        }
        Ok(symbols)
    }

    /// The number of symbols, the null symbol included.
    pub(crate) fn count(&self) -> usize {
        self.entries.len() / index(self.format.symbol_size())
    }

    /// The string table: a slice of the parsed bytes.
    pub(crate) fn strings(&self) -> &'a [u8] {
        self.strings
    }

    /// The symbols in table order, without the null symbol at the start.
    pub fn iter(&self) -> impl Iterator<Item = Symbol<'a>> {
        let mut versions = self.versions.chunks_exact(2).skip(1);
        self.raw().enumerate().skip(1).map(move |(index, entry)| {
            let versym = versions.next().map_or(0, |bytes| self.format.number(bytes));
            let version = self.names.get(usize::from(version_index(versym))).copied().flatten();
            Symbol {
                name: string_at(self.strings, entry.name).unwrap_or_default(),
                binding: Binding::from_info(entry.info),
                kind: SymbolKind::from_info(entry.info),
                defined: entry.section != 0,
                hidden_version: versym & 0x8000 != 0,
                version: version.map(|version| version.name),
                version_file: version.and_then(|version| version.file),
                value: entry.value,
                size: entry.size,
                references: self.references.get(index).copied().unwrap_or_default(),
            }
        })
    }

    fn raw(&self) -> impl Iterator<Item = RawSymbol> {
        let format = self.format;
        self.entries
            .chunks_exact(index(format.symbol_size()))
            .filter_map(move |entry| RawSymbol::parse(format, entry))
    }
}

/// The version index of a `DT_VERSYM` entry, without the hidden bit.
fn version_index(versym: u64) -> u16 {
    u16::try_from(versym & 0x7fff).unwrap_or(0)
}

impl Binding {
    fn from_info(info: u8) -> Self {
        match info >> 4 {
            STB_LOCAL => Self::Local,
            STB_GLOBAL => Self::Global,
            STB_WEAK => Self::Weak,
            STB_GNU_UNIQUE => Self::GnuUnique,
            _ => Self::Other,
        }
    }
}

impl SymbolKind {
    fn from_info(info: u8) -> Self {
        match info & 0xf {
            STT_NOTYPE => Self::NoType,
            STT_OBJECT => Self::Object,
            STT_FUNC => Self::Func,
            STT_TLS => Self::Tls,
            STT_GNU_IFUNC => Self::Ifunc,
            STT_COMMON => Self::Common,
            _ => Self::Other,
        }
    }
}

/// The fields of an `Elf_Sym` that this reader uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawSymbol {
    pub(crate) name: u64,
    pub(crate) info: u8,
    pub(crate) section: u64,
    pub(crate) value: u64,
    pub(crate) size: u64,
}

impl RawSymbol {
    /// gABI, "Symbol Table": 32-bit symbols put value and size before `st_info`, 64-bit ones after.
    pub(crate) fn parse(format: Format, entry: &[u8]) -> Option<Self> {
        let number = |start: usize, end: usize| entry.get(start..end).map(|bytes| format.number(bytes));
        Some(match format.class {
            Class::Elf32 => Self {
                name: number(0, 4)?,
                value: number(4, 8)?,
                size: number(8, 12)?,
                info: *entry.get(12)?,
                section: number(14, 16)?,
            },
            Class::Elf64 => Self {
                name: number(0, 4)?,
                info: *entry.get(4)?,
                section: number(6, 8)?,
                value: number(8, 16)?,
                size: number(16, 24)?,
            },
        })
    }
}

/// The number of dynamic symbols, the null symbol included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SymbolCount {
    pub(crate) count: u64,
    /// Whether the number is exact. A GNU hash table alone does not count the symbols that are not exported.
    pub(crate) exact: bool,
}

/// Counts the dynamic symbols: the largest number that follows from `DT_HASH`, `DT_GNU_HASH` (`count_syms` in
/// `ldso/dynlink.c`), the relocations or the `.dynsym` header. The loader reads no section headers, so a
/// `.dynsym` header that is too small hides nothing.
pub(crate) fn count(image: &Image<'_>, dynamic: &Dynamic) -> Result<SymbolCount, ElfError> {
    let Some(address) = dynamic.value(DT_SYMTAB) else { return Ok(SymbolCount { count: 0, exact: true }) };
    let size = image.format.symbol_size();
    let fits = |count: &u64| table(image, dynamic, *count).is_ok();
    let described = image
        .sections
        .iter()
        .find(|section| section.sh_type == SHT_DYNSYM && section.sh_addr == address)
        .map(|section| section.sh_size / size)
        .filter(fits);
    let hash = dynamic.value(DT_HASH).map(|hash| sysv_hash_count(image, dynamic, hash));
    let gnu_hash = dynamic.value(DT_GNU_HASH).map(|hash| gnu_hash_count(image, hash));
    // Implausible tables count only if nothing else gives a number: then they are an error.
    let counted = match described {
        Some(_) => [hash, gnu_hash].map(|count| count.and_then(Result::ok).filter(fits)),
        None => [hash.transpose()?, gnu_hash.transpose()?],
    };
    let counted = [described, counted[0], counted[1].filter(|count| *count > 0)];
    let relocated = tables(image, dynamic)?
        .iter()
        .flat_map(RelocationTable::iter)
        .map(|relocation| relocation.symbol.saturating_add(1))
        .max();
    let counted = counted.into_iter().flatten().max();
    let relocated = relocated.filter(|count| counted.is_none() || fits(count));
    Ok(SymbolCount { count: counted.max(relocated).unwrap_or(0), exact: counted.is_some() })
}

/// The bytes of the first `count` dynamic symbols.
pub(crate) fn table<'a>(image: &Image<'a>, dynamic: &Dynamic, count: u64) -> Result<&'a [u8], ElfError> {
    let what = "dynamic symbol table";
    match dynamic.value(DT_SYMTAB) {
        Some(address) if count > 0 => {
            let size = count
                .checked_mul(image.format.symbol_size())
                .ok_or_else(|| ElfError::malformed(what, "too many symbols", address))?;
            image.at(address, size, what)
        }
        _ => Ok(&[]),
    }
}

/// Whether the hash tables of a machine have words of eight bytes, as on 64-bit s390 (`Elf_Symndx` in musl's
/// `arch/s390x/bits/link.h`).
fn has_wide_hash_words(image: &Image<'_>) -> bool {
    image.header.e_machine == EM_S390 && image.format.class == Class::Elf64
}

/// Whether `DT_HASH` has words of four bytes where musl reads eight, as LLD writes them on every machine. The
/// first word is the number of buckets; as a word of eight bytes, its first four would be zero.
pub(crate) fn has_short_hash_words(image: &Image<'_>, dynamic: &Dynamic) -> bool {
    let hash = dynamic.value(DT_HASH).filter(|_| has_wide_hash_words(image));
    let first = hash.and_then(|address| image.at(address, 4, "hash table").ok());
    first.is_some_and(|first| first.iter().any(|byte| *byte != 0))
}

/// `nchain` of `DT_HASH` (gABI, "Hash Table").
fn sysv_hash_count(image: &Image<'_>, dynamic: &Dynamic, address: u64) -> Result<u64, ElfError> {
    let wide = has_wide_hash_words(image) && !has_short_hash_words(image, dynamic);
    let word = if wide { 8 } else { 4 };
    Ok(image.format.number(image.at(address.saturating_add(word), word, "hash table")?))
}

/// The end of the last chain of `DT_GNU_HASH`: no symbol after it is exported. 0 if no symbol is exported.
fn gnu_hash_count(image: &Image<'_>, address: u64) -> Result<u64, ElfError> {
    let what = "GNU hash table";
    let (offset, bytes) = image.from(address, what)?;
    let word = |at: u64| image.format.get(bytes, at, 4, what);
    let (buckets, first, bloom) = (word(0)?, word(4)?, word(8)?);
    let table = 16 + bloom * image.format.word();
    let chains = table + buckets * 4;
    // Each read is checked against the end of the file, so a wrong count ends the loop early.
    let mut last = 0;
    for bucket in 0..buckets {
        last = last.max(word(table + bucket * 4)?);
    }
    if last == 0 {
        return Ok(0);
    }
    let mut at = last
        .checked_sub(first)
        .map(|chain| chains + chain * 4)
        .ok_or_else(|| ElfError::malformed(what, "a bucket points before the first hashed symbol", offset))?;
    loop {
        last += 1;
        if word(at)? & 1 == 1 {
            return Ok(last);
        }
        at += 4;
    }
}
