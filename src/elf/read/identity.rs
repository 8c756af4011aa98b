//! What the ELF header alone says about a file, even if the rest cannot be read.

use goblin::elf::Elf;
use goblin::elf::header::{ET_DYN, ET_EXEC, ET_REL, Header};

use super::headers::format_of;
use super::machine::arch;
use crate::elf::error::ElfError;
use crate::elf::facts::Kind;
use crate::platform::Arch;

/// The kind and architecture in an ELF header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElfIdentity {
    /// Shared object, executable, relocatable object.
    pub kind: Kind,
    /// The architecture as wheel tags name it; `None` if no tag does.
    pub arch: Option<Arch>,
}

impl ElfIdentity {
    /// Reads only the header.
    ///
    /// # Errors
    ///
    /// If the bytes are not ELF, or end before the header does.
    pub fn of(file: &[u8]) -> Result<Self, ElfError> {
        let format = format_of(file)?;
        let unreadable = || ElfError::malformed("ELF header", "it cannot be read", 0);
        let header = Elf::parse_header(file).map_err(|_| unreadable())?;
        let arch = arch(format, header.e_machine, header.e_flags, None);
        Ok(Self { kind: kind(&header), arch })
    }
}

/// The kind according to the header.
pub(super) fn kind(header: &Header) -> Kind {
    match header.e_type {
        ET_REL => Kind::Relocatable,
        ET_EXEC => Kind::Executable,
        ET_DYN => Kind::Dynamic,
        _ => Kind::Other,
    }
}

/// For a file without the magic number of ELF: its bytes with the magic number added, if they then are a
/// shared object for an architecture of musl; `None` for every other file. musl loads such a file:
/// `map_library` in `ldso/dynlink.c` reads `e_type` but no byte of `e_ident`.
#[must_use]
pub fn with_elf_identification(file: &[u8]) -> Option<Vec<u8>> {
    /// Class and byte order of musl's ports.
    const FORMATS: [[u8; 2]; 3] = [[2, 1], [1, 1], [2, 2]];
    /// The size of the larger header, that of 64-bit files.
    const HEADER: usize = 64;
    FORMATS.into_iter().find_map(|[class, order]| {
        let identified = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes.get_mut(..7)?.copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order, 1]);
            Some(bytes)
        };
        let identity = ElfIdentity::of(&identified(file.get(..HEADER)?)?).ok()?;
        (identity.kind == Kind::Dynamic && identity.arch.is_some()).then(|| identified(file))?
    })
}
