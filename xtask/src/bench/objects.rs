//! The files that are measured: every fixture, and the ELF files of wheels.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::elf::{DT_NEEDED, DT_NULL, DT_SONAME, DT_STRTAB, DynamicTag, PT_LOAD};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, elf};
use zip::ZipArchive;

use crate::process::root;

/// A file to measure.
#[derive(Debug)]
pub struct Object {
    /// The architecture, as wheel tags spell it.
    pub arch: String,
    /// The fixture, or wheel and member.
    pub name: String,
    pub bytes: Vec<u8>,
    pub names: Names,
}

/// The names in the dynamic section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub soname: Option<String>,
    pub needed: Vec<String>,
}

impl Object {
    /// Nothing if this is no ELF file with a dynamic section.
    fn read(arch: &str, name: String, bytes: Vec<u8>) -> Option<Self> {
        let names = match FileKind::parse(bytes.as_slice()).ok()? {
            FileKind::Elf32 => names::<elf::FileHeader32<Endianness>>(&bytes),
            FileKind::Elf64 => names::<elf::FileHeader64<Endianness>>(&bytes),
            _ => None,
        }?;
        Some(Self { arch: arch.to_owned(), name, bytes, names })
    }
}

/// Reads them with another library than the one that is measured. What points outside the file is
/// nothing: a few fixtures are like that on purpose.
fn names<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Names> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let entries = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).ok()?)?;
    let entries: Vec<(DynamicTag, u64)> = entries
        .iter()
        .map(|entry| (entry.d_tag(endian), entry.d_val(endian).into()))
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let of_tag =
        |wanted: DynamicTag| entries.iter().filter(move |(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let table = of_tag(DT_STRTAB).next()?;
    let text = |at: u64| -> Option<String> {
        let address = table.checked_add(at)?;
        let bytes = segments.iter().filter(|load| load.p_type(endian) == PT_LOAD).find_map(|load| {
            let within = address.checked_sub(load.p_vaddr(endian).into())?;
            load.data(endian, bytes).ok()?.get(usize::try_from(within).ok()?..)
        })?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        String::from_utf8(bytes[..end].to_vec()).ok()
    };
    let soname = of_tag(DT_SONAME).next().and_then(text);
    Some(Names { soname, needed: of_tag(DT_NEEDED).filter_map(text).collect() })
}

/// Whether offset and address of every `PT_LOAD` are congruent modulo its alignment (gABI, "Program
/// Header"); else no loader can map the file.
pub fn is_mappable(bytes: &[u8]) -> bool {
    match FileKind::parse(bytes) {
        Ok(FileKind::Elf32) => congruent::<elf::FileHeader32<Endianness>>(bytes),
        Ok(FileKind::Elf64) => congruent::<elf::FileHeader64<Endianness>>(bytes),
        _ => None,
    }
    .unwrap_or(false)
}

fn congruent<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<bool> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let loads = segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD);
    let mut distances = loads.map(|load| {
        let (offset, address): (u64, u64) = (load.p_offset(endian).into(), load.p_vaddr(endian).into());
        address.wrapping_sub(offset) % load.p_align(endian).into().max(1)
    });
    Some(distances.all(|distance| distance == 0))
}

/// Every dynamic file below `testdata/elf`, by architecture.
pub fn fixtures() -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for arch in sorted(&root().join("testdata/elf"))? {
        let name = file_name(&arch);
        for file in sorted(&arch)?.into_iter().filter(|file| file.is_file()) {
            objects.extend(Object::read(&name, file_name(&file), fs::read(&file)?));
        }
    }
    Ok(objects)
}

/// Every dynamic ELF file of the wheels in a directory and below. The architecture is the one that
/// the wheel's file name ends with.
pub fn of_wheels(directory: &Path) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for path in sorted(directory)? {
        if path.is_dir() {
            objects.extend(of_wheels(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "whl") {
            let wheel = file_name(&path);
            let arch = arch(&wheel).to_owned();
            let mut archive =
                ZipArchive::new(File::open(&path)?).with_context(|| format!("`{}`", path.display()))?;
            for index in 0..archive.len() {
                let mut member = archive.by_index(index)?;
                let name = format!("{wheel}:{}", member.name()?);
                let mut bytes = Vec::new();
                member.read_to_end(&mut bytes)?;
                objects.extend(Object::read(&arch, name, bytes));
            }
        }
    }
    Ok(objects)
}

/// `x86_64` of `…-musllinux_1_2_x86_64.whl` and of `…-linux_x86_64.whl`.
fn arch(wheel: &str) -> &str {
    let tag = wheel.trim_end_matches(".whl").rsplit('-').next().unwrap_or_default();
    let rest = tag.split_once("linux").map_or(tag, |(_, rest)| rest);
    rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')
}

fn sorted(directory: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().with_context(|| format!("cannot read `{}`", directory.display()))?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_of_wheels() {
        for (wheel, wanted) in [
            ("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", "x86_64"),
            ("a-1-cp312-abi3-linux_armv7l.whl", "armv7l"),
            ("a-1-cp312-abi3-manylinux2014_s390x.whl", "s390x"),
            ("a-1-py3-none-any.whl", "any"),
        ] {
            assert_eq!(arch(wheel), wanted);
        }
    }

    #[test]
    fn names_of_a_fixture() -> Result<()> {
        let objects = fixtures()?;
        let plain = objects.iter().find(|object| object.arch == "s390x" && object.name == "bfd-plain.so");
        let names = &plain.context("bfd-plain.so")?.names;
        assert!(names.needed.contains(&"libone.so.1".to_owned()), "{names:?}");
        Ok(())
    }
}
