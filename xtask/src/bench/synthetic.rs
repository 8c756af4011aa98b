//! Synthetic wheels and libraries, made by code and always the same.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{command, output};
use crate::wheel::Writer;

pub const NAME: &str = "bench-1.0-cp312-cp312-linux_x86_64.whl";

/// The names in a template that [`numbered`] replaces; digits replace the letters.
pub const OWN: &str = "libaaaaa.so.1";
pub const NEEDED: &str = "libccccc.so.1";

/// Starts the wheel `directory/NAME`.
pub fn create(directory: &Path) -> Result<Writer<File>> {
    fs::create_dir_all(directory)?;
    Ok(Writer::new(File::create(directory.join(NAME))?))
}

pub fn finish(mut wheel: Writer<File>) -> Result<()> {
    const INFO: [(&str, &str); 2] = [
        ("METADATA", "Metadata-Version: 2.1\nName: bench\nVersion: 1.0\n"),
        (
            "WHEEL",
            "Wheel-Version: 1.0\nGenerator: xtask\nRoot-Is-Purelib: false\nTag: cp312-cp312-linux_x86_64\n",
        ),
    ];
    for (name, text) in INFO {
        wheel.add(&format!("bench-1.0.dist-info/{name}"), text.as_bytes(), 0o644)?;
    }
    wheel.finish().map(drop)
}

/// Links a shared object with the C compiler: its name, the libraries it needs (paths), and a file that
/// becomes part of its constants.
pub fn link(
    scratch: &Path,
    soname: Option<&str>,
    needed: &[PathBuf],
    payload: Option<&Path>,
) -> Result<Vec<u8>> {
    fs::create_dir_all(scratch)?;
    let mut source = "int answer(void) { return 42; }\n".to_owned();
    if let Some(payload) = payload {
        let path = payload.display();
        source.push_str(&format!(
            "__asm__(\".section .rodata\\n.balign 64\\n.incbin \\\"{path}\\\"\\n.previous\");\n"
        ));
    }
    let (input, result) = (scratch.join("object.c"), scratch.join("object.so"));
    fs::write(&input, source)?;
    let mut cc = command("cc");
    cc.args(["-shared", "-fPIC", "-nostdlib", "-O1", "-Wl,--build-id=none", "-Wl,--no-as-needed"]);
    cc.args(soname.map(|name| format!("-Wl,-soname,{name}")));
    cc.arg("-o").arg(&result).arg(&input).args(needed);
    output(&mut cc).context("a C compiler for x86_64 is needed")?;
    let bytes = fs::read(&result)?;
    fs::remove_file(result)?;
    Ok(bytes)
}

/// A library called [`OWN`] that needs [`NEEDED`], or nothing.
pub fn library(scratch: &Path, needs: bool) -> Result<Vec<u8>> {
    fs::create_dir_all(scratch)?;
    let mut needed = Vec::new();
    if needs {
        let path = scratch.join(NEEDED);
        fs::write(&path, link(scratch, Some(NEEDED), &[], None)?)?;
        needed.push(path);
    }
    link(scratch, Some(OWN), &needed, None)
}

/// [`OWN`] or [`NEEDED`] with digits in place of letters.
pub fn name(template: &str, number: usize) -> String {
    template.replace("aaaaa", &format!("{number:05}")).replace("ccccc", &format!("{number:05}"))
}

/// The object with another number in the name given by the template.
pub fn numbered(mut object: Vec<u8>, template: &str, number: usize) -> Vec<u8> {
    let other = name(template, number);
    let mut at = 0;
    while let Some(found) = object.get(at..).and_then(|rest| position(rest, template.as_bytes())) {
        at += found;
        object[at..at + other.len()].copy_from_slice(other.as_bytes());
    }
    object
}

pub fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// Bytes of which every other 64 KiB are noise; the rest compresses to about a third, like code.
pub fn payload(size: usize) -> Vec<u8> {
    const RUN: usize = 64 << 10;
    let mut state = 42_u64;
    // SplitMix64.
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let words: Vec<[u8; 8]> = (0..1024).map(|_| next().to_le_bytes()).collect();
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        let random = next();
        match bytes.len() / RUN % 2 {
            0 => bytes.extend(random.to_le_bytes()),
            // Five to eight bytes of a word; few words are much more frequent than the others.
            _ => {
                let index = (random % 1024).min((random >> 16) % 1024).min((random >> 32) % 1024);
                bytes.extend_from_slice(&words[index as usize][..5 + (random >> 62) as usize]);
            }
        }
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_wherever_they_are() {
        let object = numbered(b"\0libaaaaa.so.1\0libccccc.so.1\0libaaaaa.so.1".to_vec(), OWN, 7);
        assert_eq!(object, b"\0lib00007.so.1\0libccccc.so.1\0lib00007.so.1");
        assert_eq!(name(NEEDED, 12), "lib00012.so.1");
    }

    #[test]
    fn a_payload_is_half_noise() {
        let bytes = payload(1 << 20);
        let member = crate::wheel::Packed::new("x", &bytes, 6).unwrap();
        let ratio = member.archive.len() as f64 / bytes.len() as f64;
        assert!((0.6..0.8).contains(&ratio), "{ratio}");
    }
}
