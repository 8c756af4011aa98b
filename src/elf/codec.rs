//! Numbers in a file of a given class and byte order; every access is checked against the file's end.

use goblin::container::{Container, Ctx};
use serde::Serialize;

use super::error::ElfError;

/// ELF class, `EI_CLASS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// `ELFCLASS32`.
    Elf32,
    /// `ELFCLASS64`.
    Elf64,
}

/// Byte order, `EI_DATA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endian {
    /// `ELFDATA2LSB`.
    Little,
    /// `ELFDATA2MSB`.
    Big,
}

/// How a file encodes its structures (`EI_CLASS` and `EI_DATA`), and the sizes that follow from it (gABI,
/// "ELF Header" and later chapters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) class: Class,
    pub(crate) endian: Endian,
}

impl Format {
    fn choose(self, elf32: u64, elf64: u64) -> u64 {
        match self.class {
            Class::Elf32 => elf32,
            Class::Elf64 => elf64,
        }
    }

    /// Bytes in an address, offset or `d_val`.
    pub(crate) fn word(self) -> u64 {
        self.choose(4, 8)
    }

    pub(crate) fn file_header_size(self) -> u64 {
        self.choose(52, 64)
    }

    pub(crate) fn program_header_size(self) -> u64 {
        self.choose(32, 56)
    }

    pub(crate) fn section_header_size(self) -> u64 {
        self.choose(40, 64)
    }

    pub(crate) fn symbol_size(self) -> u64 {
        self.choose(16, 24)
    }

    pub(crate) fn dynamic_size(self) -> u64 {
        self.choose(8, 16)
    }

    /// The size of an `Elf_Rela` (`addend`), or else of an `Elf_Rel`.
    pub(crate) fn relocation_size(self, addend: bool) -> u64 {
        self.word() * if addend { 3 } else { 2 }
    }

    /// The largest address.
    pub(crate) fn address_max(self) -> u64 {
        self.choose(u64::from(u32::MAX), u64::MAX)
    }

    pub(crate) fn goblin(self) -> Ctx {
        let container = match self.class {
            Class::Elf32 => Container::Little,
            Class::Elf64 => Container::Big,
        };
        let order = match self.endian {
            Endian::Little => goblin::container::Endian::Little,
            Endian::Big => goblin::container::Endian::Big,
        };
        Ctx::new(container, order)
    }

    /// The number encoded by `bytes` (eight at most).
    #[inline]
    pub(crate) fn number(self, bytes: &[u8]) -> u64 {
        // // The first three widths occur millions of times in a file: they have a fast path.
        if let Ok(bytes) = <[u8; 8]>::try_from(bytes) {
            return self.native(u64::from_le_bytes(bytes), u64::swap_bytes);
        }
        if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
            return self.native(u32::from_le_bytes(bytes), u32::swap_bytes).into();
        }
        if let Ok(bytes) = <[u8; 2]>::try_from(bytes) {
            return self.native(u16::from_le_bytes(bytes), u16::swap_bytes).into();
        }
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        match self.endian {
            Endian::Big => bytes.iter().fold(0, fold),
            Endian::Little => bytes.iter().rev().fold(0, fold),
        }
    }

    fn native<T>(self, little: T, swapped: impl Fn(T) -> T) -> T {
        match self.endian {
            Endian::Little => little,
            Endian::Big => swapped(little),
        }
    }

    /// Encodes `value` into all of `bytes` (eight at most).
    pub(crate) fn spell(self, bytes: &mut [u8], value: u64) {
        let little = value.to_le_bytes();
        match self.endian {
            Endian::Little => bytes.iter_mut().zip(little).for_each(|(to, from)| *to = from),
            Endian::Big => bytes.iter_mut().rev().zip(little).for_each(|(to, from)| *to = from),
        }
    }

    /// Reads `width` bytes at `offset`.
    pub(crate) fn get(
        self,
        file: &[u8],
        offset: u64,
        width: u64,
        what: &'static str,
    ) -> Result<u64, ElfError> {
        Ok(self.number(slice(file, offset, width, what)?))
    }

    /// Writes `value` as `width` bytes at `offset`. A value that does not fit is an error.
    pub(crate) fn put(
        self,
        file: &mut [u8],
        offset: u64,
        width: u64,
        value: u64,
        what: &'static str,
    ) -> Result<(), ElfError> {
        if width < 8 && value >> (width * 8) != 0 {
            return Err(ElfError::malformed(what, "value is too large for its field", offset));
        }
        self.spell(slice_mut(file, offset, width, what)?, value);
        Ok(())
    }
}

/// A file offset as an index. An offset that does not fit into `usize` becomes one past the end of any slice.
pub(crate) fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The length of a slice as a file offset.
pub(crate) fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

/// `size` bytes at `offset`.
pub(crate) fn slice<'a>(
    file: &'a [u8],
    offset: u64,
    size: u64,
    what: &'static str,
) -> Result<&'a [u8], ElfError> {
    let past = || ElfError::past_end(what, offset, size, file.len());
    let end = offset.checked_add(size).ok_or_else(past)?;
    file.get(index(offset)..index(end)).ok_or_else(past)
}

/// The `size` bytes at `offset`, mutable.
pub(crate) fn slice_mut<'a>(
    file: &'a mut [u8],
    offset: u64,
    size: u64,
    what: &'static str,
) -> Result<&'a mut [u8], ElfError> {
    let past = ElfError::past_end(what, offset, size, file.len());
    let Some(end) = offset.checked_add(size) else { return Err(past) };
    file.get_mut(index(offset)..index(end)).ok_or(past)
}
