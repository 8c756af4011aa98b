//! `cargo xtask bench growth`: how much files grow when three programs patch them, raw and compressed as in a
//! wheel.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::Options;
use super::objects::{self, Engine, Object};
use crate::cost::Cost;
use crate::elf::Elf;
use crate::page::{self, Table, megabytes, number};
use crate::process::{empty, target};
use crate::workers;

/// How many more times a file is patched.
const AGAIN: u32 = 4;

/// How often the largest file is patched to measure time and memory; the minimum counts.
const RUNS: usize = 5;

/// One file: its architecture, and its growth with each program; `None` if the program refuses the file.
type Measured<'a> = (&'a str, Vec<Option<Growth>>);

#[derive(Clone, Copy, Debug)]
struct Growth {
    raw: i64,
    deflated: i64,
    /// The growth of the four later jobs together; `None` if one of them was refused.
    again: Option<i64>,
}

pub fn run(options: &Options) -> Result<()> {
    let engines = Engine::all()?;
    for (name, objects) in objects::sets(options)? {
        let table = measure(&engines, &objects)?;
        println!("## {name}\n\n{table}");
        if options.write {
            page::replace(page::PATCHER, &format!("growth of {name}"), &table)?;
        }
    }
    Ok(())
}

/// A row for each architecture and program, and for all architectures together. Only files that every program
/// accepts count: refusing difficult files must not look like an advantage.
fn measure(engines: &[Engine], objects: &[Object]) -> Result<String> {
    let place = empty(target().join("bench/growth"))?;
    let numbered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
    let files: Vec<Measured> = workers::each(&numbered, |(number, object)| {
        let copy = place.join(number.to_string());
        let before = deflated(&object.bytes)?;
        let growth =
            engines.iter().map(|engine| grow(engine, object, before, &copy)).collect::<Result<_>>()?;
        fs::remove_file(copy)?;
        Ok((&*object.arch, growth))
    })?;
    let mut table = Table::new(
        " | program | >ok | >refused | >raw growth: median | >max | >sum | >deflated: median | >sum | >four more: median | >max",
    );
    let mut arches: Vec<&str> = files.iter().map(|(arch, _)| *arch).collect();
    arches.sort_unstable();
    arches.dedup();
    for arch in arches.into_iter().map(Some).chain([None]) {
        let files: Vec<_> = files
            .iter()
            .filter(|(own, _)| arch.is_none_or(|arch| *own == arch))
            .map(|(_, growth)| growth)
            .collect();
        let common: Vec<_> = files.iter().filter(|growth| growth.iter().all(Option::is_some)).collect();
        let label =
            arch.map_or(format!("**all {}**", files.len()), |arch| format!("{arch}, {}", files.len()));
        for (at, engine) in engines.iter().enumerate() {
            let of = |value: fn(&Growth) -> Option<i64>| {
                figures(common.iter().filter_map(|growth| growth[at].as_ref()).filter_map(value).collect())
            };
            let (raw, packed, again) = (of(|g| Some(g.raw)), of(|g| Some(g.deflated)), of(|g| g.again));
            let taken = files.iter().filter(|growth| growth[at].is_some()).count();
            let mut cells = vec![if at == 0 { label.clone() } else { String::new() }, engine.name.to_owned()];
            cells.extend([taken, files.len() - taken].map(|count| count.to_string()));
            cells.extend([raw[0], raw[1], raw[2], packed[0], packed[2], again[0], again[1]].map(number));
            table.row(&cells);
        }
    }
    let taken = files.iter().zip(objects).filter(|((_, growth), _)| growth.iter().all(Option::is_some));
    let (_, largest) = taken.max_by_key(|(_, object)| object.bytes.len()).context("no file that all take")?;
    let size = megabytes(largest.bytes.len() as u64);
    let mut costs = Table::new("program | >CPU | >peak memory");
    for engine in engines {
        let (mut cost, copy) = (Cost::NONE, place.join("largest"));
        for _ in 0..RUNS {
            fs::write(&copy, &largest.bytes)?;
            cost = cost.least(Cost::of(&engine.change(&job(&largest.elf, 0), &copy))?);
        }
        let memory = format!("{} MB", megabytes(cost.memory));
        costs.row(&[engine.name, &format!("{:.3} s", cost.cpu), &memory]);
    }
    fs::remove_dir_all(&place)?;
    let (table, costs) = (table.finish(), costs.finish());
    Ok(format!("{table}\nThe largest file that all take, `{}` ({size} MB):\n\n{costs}", largest.name))
}

