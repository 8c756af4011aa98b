//! Machines: which wheel architecture a file is for, and the numbers of its relocations.

use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};

use super::arm::ArmAttributes;
use super::codec::Format;
use super::facts::{Class, Endian};
use crate::wheel::Arch;

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

/// The architecture in the words of wheel tags. ABIs that musl names apart from it (soft float, x32)
/// and wheel tags do not name are none.
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

/// Hard float or nothing: the flags say it for linked files, the attributes for `.o` files and for
/// what old linkers wrote. A file that says neither passes no floating point values.
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

/// What a relocation means to musl's loader, as far as it matters here (`arch/*/reloc.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelocationKind {
    /// `R_*_RELATIVE`.
    Relative,
    /// `R_*_IRELATIVE`.
    Irelative,
    /// The offset from the thread pointer, known at load time: initial-exec TLS.
    InitialExecTls,
    /// `R_*_TLSDESC`.
    TlsDescriptor,
    /// Anything else.
    Other,
}

impl RelocationKind {
    /// The kind of relocation number `number` on `machine` (the psABI of each).
    pub(crate) fn of(machine: u16, number: u64) -> Self {
        // relative, irelative, initial-exec, descriptor
        let (relative, irelative, tpoff, descriptor): (u64, u64, &[u64], Option<u64>) = match machine {
            EM_X86_64 => (8, 37, &[18], Some(36)),
            EM_386 => (8, 42, &[14, 37], Some(41)),
            EM_AARCH64 => (1027, 1032, &[1030], Some(1031)),
            EM_ARM => (23, 160, &[19], Some(13)),
            EM_PPC64 => (22, 248, &[73], None),
            EM_S390 => (12, 61, &[56], None),
            EM_RISCV => (3, 58, &[11], Some(12)),
            EM_LOONGARCH => (3, 12, &[11], Some(14)),
            _ => return Self::Other,
        };
        if number == relative {
            Self::Relative
        } else if number == irelative {
            Self::Irelative
        } else if tpoff.contains(&number) {
            Self::InitialExecTls
        } else if descriptor == Some(number) {
            Self::TlsDescriptor
        } else {
            Self::Other
        }
    }

    /// `R_*_RELATIVE` of `machine`, and whether its ABI keeps addends in the relocation (`Elf_Rela`)
    /// rather than in place (`Elf_Rel`).
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

#[cfg(test)]
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
}
