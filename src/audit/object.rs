//! Reads the files of a wheel or tree, and decides what each one is.

use crate::elf::{self, ElfError, ElfFacts, ElfIdentity, with_elf_identification};
use crate::limits::Limits;
use crate::musl::ObjectSymbols;
use crate::resolve::is_library_name;
use crate::wheel::{InstallLocation, NoPlace, Suffix, WheelPath};

/// A file that is an ELF file, or should be one by its name, or is a program for another system.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: WheelPath,
    /// Where it is installed.
    pub(super) place: Result<InstallLocation, NoPlace>,
    /// Whether its permissions make it executable.
    pub(super) executable: bool,
    pub(super) size: u64,
    pub(super) content: Content,
}

/// What is in a file.
#[derive(Debug)]
pub(super) enum Content {
    /// An ELF file.
    Elf(Box<(ElfFacts, ObjectSymbols)>),
    /// An ELF file that cannot be read, with the facts of its header, if that is readable.
    Damaged { error: ElfError, identity: Option<ElfIdentity> },
    /// A shared object without the magic number of ELF.
    Unmarked,
    /// Not an ELF file, although it has the name of an extension module.
    NotElf { why: &'static str },
    /// A program or library for another system.
    OtherSystem { system: &'static str },
}

/// The kind of a file with this name and content; `None` for files that no loader uses.
pub(super) fn content(path: &WheelPath, bytes: &[u8], limits: &Limits) -> Option<Content> {
    let module = module_suffix(path.file_name()).is_some();
    let is_unmarked = || is_library_name(path.file_name()) && is_unmarked(bytes, limits);
    if !elf::is_elf(bytes) {
        let unmarked = is_unmarked();
        return match other_system(bytes) {
            _ if unmarked => Some(Content::Unmarked),
            Some(system) => Some(Content::OtherSystem { system }),
            None => module.then(|| Content::NotElf { why: kind_of_bytes(bytes) }),
        };
    }
    let read = || {
        let facts = ElfFacts::parse_within(bytes, limits)?;
        let symbols = ObjectSymbols::read(bytes, &facts)?;
        Ok((facts, symbols))
    };
    Some(match read() {
        Ok(read) => Content::Elf(Box::new(read)),
        Err(_) if ElfIdentity::of(bytes).is_err() && is_unmarked() => Content::Unmarked,
        Err(error) => Content::Damaged { error, identity: ElfIdentity::of(bytes).ok() },
    })
}

/// Whether musl maps a file although it lacks the magic number of ELF.
fn is_unmarked(bytes: &[u8], limits: &Limits) -> bool {
    let facts = with_elf_identification(bytes).map(|bytes| ElfFacts::parse_within(&bytes, limits));
    facts.is_some_and(|facts| facts.is_ok_and(|facts| facts.dynamic))
}

/// The suffix of an extension module that contains an ABI, as in `.cpython-312-x86_64-linux-musl.so` or
/// `.abi3.so`, and no other system than Linux. Only modules have such names.
pub(super) fn module_suffix(file_name: &str) -> Option<Suffix> {
    let (_, suffix) = Suffix::of(file_name)?;
    (suffix != Suffix::Plain && suffix.is_for_linux()).then_some(suffix)
}

/// A description of bytes that are not an ELF file, to follow `is`.
fn kind_of_bytes(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "empty",
        _ if bytes.starts_with(b"version https://git-lfs.github.com/spec/") => {
            "a pointer of Git LFS in place of the file"
        }
        _ if bytes.iter().all(|byte| *byte == 0) => "full of zeros",
        _ if std::str::from_utf8(bytes).is_ok() => "text",
        _ => "not an ELF file",
    }
}

const WINDOWS: &str = "Windows";
const MACOS: &str = "macOS";

/// The system of a program or library, from its first bytes: PE, or Mach-O.
fn other_system(bytes: &[u8]) -> Option<&'static str> {
    /// More architectures than any fat file has, and less than the version field of any Java class, which has
    /// the same magic.
    const FAT: u32 = 40;
    let word = |at: usize| {
        bytes
            .get(at..at.checked_add(4)?)
            .and_then(|word| <[u8; 4]>::try_from(word).ok())
            .map(u32::from_be_bytes)
    };
    match word(0)? {
        0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe => Some(MACOS),
        0xcafe_babe if word(4)? < FAT => Some(MACOS),
        // `e_lfanew` is the offset of the header proper.
        _ if bytes.starts_with(b"MZ") => {
            let header = usize::try_from(word(0x3c)?.swap_bytes()).ok()?;
            (word(header)? == 0x5045_0000).then_some(WINDOWS)
        }
        _ => None,
    }
}
