//! What this check must know of an ELF file. Read with another library than muslrepair uses, so that a
//! mistake in reading cannot agree with itself.

use std::collections::BTreeSet;

use anyhow::Result;
use object::elf;
use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};

/// An ELF file of a wheel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dso {
    /// It names an interpreter, or is linked to a fixed address: a program, and not for `dlopen`.
    pub program: bool,
    /// It can be imported: it exports the function that Python calls first.
    pub extension: bool,
    /// It has `DT_RELR`.
    pub relr: bool,
    /// Names of CPython's API that it takes from elsewhere.
    pub python_api: BTreeSet<String>,
}

impl Dso {
    /// Nothing if this is no 64-bit ELF file with a dynamic section.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>> {
        if !bytes.starts_with(b"\x7fELF\x02") {
            return Ok(None);
        }
        let file = ElfFile64::<Endianness>::parse(bytes)?;
        let (endian, header) = (file.endian(), file.elf_header());
        let mut dso = Self { program: header.e_type(endian) != elf::ET_DYN, ..Self::default() };
        let mut dynamic = false;
        for segment in header.program_headers(endian, bytes)? {
            dso.program |= segment.p_type(endian) == elf::PT_INTERP;
            let Some(entries) = segment.dynamic(endian, bytes)? else { continue };
            dynamic = true;
            dso.relr = entries.iter().any(|entry| entry.d_tag(endian) == elf::DT_RELR);
        }
        if !dynamic {
            return Ok(None);
        }
        for symbol in file.dynamic_symbols() {
            let name = symbol.name()?;
            if symbol.is_undefined() {
                if is_python_api(name) {
                    dso.python_api.insert(name.to_owned());
                }
            } else if name.starts_with("PyInit_") || name.starts_with("PyModExport_") {
                dso.extension = true;
            }
        }
        Ok(Some(dso))
    }
}

/// Names that CPython exports: all of 3.6 to 3.13 are `_`, `__` or nothing, `Py`, and a capital or `_`;
/// with one exception.
pub fn is_python_api(name: &str) -> bool {
    let bare = name.strip_prefix("__").or_else(|| name.strip_prefix('_')).unwrap_or(name);
    let rest = bare.strip_prefix("Py").and_then(|rest| rest.bytes().next());
    rest.is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_') || name == "PY_TIMEOUT_MAX"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_python_api() {
        for name in ["PyList_New", "_Py_NoneStruct", "__PyCodeExtraState_Get", "Py_None", "PY_TIMEOUT_MAX"] {
            assert!(is_python_api(name), "{name}");
        }
        for name in ["Python", "___Py_X", "py_x", "PyInit", "PYX"] {
            assert_eq!(is_python_api(name), name == "PyInit", "{name}");
        }
    }

    #[test]
    fn what_is_no_elf_file_is_nothing() -> Result<()> {
        assert_eq!(Dso::read(b"INPUT(libz.so.1)")?, None);
        Ok(())
    }
}
