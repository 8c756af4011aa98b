//! `cargo xtask bench growth [--wheels DIRECTORY] [--write]`: by how much files grow when they are
//! patched, raw and deflated as they are in a wheel, by three programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::Options;
use super::engines::{self, Cost, Engine, job};
use super::objects::{self, Object};
use super::page::{self, number};
use crate::process::target;
use crate::workers;

/// How often a file is patched again.
const AGAIN: u32 = 4;

/// Everything that was measured, for the JSON file.
#[derive(Debug, Serialize)]
struct Report {
    /// Sets of files by name: `fixtures`, `wheels`.
    sets: BTreeMap<&'static str, Set>,
}

#[derive(Debug, Serialize)]
struct Set {
    files: Vec<Measured>,
    largest: Largest,
}

/// One file.
#[derive(Debug, Serialize)]
struct Measured {
    arch: String,
    name: String,
    size: u64,
    /// By program; nothing where it refuses the file.
    growth: BTreeMap<&'static str, Option<Growth>>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Growth {
    raw: i64,
    deflated: i64,
    /// Of the four jobs after the first together; nothing where one of them was refused.
    again: Option<i64>,
}

/// The largest file that all programs take.
#[derive(Debug, Serialize)]
struct Largest {
    name: String,
    size: u64,
    cost: BTreeMap<&'static str, Cost>,
}

pub fn run(options: &Options) -> Result<()> {
    let engines = engines::all()?;
    let mut sets = BTreeMap::new();
    sets.insert("fixtures", measure(&engines, &objects::fixtures()?)?);
    if let Some(directory) = &options.wheels {
        sets.insert("wheels", measure(&engines, &objects::of_wheels(directory)?)?);
    }
    for (name, set) in &sets {
        let table = set.markdown();
        println!("## {name}\n\n{table}");
        if options.write {
            page::write(page::PATCHER, &format!("growth of {name}"), &table)?;
        }
    }
    let path = target().join("bench/growth.json");
    fs::write(&path, serde_json::to_string_pretty(&Report { sets })?)?;
    println!("wrote {}", path.display());
    Ok(())
}

fn measure(engines: &[Engine], objects: &[Object]) -> Result<Set> {
    let place = target().join("bench/growth");
    fs::create_dir_all(&place)?;
    let numbered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
    let files = workers::each(&numbered, |(number, object)| {
        let before = deflated(&object.bytes)?;
        let mut growth = BTreeMap::new();
        for engine in engines {
            let copy = place.join(number.to_string());
            growth.insert(engine.name, grow(engine, object, before, &copy)?);
            fs::remove_file(copy)?;
        }
        let (arch, name) = (object.arch.clone(), object.name.clone());
        Ok(Measured { arch, name, size: object.bytes.len() as u64, growth })
    })?;
    let taken = files.iter().zip(objects).filter(|(file, _)| file.growth.values().all(Option::is_some));
    let Some((_, largest)) = taken.max_by_key(|(file, _)| file.size) else {
        bail!("there is no file that every program takes");
    };
    let mut cost = BTreeMap::new();
    for engine in engines {
        let arguments = job(&largest.names, 0);
        cost.insert(engine.name, engine.cost(&arguments, &largest.bytes, &place.join("largest"))?);
    }
    fs::remove_dir_all(&place)?;
    let largest = Largest { name: largest.name.clone(), size: largest.bytes.len() as u64, cost };
    Ok(Set { files, largest })
}

/// One program and one file: the job, then the same four times more.
fn grow(engine: &Engine, object: &Object, deflated_before: i64, copy: &Path) -> Result<Option<Growth>> {
    fs::write(copy, &object.bytes)?;
    if !engine.change(&job(&object.names, 0), copy)? {
        return Ok(None);
    }
    let first = fs::read(copy)?;
    let (raw, size) = (difference(first.len(), object.bytes.len())?, first.len());
    let deflated = deflated(&first)? - deflated_before;
    let mut all = true;
    for round in 1..=AGAIN {
        all = all && engine.change(&job(&object.names, round), copy)?;
    }
    let last = usize::try_from(fs::metadata(copy)?.len())?;
    let again = if all { Some(difference(last, size)?) } else { None };
    Ok(Some(Growth { raw, deflated, again }))
}

fn difference(after: usize, before: usize) -> Result<i64> {
    i64::try_from(after).ok().zip(i64::try_from(before).ok()).map(|(a, b)| a - b).context("a size")
}

/// The size of the file in a wheel: deflate at the usual level 6.
fn deflated(bytes: &[u8]) -> Result<i64> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(i64::try_from(encoder.finish()?.len())?)
}

impl Set {
    /// A row for each architecture and program, and for all architectures together. What is compared is
    /// the growth of the files that every program takes: refusing hard ones must not look like a gain.
    fn markdown(&self) -> String {
        let mut text = "| | program | ok | refused | raw growth: median | max | sum | deflated: median | sum | four more: median | max |\n\
            |---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
        let mut arches: Vec<&str> = self.files.iter().map(|file| file.arch.as_str()).collect();
        arches.sort_unstable();
        arches.dedup();
        for arch in arches.into_iter().map(Some).chain([None]) {
            self.rows(arch, &mut text);
        }
        let (name, size) = (&self.largest.name, self.largest.size);
        let _ = write!(
            text,
            "\nThe largest file that all take, `{name}` ({}):\n\n| program | CPU | peak memory |\n|---|---:|---:|\n",
            megabytes(size)
        );
        for (program, cost) in &self.largest.cost {
            let _ = writeln!(text, "| {program} | {:.3} s | {} |", cost.cpu, megabytes(cost.memory));
        }
        text
    }

    fn rows(&self, arch: Option<&str>, text: &mut String) {
        let files: Vec<&Measured> =
            self.files.iter().filter(|file| arch.is_none_or(|arch| file.arch == arch)).collect();
        let common: Vec<&&Measured> =
            files.iter().filter(|file| file.growth.values().all(Option::is_some)).collect();
        let label =
            arch.map_or(format!("**all {}**", files.len()), |arch| format!("{arch}, {}", files.len()));
        for (at, program) in self.largest.cost.keys().enumerate() {
            let taken =
                files.iter().filter(|file| file.growth.get(program).is_some_and(Option::is_some)).count();
            let of = |value: fn(&Growth) -> Option<i64>| -> Figures {
                let growths = common.iter().filter_map(|file| file.growth.get(program)?.as_ref());
                Figures::of(growths.filter_map(value).collect())
            };
            let (raw, packed, again) = (of(|g| Some(g.raw)), of(|g| Some(g.deflated)), of(|g| g.again));
            let _ = writeln!(
                text,
                "| {} | {program} | {taken} | {} | {} | {} | {} | {} | {} | {} | {} |",
                if at == 0 { label.as_str() } else { "" },
                files.len() - taken,
                number(raw.median),
                number(raw.max),
                number(raw.sum),
                number(packed.median),
                number(packed.sum),
                number(again.median),
                number(again.max),
            );
        }
    }
}

/// What a column says of many files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    median: i64,
    max: i64,
    sum: i64,
}

impl Figures {
    fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        Self {
            median: values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0),
            max: values.last().copied().unwrap_or(0),
            sum: values.iter().sum(),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_to_read() {
        assert_eq!(megabytes(36_260_000), "36.2 MB");
    }

    #[test]
    fn figures_of_many() {
        assert_eq!(Figures::of(vec![5, 1, 3]), Figures { median: 3, max: 5, sum: 9 });
        assert_eq!(Figures::of(vec![]), Figures::default());
    }
}
