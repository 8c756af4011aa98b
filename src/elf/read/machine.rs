//! Machines: the wheel architecture of a file, and the numbers of its relocation types.

use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};

use super::arm::ArmAttributes;
use crate::elf::codec::Format;
use crate::elf::codec::{Class, Endian};
use crate::platform::Arch;

/// `EF_ARM_EABIMASK`, and its value for EABI version 5, the only one musl knows.
const ARM_EABI_MASK: u32 = 0xff00_0000;
const ARM_EABI_5: u32 = 0x0500_0000;
/// `EF_ARM_ABI_FLOAT_SOFT` and `EF_ARM_ABI_FLOAT_HARD` (ELF for the Arm Architecture, section 5.2).
const ARM_FLOAT_SOFT: u32 = 0x200;
const ARM_FLOAT_HARD: u32 = 0x400;
/// `EF_RISCV_FLOAT_ABI` and its value for double precision (RISC-V ELF psABI).
const RISCV_FLOAT_ABI: u32 = 0x6;
const RISCV_FLOAT_ABI_DOUBLE: u32 = 0x4;
/// The base ABI modifiers of LoongArch and their value for double precision (LoongArch ELF psABI).
const LOONGARCH_ABI: u32 = 0x7;
const LOONGARCH_ABI_DOUBLE: u32 = 0x3;
/// `EF_PPC64_ABI` and the value of ELFv1, which musl does not support.
const PPC64_ABI: u32 = 0x3;
const PPC64_ABI_V1: u32 = 0x1;

/// The architecture as wheel tags name it. `None` for ABIs without a wheel tag of their own (soft float,
/// x32), which musl treats as separate architectures.
pub(crate) fn arch(
    format: Format,
    machine: u16,
    flags: u32,
    attributes: Option<&ArmAttributes>,
) -> Option<Arch> {
    use Class::{Elf32, Elf64};
    use Endian::{Big, Little};
    match (machine, format.class, format.endian) {
        (EM_X86_64, Elf64, Little) => Some(Arch::X86_64),
        (EM_386, Elf32, Little) => Some(Arch::I686),
        (EM_AARCH64, Elf64, Little) => Some(Arch::Aarch64),
        (EM_ARM, Elf32, Little) => arm(flags, attributes),
        (EM_PPC64, Elf64, Little) if flags & PPC64_ABI != PPC64_ABI_V1 => Some(Arch::Ppc64le),
        (EM_S390, Elf64, Big) => Some(Arch::S390x),
        (EM_RISCV, Elf64, Little) if flags & RISCV_FLOAT_ABI == RISCV_FLOAT_ABI_DOUBLE => Some(Arch::Riscv64),
        (EM_LOONGARCH, Elf64, Little) if flags & LOONGARCH_ABI == LOONGARCH_ABI_DOUBLE => {
            Some(Arch::Loongarch64)
        }
        _ => None,
    }
}

/// ARM with hard float, or `None`. Linked files say so in their flags; `.o` files and the output of old
/// linkers in their attributes. A file with neither passes no floating point values.
fn arm(flags: u32, attributes: Option<&ArmAttributes>) -> Option<Arch> {
    let soft = if flags & (ARM_FLOAT_SOFT | ARM_FLOAT_HARD) != 0 {
        flags & ARM_FLOAT_HARD == 0
    } else {
        attributes.is_some_and(|attributes| !attributes.hard_float)
    };
    if flags & ARM_EABI_MASK != ARM_EABI_5 || soft {
        return None;
    }
    match attributes.and_then(|attributes| attributes.cpu_arch) {
        Some(6..=9 | 11) => Some(Arch::Armv6l),
        _ => Some(Arch::Armv7l),
    }
}

/// The largest page size of Linux on a machine. No two `PT_LOAD` may share such a page: musl maps them in
/// order with `MAP_FIXED` (`map_library`), so the second would hide the first.
pub(crate) fn largest_page(machine: u16) -> u64 {
    match machine {
        EM_AARCH64 | EM_LOONGARCH | EM_PPC64 => 0x10000,
        _ => 0x1000,
    }
}

/// How musl's loader treats a relocation type (`do_relocs` in `ldso/dynlink.c`, with the names of
/// `arch/*/reloc.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelocationKind {
    /// `R_*_NONE`: nothing.
    None,
    /// `R_*_RELATIVE`.
    Relative,
    /// Writes an address, or an offset from one: `R_*_GLOB_DAT`, `R_*_JUMP_SLOT`, `R_*_DTPOFF`.
    Address,
    /// `R_*_COPY`: copies a variable that a library defines into a program.
    Copy,
    /// `R_*_DTPMOD`: the module that a thread-local variable belongs to.
    TlsModule,
    /// `R_*_TPOFF`: the offset from the thread pointer, known at load time: initial-exec TLS.
    InitialExecTls,
    /// `R_*_TLSDESC`.
    TlsDescriptor,
    /// `R_*_IRELATIVE`, which no port of musl supports.
    Irelative,
    /// Any other type that musl's port to this machine does not support.
    Unsupported,
}

