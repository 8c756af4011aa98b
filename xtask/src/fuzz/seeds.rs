//! Initial corpora, made from `testdata/` on demand, so that nothing is stored twice.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;

use anyhow::Result;

use crate::process::{files, root, wheels};
use crate::wheel;

/// Larger fixtures are omitted.
const LARGEST: u64 = 16 << 10;

/// The number of bytes at the end of an input that control what is done with it; see
/// `tests/fuzz/src/control.rs`.
const CONTROL: u8 = 12;

/// The small ELF files of directories, without duplicates.
fn small(directories: &[&str]) -> Result<Vec<Vec<u8>>> {
    let mut objects = BTreeSet::new();
    for directory in directories {
        for file in files(&root().join(directory))? {
            if fs::metadata(&file)?.len() <= LARGEST {
                objects.insert(fs::read(file)?);
            }
        }
    }
    Ok(objects.into_iter().filter(|bytes| bytes.starts_with(b"\x7fELF")).collect())
}

pub(super) fn objects() -> Result<Vec<Vec<u8>>> {
    small(&["testdata/elf", "testdata/objects"])
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

/// ELF files, each with an edit.
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
    for file in wheels(&root().join("testdata/wheels"))? {
        let members = wheel::read(&file)?.into_iter().filter(|member| member.name.ends_with("/RECORD"));
        records.extend(members.map(|member| member.bytes));
    }
    Ok(records)
}

/// Whole wheels.
pub(super) fn archives() -> Result<Vec<Vec<u8>>> {
    wheels(&root().join("testdata/wheels"))?.iter().map(|file| Ok(fs::read(file)?)).collect()
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

/// Wheels, and ELF files to put into a wheel.
pub(super) fn repairs() -> Result<Vec<Vec<u8>>> {
    let mut inputs = archives()?;
    inputs.extend(small(&["testdata/objects", "testdata/elf/x86_64"])?);
    Ok(decided(inputs))
}

/// Deflate streams of small objects, at three levels, and the objects.
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
