//! `.ARM.attributes`: which ARM a file was built for (Addenda to the ABI for the Arm Architecture,
//! "Representing build attributes in ELF files").

use crate::elf::codec::{Format, index};

/// `SHT_ARM_ATTRIBUTES`.
pub(crate) const SHT_ARM_ATTRIBUTES: u32 = 0x7000_0003;

const TAG_FILE: u64 = 1;
const TAG_CPU_RAW_NAME: u64 = 4;
const TAG_CPU_NAME: u64 = 5;
const TAG_CPU_ARCH: u64 = 6;
const TAG_ABI_VFP_ARGS: u64 = 28;
const TAG_COMPATIBILITY: u64 = 32;

/// The attributes of the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ArmAttributes {
    /// `Tag_CPU_arch`.
    pub(crate) cpu_arch: Option<u32>,
    /// `Tag_ABI_VFP_args` is 1 (VFP registers) or 3 (compatible with both).
    pub(crate) hard_float: bool,
}

impl ArmAttributes {
    /// Reads the `aeabi` file attributes; `None` if the section has none that can be read.
    pub(crate) fn parse(format: Format, section: &[u8]) -> Option<Self> {
        let mut rest = section.strip_prefix(b"A")?;
        loop {
            let size = index(format.number(rest.get(..4)?));
            let subsection = rest.get(4..size)?;
            rest = rest.get(size..)?;
            if let Some(vendor) = subsection.strip_prefix(b"aeabi\0") {
                return Self::file_scope(format, vendor);
            }
        }
    }

    fn file_scope(format: Format, mut rest: &[u8]) -> Option<Self> {
        loop {
            let (tag, size) = (u64::from(*rest.first()?), index(format.number(rest.get(1..5)?)));
            let scope = rest.get(5..size)?;
            rest = rest.get(size..)?;
            if tag == TAG_FILE {
                return Some(Self::attributes(scope));
            }
        }
    }

    /// Tags below 32 have numeric values, except for two; of the others, even tags have numbers and odd tags
    /// have text.
    fn attributes(mut rest: &[u8]) -> Self {
        let mut found = Self::default();
        while let Some(tag) = uleb128(&mut rest) {
            let text = matches!(tag, TAG_CPU_RAW_NAME | TAG_CPU_NAME) || (tag > 32 && tag % 2 == 1);
            if !text {
                let Some(value) = uleb128(&mut rest) else { break };
                match tag {
                    TAG_CPU_ARCH => found.cpu_arch = u32::try_from(value).ok(),
                    TAG_ABI_VFP_ARGS => found.hard_float = matches!(value, 1 | 3),
                    _ => {}
                }
            }
            if text || tag == TAG_COMPATIBILITY {
                let Some(nul) = rest.iter().position(|byte| *byte == 0) else { break };
                rest = rest.get(nul + 1..).unwrap_or(&[]);
            }
        }
        found
    }
}

/// Takes one unsigned LEB128 number from the front of `bytes`.
fn uleb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::codec::{Class, Endian};

    const FORMAT: Format = Format { class: Class::Elf32, endian: Endian::Little };

    fn section(attributes: &[u8]) -> Vec<u8> {
        let scope = u8::try_from(attributes.len() + 5).unwrap_or(0);
        let mut bytes = vec![b'A', scope + 10, 0, 0, 0];
        bytes.extend(b"aeabi\0");
        bytes.extend([1, scope, 0, 0, 0]);
        bytes.extend(attributes);
        bytes
    }

    #[test]
    fn names_and_numbers_are_told_apart() {
        let found = ArmAttributes::parse(FORMAT, &section(b"\x05ARM1176JZF-S\0\x06\x07\x20\x01g\0\x1c\x01"));
        assert_eq!(found, Some(ArmAttributes { cpu_arch: Some(7), hard_float: true }));
    }

    #[test]
    fn another_vendor_comes_first() {
        let mut bytes = b"A\x0a\0\0\0gnu\0xx".to_vec();
        bytes.extend(&section(b"\x06\x0a")[1..]);
        assert_eq!(ArmAttributes::parse(FORMAT, &bytes).and_then(|found| found.cpu_arch), Some(10));
    }

    #[test]
    fn damaged_attributes_stop_the_parser() {
        for bytes in [&b""[..], b"A", b"A\0\0\0\0", b"A\xff\xff\xff\xff", b"A\x04\0\0\0\x04\0\0\0", b"B"] {
            assert_eq!(ArmAttributes::parse(FORMAT, bytes), None, "{bytes:?}");
        }
        let whole = section(b"\x06\x8a\x80\x00\x1c\x01");
        for end in 0..whole.len() {
            ArmAttributes::parse(FORMAT, &whole[..end]);
        }
    }
}
