//! `cargo xtask bench scale`: the cost of a repair as a wheel has more of one thing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::synthetic::{self, NAME, NEEDED, OWN};
use super::{machine_and_date, repair, results};
use crate::cost::Cost;
use crate::dist::{HOST, Profile, Program};
use crate::page::{self, Table, megabytes, number};
use crate::process::{empty, target};
use crate::wheel::Writer;

#[derive(clap::Args)]
pub struct Options {
    /// Only curves with this in their name: members, objects, grafts, chain
    #[arg(long)]
    only: Option<String>,
    /// This program; without it, the static one that `cargo xtask dist` packs is built
    #[arg(long, value_name = "FILE")]
    muslrepair: Option<PathBuf>,
    /// How often each is repaired; the best time counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Leave the wheels in target/bench/scale
    #[arg(long)]
    keep: bool,
    /// Write the tables into docs/performance.md
    #[arg(long)]
    write: bool,
}

/// The thing whose number grows.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Members,
    Objects,
    Grafts,
    Chain,
}

/// A curve: its name, its description, and the numbers to measure.
const CURVES: [(Kind, &str, &str, &[usize]); 4] = [
    (
        Kind::Members,
        "members",
        "members of 200 bytes, one object, one graft",
        &[1, 10, 100, 1_000, 10_000, 100_000],
    ),
    (Kind::Objects, "objects", "ELF files that all need the one graft", &[1, 10, 100, 500, 1_000, 2_000]),
    (Kind::Grafts, "grafts", "grafts that one object needs", &[1, 10, 100, 250, 500]),
    (Kind::Chain, "chain", "grafts of which each needs the next", &[1, 10, 100, 500, 1_000]),
];

/// The number, the size of the wheel's file, and the cost of its repair.
type Point = (usize, u64, Cost);

pub fn run(options: &Options) -> Result<()> {
    let program = Program::given_or_built(options.muslrepair.as_deref(), HOST, Profile::Release)?;
    let mut text = format!("On {}.\n", machine_and_date()?);
    for (kind, name, about, counts) in CURVES {
        if options.only.as_ref().is_some_and(|pattern| !name.contains(pattern.as_str())) {
            continue;
        }
        let mut points = Vec::new();
        for &count in counts {
            let place = empty(target().join(format!("bench/scale/{name}-{count}")))?;
            make(kind, count, &place).with_context(|| format!("{count} {name}"))?;
            let (wheel, mut cost) = (place.join(NAME), Cost::NONE);
            for _ in 0..options.rounds {
                let mut repair = repair(&program, &results("scale")?, place.join("lib").as_os_str());
                cost = cost.least(Cost::of(repair.arg(&wheel)).with_context(|| format!("{count} {name}"))?);
            }
            println!("{name} {count}: {:.3} s, {:.3} s of processor time", cost.wall, cost.cpu);
            points.push((count, fs::metadata(wheel)?.len(), cost));
            if !options.keep {
                fs::remove_dir_all(place)?;
            }
        }
        text.push_str(&format!("\n{}", markdown(about, &points)));
    }
    results("scale")?;
    println!("\n{text}");
    if options.write {
        page::replace(page::PERFORMANCE, "scale", &text)?;
    }
    Ok(())
}

fn markdown(about: &str, points: &[Point]) -> String {
    let headings = "MB | >wall | >CPU | >peak memory | >CPU of each one more, µs";
    let mut table = Table::new(&format!(">{about} | >{headings}"));
    let mut before: Option<Point> = None;
    for &(count, size, cost) in points {
        let each = before.map_or_else(String::new, |(less, _, cheaper)| {
            format!("{:.0}", (cost.cpu - cheaper.cpu) / (count - less) as f64 * 1e6)
        });
        let (count_text, memory) = (number(count as i64), format!("{:.0}", cost.memory as f64 / 1e6));
        let times = [cost.wall, cost.cpu].map(|time| format!("{time:.3}"));
        table.row(&[&[count_text, megabytes(size)], &times[..], &[memory, each]].concat());
        before = Some((count, size, cost));
    }
    table.finish()
}

/// `place/NAME` and `place/lib`.
fn make(kind: Kind, count: usize, place: &Path) -> Result<()> {
    let (scratch, libraries) = (place.join("scratch"), place.join("lib"));
    fs::create_dir_all(&libraries)?;
    let library = synthetic::library(&scratch, false)?;
    let needing = synthetic::library(&scratch, true)?;
    let mut wheel = synthetic::create(place)?;
    let mut names = vec![0];
    match kind {
        Kind::Members | Kind::Objects => {
            add(&mut wheel, &needing, 0)?;
            for number in 1..count {
                if matches!(kind, Kind::Objects) {
                    add(&mut wheel, &needing, number)?;
                } else {
                    let text = format!("# {number}\n{}", "line = 1\n".repeat(22));
                    wheel.add(&format!("bench/p{}/m{number}.py", number / 100), text.as_bytes(), 0o644)?;
                }
            }
        }
        Kind::Grafts => names = (0..count).collect(),
        Kind::Chain => add(&mut wheel, &needing, 99_999)?,
    }
    if matches!(kind, Kind::Chain) {
        for number in 0..count {
            let bytes = match number + 1 < count {
                true => synthetic::numbered(needing.clone(), NEEDED, number + 1),
                false => library.clone(),
            };
            let bytes = synthetic::numbered(bytes, OWN, number);
            fs::write(libraries.join(synthetic::name(OWN, number)), bytes)?;
        }
    } else {
        for number in &names {
            let bytes = synthetic::numbered(library.clone(), OWN, *number);
            fs::write(libraries.join(synthetic::name(OWN, *number)), bytes)?;
        }
    }
    if matches!(kind, Kind::Grafts) {
        let needed: Vec<PathBuf> =
            names.iter().map(|number| libraries.join(synthetic::name(OWN, *number))).collect();
        let bytes = synthetic::link(&scratch, None, &needed, None)?;
        wheel.add("bench/core.so", &bytes, 0o644)?;
    }
    synthetic::finish(wheel)?;
    Ok(fs::remove_dir_all(scratch)?)
}

/// Adds an object of this number, which needs the first library.
fn add(wheel: &mut Writer<File>, needing: &[u8], number: usize) -> Result<()> {
    let bytes = synthetic::numbered(needing.to_vec(), NEEDED, 0);
    wheel.add(&format!("bench/object{number}.so"), &synthetic::numbered(bytes, OWN, number), 0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_one_more_is_told_from_the_start() {
        let point = |count, cpu| (count, 0, Cost { wall: cpu, cpu, memory: 0 });
        let text = markdown("things", &[point(1, 0.01), point(101, 0.02)]);
        assert!(text.ends_with("| 101 | 0.0 | 0.020 | 0.020 | 0 | 100 |\n"), "{text}");
    }
}
