//! What one ELF file is, needs and defines, as far as musl's loader and the policy are concerned.

use serde::Serialize;

use super::codec::{Class, Endian};
use crate::platform::Arch;

/// The facts of one ELF file. Plain data without symbols (see [`crate::elf::DynamicSymbols`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ElfFacts {
    /// 32 or 64 bit.
    pub class: Class,
    /// Byte order.
    pub endian: Endian,
    /// `EI_OSABI`, raw. musl does not look at it.
    pub os_abi: u8,
    /// `e_machine`, raw.
    pub machine: u16,
    /// `e_flags`, raw.
    pub flags: u32,
    /// Shared object, executable, relocatable object.
    pub kind: Kind,
    /// The architecture as wheel tags name it; `None` if no wheel tag for musl names it. 32-bit ARM with hard
    /// float is `Armv6l` if `.ARM.attributes` says ARMv6, otherwise `Armv7l`.
    pub arch: Option<Arch>,
    /// The CPU architecture of `.ARM.attributes` (`Tag_CPU_arch`); 10 is ARMv7, 6 to 9 and 11 are ARMv6.
    pub arm_cpu_arch: Option<u32>,
    /// `GNU_PROPERTY_X86_ISA_1_NEEDED`: the x86-64 levels that the code requires, as a bit mask; 0 if the
    /// file does not state any.
    pub isa_needed: u32,
    /// The libraries that the file declares to open with `dlopen` (`.note.dlopen`), in order.
    pub dlopen_notes: Vec<DlopenNote>,
    /// `PT_INTERP`.
    pub interpreter: Option<String>,
    /// Whether there is a `PT_DYNAMIC`. A file without one is static and needs no libraries.
    pub dynamic: bool,
    /// `DT_SONAME`.
    pub soname: Option<String>,
    /// `DT_NEEDED`, in order.
    pub needed: Vec<String>,
    /// `DT_RPATH`, unexpanded.
    pub rpath: Option<String>,
    /// `DT_RUNPATH`, unexpanded.
    pub runpath: Option<String>,
    /// `DT_VERNEED`, in order.
    pub version_needs: Vec<VersionNeed>,
    /// Names of `DT_VERDEF`, in order, without the base version.
    pub version_definitions: Vec<String>,
    /// Whether `DT_RELR` with a non-zero size is present.
    pub relr: bool,
    /// Relocations that matter to musl.
    pub relocations: RelocationFacts,
    /// Whether `DF_STATIC_TLS` is set.
    pub static_tls_flag: bool,
    /// Whether `DF_1_PIE` is set: the file is a program although its kind is `ET_DYN`.
    pub pie_flag: bool,
    /// Whether the tag `DT_TEXTREL` is present.
    pub textrel_tag: bool,
    /// Whether `DF_TEXTREL` is set in `DT_FLAGS`.
    pub textrel_flag: bool,
    /// Whether the file has `DT_INIT` or `DT_FINI`, but neither an init array nor a fini array.
    pub legacy_init_only: bool,
    /// Whether the file has a `DT_HASH` or a `DT_GNU_HASH`. Without one of them no symbol can be looked up.
    pub hash_table: bool,
    /// Whether the file has a `DT_GNU_HASH`, which musl prefers to `DT_HASH`.
    pub gnu_hash_table: bool,
    /// Whether `DT_HASH` has words of four bytes on s390x, where musl reads words of eight.
    pub short_hash_words: bool,
    /// Program headers, in table order.
    pub segments: Vec<Segment>,
    /// Whether the program header table is completely inside the file range of one `PT_LOAD`.
    pub headers_mapped: bool,
    /// Number of dynamic symbols, the null symbol included.
    pub dynamic_symbol_count: u64,
}

impl ElfFacts {
    /// The run path musl uses: `DT_RUNPATH` if there is one, else `DT_RPATH`
    /// (`decode_dyn` in `ldso/dynlink.c` reads them in that order).
    #[must_use]
    pub fn run_path(&self) -> Option<&str> {
        self.runpath.as_deref().or(self.rpath.as_deref())
    }

    /// Whether this is a statically linked program: it has no interpreter and needs no libraries. It
    /// relocates itself, so musl's loader does not matter to it.
    #[must_use]
    pub fn is_static_program(&self) -> bool {
        self.interpreter.is_none()
            && self.needed.is_empty()
            && (self.kind == Kind::Executable || self.pie_flag)
    }

    /// Whether this is a program: it has an interpreter or is `ET_EXEC`. Static-PIE programs are `ET_DYN`
    /// without an interpreter and without `DT_NEEDED`, and do not count; they need nothing either way.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.interpreter.is_some() || self.kind == Kind::Executable
    }
}

/// The kind of file: `e_type`, checked against the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `ET_REL`: an `.o` file; never loaded.
    Relocatable,
    /// `ET_EXEC`: a program at a fixed address.
    Executable,
    /// `ET_DYN`: a shared object, or a position independent program.
    Dynamic,
    /// A separate file for debuggers (`objcopy --only-keep-debug`); never loaded.
    DebugFile,
    /// `ET_CORE` or anything else; never loaded.
    Other,
}

/// One file entry of `DT_VERNEED`: the versions required from one library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionNeed {
    /// `vn_file`: the library, as in `DT_NEEDED`.
    pub file: String,
    /// `vna_name` of each version.
    pub versions: Vec<String>,
}

/// One entry of a `.note.dlopen` (UAPI group, "ELF dlopen metadata"): a library that the object opens with
/// `dlopen`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DlopenNote {
    /// `soname`: the names to try, in order. One of them is enough.
    pub sonames: Vec<String>,
    /// `priority`: `required`, `recommended` or `suggested`.
    pub priority: Option<String>,
    /// `feature`: what the library is for.
    pub feature: Option<String>,
}

/// Facts about the relocations of a file (`do_relocs` in `ldso/dynlink.c`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RelocationFacts {
    /// The number of `R_*_IRELATIVE`. musl refuses them (`do_relocs`: unsupported relocation type).
    pub irelative: u64,
    /// The number of `R_*_TPOFF*` and similar types: initial-exec TLS, which musl refuses in a library opened
    /// with `dlopen`.
    pub initial_exec_tls: u64,
    /// The number of TLS descriptors. musl supports them on riscv64 and loongarch64 only in later releases.
    pub tlsdesc: u64,
    /// The type of the first relocation that musl's port to this machine does not support (`arch/*/reloc.h`).
    pub unsupported: Option<u64>,
    /// Whether a relocation writes to memory that no segment makes writable: a text relocation.
    pub text: bool,
}

/// One program header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// `p_type`, raw.
    pub kind: u32,
    /// `p_flags`, raw.
    pub flags: u32,
    /// `p_offset` in bytes.
    pub offset: u64,
    /// `p_vaddr`.
    pub address: u64,
    /// `p_filesz` in bytes.
    pub file_size: u64,
    /// `p_memsz` in bytes.
    pub memory_size: u64,
    /// `p_align` in bytes.
    pub align: u64,
}
