//! The dynamic relocation tables, as `do_relocs` in `ldso/dynlink.c` walks them.

use goblin::elf::dynamic::{DT_JMPREL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELASZ, DT_RELSZ};

use super::dynamic::Dynamic;
use super::headers::Image;
use super::machine::RelocationKind;
use super::protection::Protection;
use crate::elf::codec::Class;
use crate::elf::codec::{Format, index};
use crate::elf::error::ElfError;
use crate::elf::facts::RelocationFacts;

/// How the relocations of a file refer to one symbol (`do_relocs`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Whether any relocation refers to it: a symbol without one is never looked up.
    pub any: bool,
    /// Whether one copies it (`R_*_COPY`): then it is looked up everywhere but in the program.
    pub copy: bool,
    /// Whether one uses its module or its thread-local offset (`R_*_DTPMOD`, `R_*_TPOFF`, `R_*_TLSDESC`),
    /// which only a definition has.
    pub thread_local: bool,
}

/// One relocation. There is no addend if the table is of `Elf_Rel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relocation {
    pub(crate) offset: u64,
    pub(crate) symbol: u64,
    pub(crate) number: u64,
    pub(crate) addend: Option<u64>,
}

/// The bit of `r_info` at which the symbol starts; the bits below are the type (`ELF32_R_SYM`,
/// `ELF64_R_SYM`).
fn symbol_shift(format: Format) -> u32 {
    match format.class {
        Class::Elf32 => 8,
        Class::Elf64 => 32,
    }
}

impl Relocation {
    fn parse(format: Format, entry: &[u8]) -> Option<Self> {
        let word = index(format.word());
        let info = format.number(entry.get(word..2 * word)?);
        let shift = symbol_shift(format);
        Some(Self {
            offset: format.number(entry.get(..word)?),
            symbol: info >> shift,
            number: info & ((1 << shift) - 1),
            addend: entry.get(2 * word..3 * word).map(|addend| format.number(addend)),
        })
    }

    /// Writes the relocation to `entry`, as an `Elf_Rel` or `Elf_Rela`.
    pub(crate) fn write(&self, format: Format, entry: &mut [u8]) {
        let info = self.symbol << symbol_shift(format) | self.number;
        let fields = [Some(self.offset), Some(info), self.addend];
        for (field, value) in entry.chunks_exact_mut(index(format.word())).zip(fields.into_iter().flatten()) {
            format.spell(field, value);
        }
    }
}

/// One table of relocations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelocationTable<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) addends: bool,
    format: Format,
}

impl<'a> RelocationTable<'a> {
    fn locate(
        image: &Image<'a>,
        place: Option<u64>,
        size: Option<u64>,
        addends: bool,
    ) -> Result<Option<Self>, ElfError> {
        match (place, size) {
            (Some(address), Some(size)) if size > 0 => {
                let bytes = image.at(address, size, "relocation table")?;
                Ok(Some(Self { bytes, addends, format: image.format }))
            }
            _ => Ok(None),
        }
    }

    /// `DT_RELA` or `DT_REL`.
    pub(crate) fn general(
        image: &Image<'a>,
        dynamic: &Dynamic,
        addends: bool,
    ) -> Result<Option<Self>, ElfError> {
        let (place, size) = if addends { (DT_RELA, DT_RELASZ) } else { (DT_REL, DT_RELSZ) };
        Self::locate(image, dynamic.value(place), dynamic.value(size), addends)
    }

    /// `DT_JMPREL`; `DT_PLTREL` states its kind.
    fn plt(image: &Image<'a>, dynamic: &Dynamic) -> Result<Option<Self>, ElfError> {
        let addends = dynamic.value(DT_PLTREL) == Some(DT_RELA);
        Self::locate(image, dynamic.value(DT_JMPREL), dynamic.value(DT_PLTRELSZ), addends)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Relocation> {
        let format = self.format;
        self.bytes
            .chunks_exact(index(format.relocation_size(self.addends)))
            .filter_map(move |entry| Relocation::parse(format, entry))
    }
}

/// All tables: `DT_REL`, `DT_RELA`, `DT_JMPREL`.
pub(crate) fn tables<'a>(image: &Image<'a>, dynamic: &Dynamic) -> Result<Vec<RelocationTable<'a>>, ElfError> {
    let all = [
        RelocationTable::plt(image, dynamic)?,
        RelocationTable::general(image, dynamic, false)?,
        RelocationTable::general(image, dynamic, true)?,
    ];
    Ok(all.into_iter().flatten().collect())
}

/// Computes the [`RelocationFacts`] of a file.
pub(crate) fn facts(
    machine: u16,
    tables: &[RelocationTable<'_>],
    protection: &Protection,
) -> RelocationFacts {
    let mut facts = RelocationFacts::default();
    for relocation in tables.iter().flat_map(RelocationTable::iter) {
        let kind = RelocationKind::of(machine, relocation.number);
        facts.text |= protection.forbids(relocation.offset) && kind != RelocationKind::None;
        match kind {
            RelocationKind::Irelative => facts.irelative += 1,
            RelocationKind::InitialExecTls => facts.initial_exec_tls += 1,
            RelocationKind::TlsDescriptor => facts.tlsdesc += 1,
            RelocationKind::Unsupported => {
                facts.unsupported.get_or_insert(relocation.number);
            }
            RelocationKind::None
            | RelocationKind::Relative
            | RelocationKind::Address
            | RelocationKind::Copy
            | RelocationKind::TlsModule => {}
        }
    }
    facts
}

/// How relocations refer to each of the first `count` dynamic symbols.
pub(crate) fn references(machine: u16, tables: &[RelocationTable<'_>], count: usize) -> Vec<References> {
    let mut references = vec![References::default(); count];
    for relocation in tables.iter().flat_map(RelocationTable::iter) {
        let symbol = usize::try_from(relocation.symbol).ok().filter(|symbol| *symbol > 0);
        let Some(entry) = symbol.and_then(|symbol| references.get_mut(symbol)) else { continue };
        match RelocationKind::of(machine, relocation.number) {
            RelocationKind::None => continue,
            RelocationKind::Copy => entry.copy = true,
            RelocationKind::TlsModule | RelocationKind::InitialExecTls | RelocationKind::TlsDescriptor => {
                entry.thread_local = true;
            }
            RelocationKind::Relative
            | RelocationKind::Address
            | RelocationKind::Irelative
            | RelocationKind::Unsupported => {}
        }
        entry.any = true;
    }
    references
}
