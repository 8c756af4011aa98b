//! What a corpus starts from: made of `testdata/` when it is needed, so that nothing is kept twice.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::root;

/// Fixtures that are longer than this are left out.
const LARGEST: u64 = 16 << 10;

/// How many bytes at the end of an input decide what is done with it; see `tests/fuzz/src/control.rs`.
const CONTROL: u8 = 12;

/// Makes `directory` hold these inputs and no others.
pub(super) fn write(directory: &Path, seeds: Vec<Vec<u8>>) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    for (index, seed) in seeds.into_iter().enumerate() {
        fs::write(directory.join(format!("{index:04}")), seed)?;
    }
    Ok(())
}

/// Every file below a directory of `testdata`, sorted by path.
fn below(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .with_context(|| format!("cannot read {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() { below(&entry, files)? } else { files.push(entry) }
    }
    Ok(())
}

/// The small ELF files, each once.
pub(super) fn objects() -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for directory in ["testdata/elf", "testdata/objects", "testdata/regressions"] {
        let directory = root().join(directory);
        if directory.exists() {
            below(&directory, &mut files)?;
        }
    }
    let mut objects = BTreeSet::new();
    for file in files {
        if fs::metadata(&file)?.len() <= LARGEST {
            objects.insert(fs::read(file)?);
        }
    }
    Ok(objects.into_iter().filter(|bytes| bytes.starts_with(b"\x7fELF")).collect())
}

/// Bytes that look random and are always the same.
fn control(index: usize) -> Vec<u8> {
    (0..CONTROL)
        .map(|at| (index as u8).wrapping_mul(37).wrapping_add(at.wrapping_mul(101)) ^ at << 3)
        .collect()
}

fn decided(inputs: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.into_iter().enumerate().map(|(index, bytes)| [bytes, control(index)].concat()).collect()
}

/// ELF files, each with some edit.
pub(super) fn edits() -> Result<Vec<Vec<u8>>> {
    Ok(decided(objects()?))
}

/// Tables of `DT_RELR`: addresses with and without bitmaps.
pub(super) fn relr() -> Result<Vec<Vec<u8>>> {
    let words: [&[u64]; 5] = [
        &[],
        &[0x2000],
        &[0x2000, 0x2008, 0x2010],
        &[0x2000, 0b1011, 1, 0xffff_ffff_ffff_ffff],
        &[0x2000, 0x8000_0000_0000_0001, 0x2400, 3],
    ];
    Ok(words.iter().map(|words| words.iter().flat_map(|word| word.to_le_bytes()).collect()).collect())
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Names of wheels, platforms, members and libraries.
pub(super) fn names() -> Result<Vec<Vec<u8>>> {
    Ok(texts(&[
        "demo-1.0-cp312-cp312-linux_x86_64.whl",
        "demo-1.0-1b-py2.py3-none-musllinux_1_2_x86_64.manylinux2014_x86_64.whl",
        "a.b_c-2!1.0rc1+local.1-cp38.cp39-abi3.none-any.whl",
        "musllinux_1_1_aarch64",
        "macosx_11_0_arm64",
        "demo/_core.so\ndemo.libs/libx-01234567.so.1",
        "demo-1.0.data/scripts/tool\ndemo/lib/../x",
        "lib*.so.[0-9]?\nlibx.so.3",
        "$ORIGIN/../demo.libs:${ORIGIN}:/usr/lib::",
        "libpython3.12.so.1.0",
        "ld-musl-x86_64.so.1",
    ]))
}

/// `WHEEL` and `METADATA` files.
pub(super) fn headers() -> Result<Vec<Vec<u8>>> {
    Ok(texts(&[
        "Wheel-Version: 1.0\nGenerator: x (1)\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n",
        "Wheel-Version: 1.0\r\nRoot-Is-Purelib: True\r\nTag: a-b-c\r\nTag: a-b-d\r\nBuild: 1\r\n\r\nbody",
        "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nClassifier: A\n more\n\nText.\n",
    ]))
}

/// `RECORD` files.
pub(super) fn records() -> Result<Vec<Vec<u8>>> {
    let mut records = texts(&[
        "a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nd-1.dist-info/RECORD,,\n",
        "\"a,\"\"b.py\",sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,\r\nd-1.dist-info/RECORD.jws,,\r\n",
    ]);
    for mut archive in wheels()? {
        let names: Vec<String> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
        for name in names.iter().filter(|name| name.ends_with("/RECORD")) {
            let mut bytes = Vec::new();
            archive.by_name(name)?.read_to_end(&mut bytes)?;
            records.push(bytes);
        }
    }
    Ok(records)
}

fn wheel_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    below(&root().join("testdata/wheels"), &mut files)?;
    Ok(files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "whl"))
        .collect())
}

fn wheels() -> Result<Vec<zip::ZipArchive<fs::File>>> {
    wheel_files()?.iter().map(|file| Ok(zip::ZipArchive::new(fs::File::open(file)?)?)).collect()
}

/// Whole wheels.
pub(super) fn archives() -> Result<Vec<Vec<u8>>> {
    wheel_files()?.iter().map(|file| Ok(fs::read(file)?)).collect()
}

/// Package databases.
pub(super) fn databases() -> Result<Vec<Vec<u8>>> {
    Ok(vec![fs::read(root().join("testdata/rootfs/lib/apk/db/installed"))?])
}

/// Names as they are put into messages.
pub(super) fn lines() -> Result<Vec<Vec<u8>>> {
    Ok(texts(&[
        "libx.so.1",
        "::set-output name=x::y",
        "  \u{3000}::stop-commands::t",
        "a ##[error]b ##vso[task.setvariable]c ###[group]",
        "\u{1b}[2J\u{9b}31m\r\n\u{2028}\u{202e}\u{e0101}\u{3164}",
    ]))
}

/// Edits of the end of an archive, eight bytes each: what is done, where, and with which values.
pub(super) fn edits_of_ends() -> Result<Vec<Vec<u8>>> {
    Ok((0..16u8).map(|what| vec![what, 0, 20, what % 8, 3, 0, 0, 0]).chain([Vec::new()]).collect())
}

/// Wheels, and ELF files to put into one.
pub(super) fn repairs() -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    below(&root().join("testdata/objects"), &mut files)?;
    below(&root().join("testdata/elf/x86_64"), &mut files)?;
    let mut inputs = archives()?;
    for file in files.iter().filter(|file| fs::metadata(file).is_ok_and(|file| file.len() <= LARGEST)) {
        inputs.push(fs::read(file)?);
    }
    Ok(decided(inputs))
}

/// Deflate streams of small objects, in three strengths, and the objects.
pub(super) fn streams() -> Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for (index, object) in objects()?.into_iter().enumerate() {
        let level = flate2::Compression::new([1, 6, 9][index % 3]);
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(&object)?;
        inputs.extend([encoder.finish()?, object]);
    }
    Ok(decided(inputs))
}
