//! Libraries found outside the wheel.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::elf::{self, Class, ElfError, ElfFacts, Endian, Kind};
use crate::limits::Limits;
use crate::musl::{ObjectSymbols, glibc_evidence};
use crate::platform::Arch;
use crate::regular_file::RegularFile;
use crate::wheel::{Sha256Digest, Sums};

use super::sysroot::Sysroot;

/// A library file outside the wheel, read once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LibraryFile {
    /// The path with all symbolic links followed; inside the sysroot if the library was found there.
    pub path: String,
    /// Whether `path` is inside the sysroot; otherwise it is in a directory that the caller named.
    pub in_sysroot: bool,
    /// The path on this machine.
    #[serde(skip)]
    pub location: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// The hash of the file as it was found.
    pub sha256: Sha256Digest,
    /// Its facts.
    pub facts: ElfFacts,
    /// Its symbols.
    #[serde(skip)]
    pub symbols: ObjectSymbols,
}

impl LibraryFile {
    /// The file name, from which the name of the graft is derived.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A file of the right name that was not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Rejected {
    /// Its path, as searched.
    pub path: String,
    /// Why it was not used.
    pub reason: String,
}

/// Reads a candidate; inside a sysroot, by its resolved path. `Err` is the reason for skipping it.
pub(super) fn read_library(
    path: String,
    sysroot: Option<&Sysroot>,
    location: &Path,
    limits: &Limits,
) -> Result<LibraryFile, String> {
    /// Enough bytes to recognise a linker script.
    const HEAD: u64 = 512;
    let text = |error: io::Error| error.to_string();
    let file = match sysroot {
        Some(sysroot) => sysroot.open(&path),
        None => RegularFile::open(location),
    };
    let mut file = file.map_err(text)?;
    let size = file.size();
    if size > limits.graft_size {
        return Err(format!("{size} bytes, more than the limit `graft-size` of {}", limits.graft_size));
    }
    let head = file.head(HEAD).map_err(text)?;
    if !elf::is_elf(&head) {
        let script = head.is_ascii() && (contains(&head, b"GROUP") || contains(&head, b"INPUT"));
        return Err(if script { "a linker script, not a library" } else { "not an ELF file" }.to_owned());
    }
    let mut sums = Sums::default();
    let bytes = file.read(|piece| sums.add(piece)).map_err(text)?;
    let damaged = |error: ElfError| format!("damaged: {error}");
    let facts = ElfFacts::parse_within(&bytes, limits).map_err(damaged)?;
    let symbols = ObjectSymbols::read(&bytes, &facts).map_err(damaged)?;
    Ok(LibraryFile {
        path,
        in_sysroot: sysroot.is_some(),
        size: bytes.len() as u64,
        location: location.to_owned(),
        sha256: sums.finish().1,
        facts,
        symbols,
    })
}

/// Whether a file starts like an ELF file.
///
/// # Errors
///
/// If it cannot be read, or is not a regular file of a file system that stores files (procfs and similar do
/// not).
pub fn is_elf_file(path: &Path) -> io::Result<bool> {
    Ok(elf::is_elf(&RegularFile::open(path)?.head(4)?))
}

/// What the objects of one process have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    class: Class,
    endian: Endian,
    machine: u16,
    pub(crate) arch: Option<Arch>,
}

impl Shape {
    pub(crate) fn of(facts: &ElfFacts) -> Self {
        Self { class: facts.class, endian: facts.endian, machine: facts.machine, arch: facts.arch }
    }

    /// The shape of objects for an architecture.
    pub(crate) fn for_arch(arch: Arch) -> Self {
        let (class, endian, machine) = elf::layout_of(arch);
        Self { class, endian, machine, arch: Some(arch) }
    }
}

/// Why an object of the shape `wanted` cannot use this library; `None` if it can. musl itself would stop at a
/// wrong class and map a wrong machine (`map_library` checks neither); this tool skips both and reports them.
pub(super) fn unusable(library: &ElfFacts, wanted: Shape) -> Option<String> {
    if library.kind != Kind::Dynamic {
        return Some("not a shared library".to_owned());
    }
    let found = Shape::of(library);
    if (found.class, found.endian, found.machine) != (wanted.class, wanted.endian, wanted.machine) {
        let name = |shape: Shape| {
            shape.arch.map_or_else(|| format!("machine {}", shape.machine), |arch| arch.to_string())
        };
        return Some(format!("{}, the requester is {}", name(found), name(wanted)));
    }
    glibc_evidence(library).map(|evidence| format!("built for glibc: {evidence}"))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// Whether the name is that of an interpreter library: `libpython3.12.so.1.0`, `libpython3.13t.so.1.0`,
/// `libpython3.so`. Extension modules take the interpreter's symbols from the process that loads them.
#[must_use]
pub fn is_libpython(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let Some(rest) = file.strip_prefix("libpython") else { return false };
    let Some((version, tail)) = rest.split_once(".so") else { return false };
    let version = version.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    version.split('.').all(digits)
        && (tail.is_empty() || tail.strip_prefix('.').is_some_and(|t| t.split('.').all(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreter_libraries_are_known_by_name() {
        for name in [
            "libpython3.12.so.1.0",
            "libpython3.13t.so.1.0",
            "libpython3.so",
            "libpython2.7.so.1.0",
            "libpython3.7m.so",
        ] {
            assert!(is_libpython(name), "{name}");
        }
        for name in [
            "libpythonnet.so",
            "libpython3.12.a",
            "libboost_python312.so.1",
            "libpython.so",
            "libpython3.12.so.x",
        ] {
            assert!(!is_libpython(name), "{name}");
        }
    }
}
