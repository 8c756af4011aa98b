//! Some of patchelf's options, carried out by this library:
//! `patchelf [--set-soname NAME] [--replace-needed OLD NEW]... [--set-rpath PATH] [--strip-all] FILE`.
//!
//! The file is changed in place. `--engine arwen` has arwen change the names instead. It is what
//! `cargo xtask bench` runs beside patchelf itself.

use std::env::args;
use std::error::Error;
use std::fs;

use muslrepair::elf::{ElfEdit, Patched, RunPathEdit, Strip, patch};

fn main() -> Result<(), Box<dyn Error>> {
    let mut edit = ElfEdit::default();
    let mut engine = "own".to_owned();
    let mut file = None;
    let mut arguments = args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value"));
        match argument.as_str() {
            "--engine" => engine = value()?,
            "--set-soname" => edit.soname = Some(value()?),
            "--replace-needed" => {
                edit.rename_needed.insert(value()?, value()?);
            }
            "--set-rpath" => edit.run_path = RunPathEdit::Set(value()?),
            // There is only the one run path, and this is its tag.
            "--force-rpath" => {}
            "--strip-debug" => edit.strip = Some(Strip::Debug),
            "--strip-all" => edit.strip = Some(Strip::All),
            _ => file = Some(argument),
        }
    }
    let file = file.ok_or("no file")?;
    let bytes = fs::read(&file)?;
    let patched = match engine.as_str() {
        "own" => patch(bytes, &edit)?,
        "arwen" => with_arwen(bytes, &edit)?,
        _ => return Err(format!("no engine `{engine}`").into()),
    };
    Ok(fs::write(&file, patched.bytes)?)
}

#[cfg(feature = "arwen")]
fn with_arwen(bytes: Vec<u8>, edit: &ElfEdit) -> Result<Patched, Box<dyn Error>> {
    Ok(muslrepair::elf::patch_with_arwen(bytes, edit)?)
}

#[cfg(not(feature = "arwen"))]
fn with_arwen(_: Vec<u8>, _: &ElfEdit) -> Result<Patched, Box<dyn Error>> {
    Err("built without arwen".into())
}
