//! The facts of ELF files that xtask needs. Read with `object`, which muslrepair does not use, so that a
//! mistake in one reader does not confirm itself.

use anyhow::{Context, Result, bail};
use object::elf::{self, FileHeader32, FileHeader64, Verneed};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, FileKind, ReadRef as _, StringTable};

/// The facts of an ELF file, from its program headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elf {
    /// Whether it names an interpreter.
    pub interpreter: bool,
    /// Whether it has no fixed address: a library, or a position independent program.
    pub shared: bool,
    pub dynamic: bool,
    pub soname: Option<String>,
    pub needed: Vec<String>,
    /// `RPATH` or `RUNPATH`, and the text.
    pub run_paths: Vec<(&'static str, String)>,
    /// The files of `DT_VERNEED`.
    pub versions_of: Vec<String>,
    pub relr: bool,
    /// Whether offset and address of every `PT_LOAD` are congruent modulo its alignment (gABI, "Program
    /// Header"); otherwise no loader can map the file.
    pub mappable: bool,
}

impl Elf {
    /// `None` if this is not an ELF file.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>> {
        match FileKind::parse(bytes) {
            Ok(FileKind::Elf32) => of::<FileHeader32<Endianness>>(bytes).map(Some),
            Ok(FileKind::Elf64) => of::<FileHeader64<Endianness>>(bytes).map(Some),
            _ => Ok(None),
        }
    }
}

fn of<Header: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Elf> {
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    let mut found = Elf { shared: header.e_type(endian) == elf::ET_DYN, mappable: true, ..Elf::default() };
    let (mut loads, mut entries) = (Vec::new(), None);
    for segment in header.program_headers(endian, bytes)? {
        found.interpreter |= segment.p_type(endian) == elf::PT_INTERP;
        if let Some(table) = segment.dynamic(endian, bytes)? {
            entries = Some(table);
        }
        if segment.p_type(endian) == elf::PT_LOAD {
            let (at, offset): (u64, u64) = (segment.p_vaddr(endian).into(), segment.p_offset(endian).into());
            found.mappable &= at.wrapping_sub(offset).is_multiple_of(segment.p_align(endian).into().max(1));
            loads.push((at, segment.p_filesz(endian).into(), offset));
        }
    }
    let Some(entries) = entries else { return Ok(found) };
    found.dynamic = true;
    let entries = entries.iter().map(|entry| (entry.d_tag(endian), entry.d_val(endian).into()));
    let entries: Vec<(elf::DynamicTag, u64)> = entries.take_while(|(tag, _)| *tag != elf::DT_NULL).collect();
    let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let offset = |address: u64| match loads.iter().find(|(at, size, _)| (*at..at + size).contains(&address)) {
        Some((at, _, offset)) => Ok(address - at + offset),
        None => bail!("address {address:#x} is in no segment"),
    };
    let Some(strings) = value(elf::DT_STRTAB) else { return Ok(found) };
    let strings = StringTable::new(bytes, offset(strings)?, bytes.len() as u64);
    let string = |at: u64| -> Result<String> {
        let text = strings.get(u32::try_from(at)?).ok().context("a name is outside the file")?;
        Ok(String::from_utf8_lossy(text).into_owned())
    };
    for (tag, value) in &entries {
        match *tag {
            elf::DT_SONAME => found.soname = Some(string(*value)?),
            elf::DT_NEEDED => found.needed.push(string(*value)?),
            elf::DT_RPATH => found.run_paths.push(("RPATH", string(*value)?)),
            elf::DT_RUNPATH => found.run_paths.push(("RUNPATH", string(*value)?)),
            elf::DT_RELR => found.relr = true,
            _ => {}
        }
    }
    if let (Some(address), Some(count)) = (value(elf::DT_VERNEED), value(elf::DT_VERNEEDNUM)) {
        let mut at = offset(address)?;
        for _ in 0..count {
            let need: &Verneed<Endianness> = bytes.read_at(at).ok().context("DT_VERNEED is cut off")?;
            found.versions_of.push(string(need.vn_file.get(endian).into())?);
            at += u64::from(need.vn_next.get(endian));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Elf;
    use crate::process::root;

    #[test]
    fn facts_of_a_fixture_in_the_other_byte_order() -> anyhow::Result<()> {
        let elf = Elf::read(&std::fs::read(root().join("testdata/elf/s390x/bfd-versions.so"))?)?;
        let elf = elf.unwrap_or_default();
        assert!(elf.shared && elf.dynamic && elf.mappable && !elf.interpreter && !elf.relr, "{elf:?}");
        assert!(elf.needed.contains(&"libone.so.1".to_owned()), "{elf:?}");
        assert_eq!(elf.versions_of, ["libfour.so.4"]);
        assert_eq!(Elf::read(b"INPUT(libz.so.1)")?, None);
        Ok(())
    }

    #[test]
    fn this_very_test_has_an_interpreter_and_needs_libraries() -> anyhow::Result<()> {
        let own = Elf::read(&std::fs::read(std::env::current_exe()?)?)?.unwrap_or_default();
        assert!(own.interpreter && !own.needed.is_empty());
        Ok(())
    }
}