impl RelocationKind {
    /// The kind of relocation type `number` on `machine`: every type that musl 1.2.6 supports, by the psABI
    /// of each machine. Machines without musl wheels are not covered.
    pub(crate) fn of(machine: u16, number: u64) -> Self {
        match machine {
            EM_X86_64 => match number {
                0 => Self::None,
                1 | 2 | 6 | 7 | 17 => Self::Address,
                5 => Self::Copy,
                8 => Self::Relative,
                16 => Self::TlsModule,
                18 => Self::InitialExecTls,
                36 => Self::TlsDescriptor,
                37 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_386 => match number {
                0 => Self::None,
                1 | 2 | 6 | 7 | 36 => Self::Address,
                5 => Self::Copy,
                8 => Self::Relative,
                14 | 37 => Self::InitialExecTls,
                35 => Self::TlsModule,
                41 => Self::TlsDescriptor,
                42 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_AARCH64 => match number {
                0 => Self::None,
                257 | 1025 | 1026 | 1029 => Self::Address,
                1024 => Self::Copy,
                1027 => Self::Relative,
                1028 => Self::TlsModule,
                1030 => Self::InitialExecTls,
                1031 => Self::TlsDescriptor,
                1032 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_ARM => match number {
                0 => Self::None,
                2 | 18 | 21 | 22 => Self::Address,
                13 => Self::TlsDescriptor,
                17 => Self::TlsModule,
                19 => Self::InitialExecTls,
                20 => Self::Copy,
                23 => Self::Relative,
                160 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_PPC64 => match number {
                0 => Self::None,
                20 | 21 | 38 | 43 | 78 => Self::Address,
                19 => Self::Copy,
                22 => Self::Relative,
                68 => Self::TlsModule,
                73 => Self::InitialExecTls,
                248 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_S390 => match number {
                0 => Self::None,
                10 | 11 | 22 | 55 => Self::Address,
                9 => Self::Copy,
                12 => Self::Relative,
                54 => Self::TlsModule,
                56 => Self::InitialExecTls,
                61 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_RISCV => match number {
                0 => Self::None,
                2 | 5 | 9 => Self::Address,
                3 => Self::Relative,
                4 => Self::Copy,
                7 => Self::TlsModule,
                11 => Self::InitialExecTls,
                12 => Self::TlsDescriptor,
                58 => Self::Irelative,
                _ => Self::Unsupported,
            },
            EM_LOONGARCH => match number {
                0 => Self::None,
                2 | 5 | 9 => Self::Address,
                3 => Self::Relative,
                4 => Self::Copy,
                7 => Self::TlsModule,
                11 => Self::InitialExecTls,
                12 => Self::Irelative,
                14 => Self::TlsDescriptor,
                _ => Self::Unsupported,
            },
            _ if number == 0 => Self::None,
            _ => Self::Address,
        }
    }

    /// The number of `R_*_RELATIVE` on `machine`, and whether its ABI stores addends in the relocation
    /// (`Elf_Rela`) or in place (`Elf_Rel`).
    pub(crate) fn relative(machine: u16) -> Option<(u64, bool)> {
        Some(match machine {
            EM_X86_64 => (8, true),
            EM_386 => (8, false),
            EM_AARCH64 => (1027, true),
            EM_ARM => (23, false),
            EM_PPC64 => (22, true),
            EM_S390 => (12, true),
            EM_RISCV | EM_LOONGARCH => (3, true),
            _ => return None,
        })
    }
}

/// The class, byte order and `e_machine` of objects for an architecture: the inverse of [`arch`].
pub(crate) fn layout_of(arch: Arch) -> (Class, Endian, u16) {
    use Class::{Elf32, Elf64};
    use Endian::{Big, Little};
    match arch {
        Arch::X86_64 => (Elf64, Little, EM_X86_64),
        Arch::I686 => (Elf32, Little, EM_386),
        Arch::Aarch64 => (Elf64, Little, EM_AARCH64),
        Arch::Armv7l | Arch::Armv6l => (Elf32, Little, EM_ARM),
        Arch::Ppc64le => (Elf64, Little, EM_PPC64),
        Arch::S390x => (Elf64, Big, EM_S390),
        Arch::Riscv64 => (Elf64, Little, EM_RISCV),
        Arch::Loongarch64 => (Elf64, Little, EM_LOONGARCH),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LE64: Format = Format { class: Class::Elf64, endian: Endian::Little };
    const LE32: Format = Format { class: Class::Elf32, endian: Endian::Little };

    #[test]
    fn abis_without_a_wheel_tag_have_no_arch() {
        assert_eq!(arch(LE32, EM_X86_64, 0, None), None, "x32");
        assert_eq!(arch(LE64, EM_RISCV, 0, None), None, "riscv64 soft float");
        assert_eq!(arch(LE64, EM_RISCV, 5, None), Some(Arch::Riscv64));
        assert_eq!(arch(LE64, EM_LOONGARCH, 0x41, None), None, "loongarch64 soft float");
        assert_eq!(arch(LE64, EM_LOONGARCH, 0x43, None), Some(Arch::Loongarch64));
        assert_eq!(arch(LE64, EM_PPC64, 1, None), None, "ELFv1");
        let big = Format { endian: Endian::Big, ..LE64 };
        assert_eq!(arch(big, EM_PPC64, 2, None), None, "big endian ppc64");
        assert_eq!(arch(big, EM_S390, 0, None), Some(Arch::S390x));
    }

    #[test]
    fn arm_is_hard_float_v6_or_v7() {
        let v6 = ArmAttributes { cpu_arch: Some(6), hard_float: true };
        let v7 = ArmAttributes { cpu_arch: Some(10), hard_float: true };
        let soft = ArmAttributes { cpu_arch: Some(10), hard_float: false };
        assert_eq!(arch(LE32, EM_ARM, 0x500_0400, Some(&v6)), Some(Arch::Armv6l));
        assert_eq!(arch(LE32, EM_ARM, 0x500_0400, Some(&v7)), Some(Arch::Armv7l));
        assert_eq!(arch(LE32, EM_ARM, 0x500_0400, None), Some(Arch::Armv7l));
        assert_eq!(arch(LE32, EM_ARM, 0x500_0200, Some(&v7)), None, "the flag says soft");
        assert_eq!(arch(LE32, EM_ARM, 0x500_0000, Some(&soft)), None, "the attributes say soft");
        assert_eq!(arch(LE32, EM_ARM, 0x500_0000, Some(&v7)), Some(Arch::Armv7l));
        assert_eq!(arch(LE32, EM_ARM, 0x400_0400, Some(&v7)), None, "EABI 4");
    }

    /// The names used in `arch/*/reloc.h`, in the order of the header; the last type is one that it does not
    /// have.
    #[test]
    fn relocations_are_those_of_musls_ports() {
        use RelocationKind as Kind;
        // symbolic, GOT, PLT, DTPOFF, copy, relative, DTPMOD, TPOFF, IRELATIVE
        let ports: [(u16, [u64; 9]); 8] = [
            (EM_X86_64, [1, 6, 7, 17, 5, 8, 16, 18, 37]),
            (EM_386, [1, 6, 7, 36, 5, 8, 35, 14, 42]),
            (EM_AARCH64, [257, 1025, 1026, 1029, 1024, 1027, 1028, 1030, 1032]),
            (EM_ARM, [2, 21, 22, 18, 20, 23, 17, 19, 160]),
            (EM_PPC64, [38, 20, 21, 78, 19, 22, 68, 73, 248]),
            (EM_S390, [22, 10, 11, 55, 9, 12, 54, 56, 61]),
            (EM_RISCV, [2, 2, 5, 9, 4, 3, 7, 11, 58]),
            (EM_LOONGARCH, [2, 2, 5, 9, 4, 3, 7, 11, 12]),
        ];
        let kinds = [
            Kind::Address,
            Kind::Address,
            Kind::Address,
            Kind::Address,
            Kind::Copy,
            Kind::Relative,
            Kind::TlsModule,
            Kind::InitialExecTls,
            Kind::Irelative,
        ];
        for (machine, numbers) in ports {
            for (number, kind) in numbers.into_iter().zip(kinds) {
                assert_eq!(RelocationKind::of(machine, number), kind, "{number} of {machine}");
            }
            assert_eq!(RelocationKind::of(machine, 0), Kind::None);
            assert_eq!(RelocationKind::of(machine, 250), Kind::Unsupported);
            let (relative, _) = RelocationKind::relative(machine).unwrap();
            assert_eq!(RelocationKind::of(machine, relative), Kind::Relative);
        }
        let others = [
            (EM_X86_64, 2, Kind::Address, "R_X86_64_PC32"),
            (EM_X86_64, 24, Kind::Unsupported, "R_X86_64_PC64"),
            (EM_X86_64, 33, Kind::Unsupported, "R_X86_64_SIZE64"),
            (EM_386, 2, Kind::Address, "R_386_PC32"),
            (EM_386, 37, Kind::InitialExecTls, "R_386_TLS_TPOFF32"),
            (EM_PPC64, 43, Kind::Address, "R_PPC64_UADDR64"),
            (EM_ARM, 3, Kind::Unsupported, "R_ARM_REL32"),
            (EM_AARCH64, 260, Kind::Unsupported, "R_AARCH64_PREL64"),
        ];
        for (machine, number, kind, name) in others {
            assert_eq!(RelocationKind::of(machine, number), kind, "{name}");
        }
    }
}
