//! What a repair takes at least: `limit INPUT REPAIRED SCRATCH` reads the input, inflates and hashes every member,
//! deflates what REPAIRED has and INPUT has not, copies the rest as it lies, and writes SCRATCH, on all cores. It
//! decides nothing and patches nothing; not even opening the wheel is counted. Prints the seconds that took, on the clock
//! and of processor time.
//!
//! `cargo xtask bench wheels` runs it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::time::Instant;

use muslrepair::Limits;
use muslrepair::wheel::{Packed, Wheel};
use rayon::prelude::*;
use zip::ZipArchive;

type Members = BTreeMap<String, (u32, usize)>;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, repaired, scratch] = &arguments[..] else {
        return Err("usage: limit INPUT REPAIRED SCRATCH".into());
    };
    let changed = changed(input, repaired)?;
    let wheel = Wheel::open(input.as_ref(), &Limits::default())?;
    let (clock, processor) = (Instant::now(), processor_time()?);

    // Every member is read, inflated and hashed.
    wheel.check_record()?;
    /// What muslrepair uses.
    const LEVEL: u32 = 6;
    let packed: Vec<Packed> =
        changed.into_par_iter().with_max_len(1).map(|bytes| Packed::new(bytes, LEVEL)).collect();
    let mut output = File::create(scratch)?;
    std::io::copy(&mut File::open(input)?, &mut output)?;
    for packed in &packed {
        output.write_all(&vec![0; usize::try_from(packed.compressed_size())?])?;
    }
    output.sync_all()?;

    let seconds = (clock.elapsed().as_secs_f64(), processor_time()? - processor);
    writeln!(std::io::stdout(), "{} {}", seconds.0, seconds.1)?;
    Ok(())
}

/// The members that have to be deflated, whatever else is done.
fn changed(input: &str, repaired: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let before = members(input)?;
    let mut archive = ZipArchive::new(File::open(repaired)?)?;
    let mut changed = Vec::new();
    for (name, (crc32, index)) in members(repaired)? {
        if before.get(&name).is_none_or(|(other, _)| *other != crc32) {
            let mut bytes = Vec::new();
            archive.by_index(index)?.read_to_end(&mut bytes)?;
            changed.push(bytes);
        }
    }
    Ok(changed)
}

fn members(path: &str) -> Result<Members, Box<dyn Error + Send + Sync>> {
    let mut archive = ZipArchive::new(File::open(path)?)?;
    let mut members = Members::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index)?;
        members.insert(member.name()?.into_owned(), (member.crc32(), index));
    }
    Ok(members)
}

/// Nanoseconds on a processor, of all threads (`schedstat` of proc(5)), in seconds.
fn processor_time() -> Result<f64, Box<dyn Error + Send + Sync>> {
    let mut sum = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(sum / 1e9)
}
