//! `cargo xtask bench scale`: what a repair takes as a wheel has more of one thing.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::cost::{Cost, machine_and_date, repair, results};
use super::page::{self, number};
use super::synthetic::{self, Member, NAME, NEEDED, OWN, WheelFile};
use super::wheels::program;
use crate::process::target;

const USAGE: &str = "\
usage: cargo xtask bench scale [--only PATTERN] [--muslrepair FILE] [--rounds N] [--keep] [--write]

  --only PATTERN     only curves with this in their name: members, objects, grafts, chain
  --muslrepair FILE  this program; without it, the static one that `cargo xtask dist` packs is built
  --rounds N         how often each is repaired; the best time counts [default: 3]
  --keep             leave the wheels in target/bench/scale
  --write            write the tables into docs/performance.md";

#[derive(Default)]
struct Options {
    only: Option<String>,
    muslrepair: Option<PathBuf>,
    rounds: u32,
    keep: bool,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { rounds: 3, ..Self::default() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().cloned().with_context(|| format!("`{argument}`?\n{USAGE}"));
            match argument.as_str() {
                "--write" => options.write = true,
                "--keep" => options.keep = true,
                "--only" => options.only = Some(value()?),
                "--muslrepair" => options.muslrepair = Some(std::path::absolute(value()?)?),
                "--rounds" => options.rounds = value()?.parse::<u32>()?.max(1),
                _ => bail!("unknown option `{argument}`\n{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// What there is more of.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Members,
    Objects,
    Grafts,
    Chain,
}

/// A curve: its name, what it is about, and where it is measured.
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

#[derive(Debug, Serialize)]
struct Curve {
    name: &'static str,
    about: &'static str,
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Point {
    count: usize,
    /// Of the wheel's file.
    size: u64,
    cost: Cost,
}

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let program = program(options.muslrepair.as_deref())?;
    let directory = target().join("bench/scale");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut curves = Vec::new();
    for (kind, name, about, counts) in CURVES {
        if options.only.as_ref().is_some_and(|pattern| !name.contains(pattern.as_str())) {
            continue;
        }
        let mut curve = Curve { name, about, points: Vec::new() };
        for &count in counts {
            let place = directory.join(format!("{name}-{count}"));
            let _ = fs::remove_dir_all(&place);
            make(kind, count, &place).with_context(|| format!("{count} {name}"))?;
            let point = measure(&program, count, &place, options.rounds, &path)
                .with_context(|| format!("{count} {name}"))?;
            println!("{name} {count}: {:.3} s, {:.3} s of processor time", point.cost.wall, point.cost.cpu);
            curve.points.push(point);
            if !options.keep {
                fs::remove_dir_all(place)?;
            }
        }
        curves.push(curve);
    }
    let (machine, date) = machine_and_date()?;
    let mut text = format!("On {machine}, {date}.\n");
    for curve in &curves {
        let _ = write!(text, "\n{}", curve.markdown());
    }
    println!("\n{text}");
    let json = target().join("bench/scale.json");
    fs::write(&json, serde_json::to_string_pretty(&curves)?)?;
    println!("wrote {}", json.display());
    if options.write {
        page::write(page::PERFORMANCE, "scale", &text)?;
    }
    Ok(())
}

fn measure(program: &Path, count: usize, place: &Path, rounds: u32, path: &OsStr) -> Result<Point> {
    let wheel = place.join(NAME);
    let libraries: OsString = place.join("lib").into();
    let mut cost = Cost::NONE;
    for _ in 0..rounds {
        let directory = results("scale")?;
        let arguments = repair(&directory, &libraries, &[wheel.as_os_str()]);
        cost = cost.least(Cost::of(program, &arguments, path)?);
    }
    fs::remove_dir_all(results("scale")?)?;
    Ok(Point { count, size: fs::metadata(wheel)?.len(), cost })
}

/// `place/NAME` and `place/lib`.
fn make(kind: Kind, count: usize, place: &Path) -> Result<()> {
    let (scratch, libraries) = (place.join("scratch"), place.join("lib"));
    fs::create_dir_all(&libraries)?;
    let library = synthetic::library(&scratch, false)?;
    let needing = synthetic::library(&scratch, true)?;
    let mut wheel = WheelFile::create(place)?;
    let mut names = vec![0];
    match kind {
        Kind::Members | Kind::Objects => {
            wheel.add(&object(&needing, 0, 0)?)?;
            for number in 1..count {
                let member = match kind {
                    Kind::Objects => object(&needing, number, 0)?,
                    _ => {
                        let text = format!("# {number}\n{}", "line = 1\n".repeat(22));
                        Member::new(&format!("bench/p{}/m{number}.py", number / 100), text.as_bytes(), 6)?
                    }
                };
                wheel.add(&member)?;
            }
        }
        Kind::Grafts => names = (0..count).collect(),
        Kind::Chain => wheel.add(&object(&needing, 99_999, 0)?)?,
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
        wheel.add(&Member::new("bench/core.so", &bytes, 6)?)?;
    }
    wheel.finish()?;
    Ok(fs::remove_dir_all(scratch)?)
}

/// An object of this number that needs the library of that number.
fn object(needing: &[u8], number: usize, library: usize) -> Result<Member> {
    let bytes = synthetic::numbered(needing.to_vec(), NEEDED, library);
    let bytes = synthetic::numbered(bytes, OWN, number);
    Member::new(&format!("bench/object{number}.so"), &bytes, 6)
}

impl Curve {
    fn markdown(&self) -> String {
        let mut text = format!(
            "| {} | MB | wall | CPU | peak memory | CPU of each one more, µs |\n|--:|--:|--:|--:|--:|--:|\n",
            self.about,
        );
        for (at, point) in self.points.iter().enumerate() {
            let more = at.checked_sub(1).and_then(|before| self.points.get(before));
            let each = more.map_or_else(String::new, |before| {
                let items = (point.count - before.count) as f64;
                format!("{:.0}", (point.cost.cpu - before.cost.cpu) / items * 1e6)
            });
            let _ = writeln!(
                text,
                "| {} | {:.1} | {:.3} | {:.3} | {:.0} | {each} |",
                number(i64::try_from(point.count).unwrap_or(i64::MAX)),
                point.size as f64 / 1e6,
                point.cost.wall,
                point.cost.cpu,
                point.cost.memory as f64 / 1e6,
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_one_more_is_told_from_the_start() {
        let point = |count, cpu| Point { count, size: 0, cost: Cost { wall: cpu, cpu, memory: 0 } };
        let curve = Curve { name: "x", about: "things", points: vec![point(1, 0.01), point(101, 0.02)] };
        assert!(curve.markdown().ends_with("| 101 | 0.0 | 0.020 | 0.020 | 0 | 100 |\n"));
    }
}
