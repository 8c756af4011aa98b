//! What links an ELF file to others, read with the `object` crate, which muslrepair does not use.

use anyhow::{Context, Result, bail};
use object::elf::{
    DT_NEEDED, DT_RELR, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM, FileHeader32,
    FileHeader64, PT_LOAD,
};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Bytes, Endianness};

/// The names in an ELF file, and whether it has `DT_RELR`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    pub soname: Option<String>,
    pub needed: Vec<String>,
    /// `RPATH` or `RUNPATH`, and the text.
    pub run_paths: Vec<(&'static str, String)>,
    /// The files of `DT_VERNEED`.
    pub versions_of: Vec<String>,
    pub relr: bool,
}

impl Linkage {
    /// Nothing if this is no ELF file.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>> {
        match bytes.get(..5) {
            Some(b"\x7fELF\x01") => of::<FileHeader32<Endianness>>(bytes).map(Some),
            Some(b"\x7fELF\x02") => of::<FileHeader64<Endianness>>(bytes).map(Some),
            _ => Ok(None),
        }
    }
}

fn of<Header: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Linkage> {
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, bytes)?;
    let mut linkage = Linkage::default();
    let Some(entries) = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).transpose()) else {
        return Ok(linkage);
    };
    let entries = entries?;
    let value = |tag| {
        let entry = entries.iter().find(|entry| entry.d_tag(endian) == tag);
        entry.map(|entry| -> u64 { entry.d_val(endian).into() })
    };
    let offset = |address: u64| -> Result<usize> {
        for segment in segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD) {
            let (start, size): (u64, u64) = (segment.p_vaddr(endian).into(), segment.p_filesz(endian).into());
            if (start..start + size).contains(&address) {
                let file: u64 = segment.p_offset(endian).into();
                return Ok(usize::try_from(file + address - start)?);
            }
        }
        bail!("address {address:#x} is in no segment")
    };
    let strings = match value(DT_STRTAB) {
        Some(address) => offset(address)?,
        None => return Ok(linkage),
    };
    let string = |at: u64| -> Result<String> {
        let bytes = bytes.get(strings + usize::try_from(at)?..).context("a name lies outside the file")?;
        let end = bytes.iter().position(|byte| *byte == 0).context("a name has no end")?;
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    };
    for entry in entries {
        let at = entry.d_val(endian).into();
        match entry.d_tag(endian) {
            tag if tag == DT_SONAME => linkage.soname = Some(string(at)?),
            tag if tag == DT_NEEDED => linkage.needed.push(string(at)?),
            tag if tag == DT_RPATH => linkage.run_paths.push(("RPATH", string(at)?)),
            tag if tag == DT_RUNPATH => linkage.run_paths.push(("RUNPATH", string(at)?)),
            tag if tag == DT_RELR => linkage.relr = true,
            _ => {}
        }
    }
    if let (Some(address), Some(count)) = (value(DT_VERNEED), value(DT_VERNEEDNUM)) {
        let mut at = offset(address)?;
        for _ in 0..count {
            // Elf_Verneed: vn_version and vn_cnt of two bytes, vn_file, vn_aux and vn_next of four.
            let word = |position: usize| -> Result<u32> {
                let mut entry = Bytes(bytes);
                entry.skip(position).ok().context("DT_VERNEED lies outside the file")?;
                let word = entry.read::<object::U32<Endianness>>().ok().context("DT_VERNEED is cut off")?;
                Ok(word.get(endian))
            };
            linkage.versions_of.push(string(word(at + 4)?.into())?);
            at += usize::try_from(word(at + 12)?)?;
        }
    }
    Ok(linkage)
}
