//! A wheel of 1.5 GB, repaired within the default memory budget.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use zip::ZipArchive;

use super::synthetic::{self, NAME, NEEDED, OWN};
use super::{repair, results};
use crate::cost::Cost;
use crate::page::megabytes;
use crate::process::{empty, target};
use crate::wheel::Packed;
use crate::workers;

/// The default of `--memory`.
const MEMORY: u64 = 1 << 30;

/// auditwheel is stopped after this many seconds.
const PATIENCE: u32 = 180;

const MB: usize = 1_000_000;

/// One object as large as the largest published ones, many of ordinary size, and data that does not compress.
const HUGE: usize = 400 * MB;
const OBJECTS: usize = 64;
const OBJECT: usize = 8 * MB;
const DATA: usize = 90;
const DATUM: usize = 10 * MB;
/// The number of libraries that the objects need, in turn.
const LIBRARIES: usize = 4;

/// Makes the wheel, repairs it, and returns a report; using more memory than allowed is an error.
pub fn measure(program: &Path, bin: &Path) -> Result<String> {
    let directory = empty(target().join("bench/large"))?;
    println!("making a wheel of 1.5 GB");
    make(&directory)?;
    let (wheel, libraries) = (directory.join(NAME), directory.join("lib"));
    let members = ZipArchive::new(File::open(&wheel)?)?.len();
    let size = fs::metadata(&wheel)?.len();
    let run = |program: &Path, patience| {
        Cost::within(repair(program, &results("large")?, libraries.as_os_str()).arg(&wheel), patience)
    };
    let ours = run(program, 0)?.context("it was not waited for")?;
    let theirs = match run(&bin.join("auditwheel"), PATIENCE)? {
        Some(Cost { wall, cpu, memory }) => {
            format!(
                "auditwheel took {wall:.1} s ({cpu:.1} s of processor time) and {} MB.",
                megabytes(memory)
            )
        }
        None => format!("auditwheel was ended after {PATIENCE} s."),
    };
    results("large")?;
    fs::remove_dir_all(&directory)?;
    let text = format!(
        "A wheel of {} MB, made for this ({members} members, {} MB unpacked, one object of {} MB): {:.1} s, {:.1} s of\n\
         processor time, {} MB of memory at the peak; `--memory` is {} MB where it is not given. {theirs}",
        megabytes(size),
        megabytes((HUGE + OBJECTS * OBJECT + DATA * DATUM) as u64),
        HUGE / MB,
        ours.wall,
        ours.cpu,
        megabytes(ours.memory),
        megabytes(MEMORY),
    );
    ensure!(ours.memory <= MEMORY, "too much memory: {text}");
    Ok(text)
}

fn make(directory: &Path) -> Result<()> {
    let (scratch, libraries) = (directory.join("scratch"), directory.join("lib"));
    fs::create_dir_all(&libraries)?;
    fs::create_dir_all(&scratch)?;
    let library = synthetic::library(&scratch, false)?;
    for number in 0..LIBRARIES {
        fs::write(
            libraries.join(synthetic::name(OWN, number)),
            synthetic::numbered(library.clone(), OWN, number),
        )?;
    }
    let base = synthetic::payload(16 * MB);
    let mut wheel = synthetic::create(directory)?;
    let huge = Object::link(&scratch, rotated(&base, 1, HUGE))?;
    wheel.add_packed(&Packed::new("bench/huge.so", &huge.varied(&rotated(&base, 1, HUGE), 0), 6)?)?;
    let object = Object::link(&scratch, rotated(&base, 0, OBJECT))?;
    let noise: Vec<u8> = base.chunks(64 << 10).step_by(2).flatten().copied().collect();
    let numbers: Vec<usize> = (0..OBJECTS + DATA).collect();
    // A few at a time, to limit memory.
    for numbers in numbers.chunks(8) {
        let members = workers::each(numbers, |&number| match number.checked_sub(OBJECTS) {
            None => {
                let bytes = object.varied(&rotated(&base, number, OBJECT), number % LIBRARIES);
                Packed::new(&format!("bench/object{number}.so"), &bytes, 6)
            }
            Some(number) => {
                Packed::new(&format!("bench/data{number}.bin"), &rotated(&noise, number, DATUM), 1)
            }
        })?;
        for member in &members {
            wheel.add_packed(member)?;
        }
    }
    synthetic::finish(wheel)?;
    Ok(fs::remove_dir_all(scratch)?)
}

/// `size` bytes of a repeated sequence, starting somewhere in it. The sequence is much longer than deflate's
/// window.
fn rotated(base: &[u8], number: usize, size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size);
    let mut at = number * 104_729 % base.len();
    while bytes.len() < size {
        let part = &base[at..base.len().min(at + size - bytes.len())];
        bytes.extend_from_slice(part);
        at = 0;
    }
    bytes
}

/// A shared object that needs [`NEEDED`], with the offset of its constants.
struct Object {
    bytes: Vec<u8>,
    payload: usize,
    /// The offset of the needed name.
    needed: usize,
}

impl Object {
    fn link(scratch: &Path, payload: Vec<u8>) -> Result<Self> {
        let (file, stub): (PathBuf, PathBuf) = (scratch.join("payload"), scratch.join(NEEDED));
        fs::write(&file, &payload)?;
        fs::write(&stub, synthetic::link(scratch, Some(NEEDED), &[], None)?)?;
        let bytes = synthetic::link(scratch, None, &[stub], Some(&file))?;
        fs::remove_file(file)?;
        // The name may be before or after the constants.
        let payload_at = synthetic::position(&bytes, &payload[..64]);
        let start = payload_at.context("the constants are not in the object")?;
        let end = start + payload.len();
        let find = |part: &[u8]| synthetic::position(part, NEEDED.as_bytes());
        let needed = find(&bytes[..start]).or_else(|| find(&bytes[end..]).map(|found| end + found));
        Ok(Self { needed: needed.context("the name is not in the object")?, bytes, payload: start })
    }

    fn varied(&self, payload: &[u8], library: usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes[self.payload..self.payload + payload.len()].copy_from_slice(payload);
        let name = synthetic::name(NEEDED, library);
        bytes[self.needed..self.needed + name.len()].copy_from_slice(name.as_bytes());
        bytes
    }
}
