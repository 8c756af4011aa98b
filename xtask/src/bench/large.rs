//! A wheel of 1.5 GB, repaired within the memory that is allowed without being asked.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use zip::ZipArchive;

use super::cost::{Cost, repair, results};
use super::rows::megabytes;
use super::synthetic::{self, Member, NAME, NEEDED, OWN, WheelFile};
use crate::process::target;
use crate::workers;

/// `--memory` where it is not given.
const MEMORY: u64 = 1 << 30;

/// Longer than this, auditwheel is not waited for.
const PATIENCE: u32 = 180;

const MB: usize = 1_000_000;

/// One object as large as the largest that are published, many of an ordinary size, and data that does not compress.
const HUGE: usize = 400 * MB;
const OBJECTS: usize = 64;
const OBJECT: usize = 8 * MB;
const DATA: usize = 90;
const DATUM: usize = 10 * MB;
/// The libraries that the objects need, in turns.
const LIBRARIES: usize = 4;

#[derive(Debug, Serialize)]
pub struct Large {
    members: usize,
    input_size: u64,
    unpacked_size: u64,
    ours: Cost,
    /// Nothing where it took too long.
    theirs: Option<Cost>,
}

pub fn measure(program: &Path, bin: &Path, path: &OsStr) -> Result<Large> {
    let directory = target().join("bench/large");
    let _ = fs::remove_dir_all(&directory);
    println!("making a wheel of 1.5 GB");
    make(&directory)?;
    let wheel = directory.join(NAME);
    let archive = ZipArchive::new(File::open(&wheel)?)?;
    let libraries = directory.join("lib");
    let arguments = |result: &Path| repair(result, libraries.as_os_str(), &[wheel.as_os_str()]);
    let ours = Cost::of(program, &arguments(&results("large")?), path)?;
    println!("repaired in {:.1} s with {} MB", ours.wall, megabytes(ours.memory));
    let theirs = Cost::within(&bin.join("auditwheel"), &arguments(&results("large")?), path, Some(PATIENCE))?;
    let large = Large {
        members: archive.len(),
        input_size: fs::metadata(&wheel)?.len(),
        unpacked_size: (HUGE + OBJECTS * OBJECT + DATA * DATUM) as u64,
        ours,
        theirs,
    };
    fs::remove_dir_all(results("large")?)?;
    fs::remove_dir_all(&directory)?;
    Ok(large)
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
    let mut wheel = WheelFile::create(directory)?;
    let huge = Object::link(&scratch, rotated(&base, 1, HUGE))?;
    wheel.add(&Member::new("bench/huge.so", &huge.varied(&rotated(&base, 1, HUGE), 0), 6)?)?;
    let object = Object::link(&scratch, rotated(&base, 0, OBJECT))?;
    let noise: Vec<u8> = base.chunks(64 << 10).step_by(2).flatten().copied().collect();
    let numbers: Vec<usize> = (0..OBJECTS + DATA).collect();
    // As many at once as memory has room for without being noticed.
    for numbers in numbers.chunks(8) {
        let members = workers::each(numbers, |&number| match number.checked_sub(OBJECTS) {
            None => {
                let bytes = object.varied(&rotated(&base, number, OBJECT), number % LIBRARIES);
                Member::new(&format!("bench/object{number}.so"), &bytes, 6)
            }
            Some(number) => {
                Member::new(&format!("bench/data{number}.bin"), &rotated(&noise, number, DATUM), 1)
            }
        })?;
        for member in &members {
            wheel.add(member)?;
        }
    }
    wheel.finish()?;
    Ok(fs::remove_dir_all(scratch)?)
}

/// `size` bytes of a repeated sequence from somewhere in it: far longer than what deflate looks back to.
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

/// A shared object that needs [`NEEDED`], and where its constants are.
struct Object {
    bytes: Vec<u8>,
    payload: usize,
    /// Where the name is that it needs.
    needed: usize,
}

impl Object {
    fn link(scratch: &Path, payload: Vec<u8>) -> Result<Self> {
        let (file, stub): (PathBuf, PathBuf) = (scratch.join("payload"), scratch.join(NEEDED));
        fs::write(&file, &payload)?;
        fs::write(&stub, synthetic::link(scratch, Some(NEEDED), &[], None)?)?;
        let bytes = synthetic::link(scratch, None, &[stub], Some(&file))?;
        fs::remove_file(file)?;
        // The name is before the constants or after them.
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

impl Large {
    /// The one thing that is asked of it.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.ours.memory <= MEMORY,
            "a wheel of {} MB took {} MB of memory, {} are allowed",
            megabytes(self.input_size),
            megabytes(self.ours.memory),
            megabytes(MEMORY),
        );
        Ok(())
    }

    pub fn markdown(&self) -> String {
        let theirs = match &self.theirs {
            Some(cost) => format!(
                "auditwheel took {:.1} s ({:.1} s of processor time) and {} MB.",
                cost.wall,
                cost.cpu,
                megabytes(cost.memory)
            ),
            None => format!("auditwheel was ended after {PATIENCE} s."),
        };
        format!(
            "A wheel of {} MB, made for this ({} members, {} MB unpacked, one object of {} MB): {:.1} s, {:.1} s of\n\
            processor time, {} MB of memory at the peak; `--memory` is {} MB where it is not given. {theirs}",
            megabytes(self.input_size),
            self.members,
            megabytes(self.unpacked_size),
            HUGE / MB,
            self.ours.wall,
            self.ours.cpu,
            megabytes(self.ours.memory),
            megabytes(MEMORY),
        )
    }
}