/// One program and one file: the job, and then the same four times more.
fn grow(engine: &Engine, object: &Object, deflated_before: i64, copy: &Path) -> Result<Option<Growth>> {
    fs::write(copy, &object.bytes)?;
    let change = |round| {
        Ok::<_, anyhow::Error>(engine.change(&job(&object.elf, round), copy).output()?.status.success())
    };
    if !change(0)? {
        return Ok(None);
    }
    let first = fs::read(copy)?;
    let size = |bytes: usize| i64::try_from(bytes).context("a size");
    let raw = size(first.len())? - size(object.bytes.len())?;
    let mut all = true;
    for round in 1..=AGAIN {
        all = all && change(round)?;
    }
    let again = i64::try_from(fs::metadata(copy)?.len())? - size(first.len())?;
    Ok(Some(Growth { raw, deflated: deflated(&first)? - deflated_before, again: all.then_some(again) }))
}

/// The size of the file in a wheel: deflate at the usual level 6.
fn deflated(bytes: &[u8]) -> Result<i64> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(i64::try_from(encoder.finish()?.len())?)
}

/// Median, maximum and sum.
fn figures(mut values: Vec<i64>) -> [i64; 3] {
    values.sort_unstable();
    let median = values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    [median, values.last().copied().unwrap_or(0), values.iter().sum()]
}

/// The same job as in the repair of a wheel: a new `DT_SONAME`, up to two renamed `DT_NEEDED`, a run path.
/// Each later round uses other names of the same length, as repeated repairs do.
fn job(elf: &Elf, round: u32) -> Vec<String> {
    let before = |name: &str| if round == 0 { name.to_owned() } else { hashed(name, round - 1) };
    let soname = elf.soname.as_deref().unwrap_or("libx.so.1");
    let mut arguments = vec!["--set-soname".to_owned(), hashed(soname, round)];
    // The C library keeps its name in every wheel.
    let own = elf.needed.iter().filter(|name| !name.starts_with("libc.") && !name.starts_with("ld-"));
    for name in own.take(2) {
        arguments.extend(["--replace-needed".to_owned(), before(name), hashed(name, round)]);
    }
    let run_path = format!("$ORIGIN/../demo{}libs", if round.is_multiple_of(2) { '.' } else { '-' });
    arguments.extend(["--force-rpath", "--set-rpath", &run_path].map(str::to_owned));
    arguments
}

/// `libone-1a2b3c4d.so.1` for `libone.so.1`. The digits look like those of a hash, which do not compress.
fn hashed(name: &str, round: u32) -> String {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5 ^ round, fold);
    let (stem, rest) = name.split_at(name.find(".so").unwrap_or(name.len()));
    format!("{stem}-{hash:08x}{rest}")
}

#[cfg(test)]
mod tests {
    use super::{figures, job};
    use crate::elf::Elf;

    #[test]
    fn a_later_round_renames_what_the_one_before_named() {
        let needed = vec!["libc.so".to_owned(), "liba.so.1".to_owned()];
        let elf = Elf { needed, ..Elf::default() };
        let (first, second) = (job(&elf, 0), job(&elf, 1));
        assert_eq!(first[3], "liba.so.1");
        assert_eq!(first[4], second[3]);
        assert_eq!(first[4].len(), second[4].len());
        assert!(first[4] != second[4] && first[1].starts_with("libx-") && first[1].ends_with(".so.1"));
    }

    #[test]
    fn figures_of_many() {
        assert_eq!(figures(vec![5, 1, 3]), [3, 5, 9]);
        assert_eq!(figures(vec![]), [0, 0, 0]);
    }
}
