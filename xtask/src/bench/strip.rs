//! `cargo xtask bench strip`: `--strip=all` against `llvm-objcopy --strip-all`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::Options;
use super::objects::{self, Engine, Object};
use crate::elf::Elf;
use crate::install::{self, Distribution};
use crate::page::{self, Table, number};
use crate::process::{command, empty, find, output, target};
use crate::workers;

/// How much larger muslrepair's files may be in total.
const TOLERANCE: f64 = 1.03;

/// Counts of files, and the total sizes of those that both programs strip.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    files: u32,
    refused: u32,
    refused_by_llvm: u32,
    /// Files in which llvm-objcopy made the offset and address of a `PT_LOAD` incongruent, so that no loader
    /// can map them.
    broken_by_llvm: u32,
    before: u64,
    ours: u64,
    theirs: u64,
}

pub fn run(options: &Options) -> Result<()> {
    if find("llvm-objcopy").is_none() && install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, &["llvm"])?;
    }
    let version = output(command("llvm-objcopy").arg("--version")).context("llvm-objcopy is needed")?;
    let version = version.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default();
    let mut worse = Vec::new();
    for (name, objects) in objects::sets(options)? {
        let sums = strip(&objects)?;
        let table = markdown(version, &sums);
        println!("## {name}\n\n{table}");
        if options.write {
            page::replace(page::PATCHER, &format!("stripping of {name}"), &table)?;
        }
        let ratio = all(&sums).ratio();
        if ratio > TOLERANCE {
            worse.push(format!("{name}: {ratio:.4}"));
        }
    }
    if !worse.is_empty() {
        bail!("larger than {TOLERANCE} of what llvm-objcopy leaves: {}", worse.join(", "));
    }
    Ok(())
}

/// The sums by architecture.
fn strip(objects: &[Object]) -> Result<BTreeMap<&str, Sums>> {
    let own = Engine::own()?;
    let place = empty(target().join("bench/strip"))?;
    let numbered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
    let files = workers::each(&numbered, |(number, object)| {
        let (ours, theirs) = (place.join(format!("{number}.ours")), place.join(format!("{number}.theirs")));
        for copy in [&ours, &theirs] {
            fs::write(copy, &object.bytes)?;
        }
        let taken = own.change(&["--strip-all".to_owned()], &ours).output()?.status.success();
        let result = command("llvm-objcopy").arg("--strip-all").arg(&theirs).output()?.status.success();
        let mappable = Elf::read(&fs::read(&theirs)?).ok().flatten().is_some_and(|elf| elf.mappable);
        let broken = object.elf.mappable && !mappable;
        let mut sums = Sums {
            refused: (!taken).into(),
            refused_by_llvm: (!result).into(),
            broken_by_llvm: broken.into(),
            ..Sums::default()
        };
        if taken && result && !broken {
            (sums.files, sums.before) = (1, object.bytes.len() as u64);
            (sums.ours, sums.theirs) = (fs::metadata(&ours)?.len(), fs::metadata(&theirs)?.len());
        }
        Ok((&*object.arch, sums))
    })?;
    fs::remove_dir_all(&place)?;
    let mut arches: BTreeMap<&str, Sums> = BTreeMap::new();
    for (arch, sums) in files {
        let entry = arches.entry(arch).or_default();
        *entry = entry.plus(sums);
    }
    Ok(arches)
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            refused: self.refused + other.refused,
            refused_by_llvm: self.refused_by_llvm + other.refused_by_llvm,
            broken_by_llvm: self.broken_by_llvm + other.broken_by_llvm,
            before: self.before + other.before,
            ours: self.ours + other.ours,
            theirs: self.theirs + other.theirs,
        }
    }

    fn ratio(&self) -> f64 {
        self.ours as f64 / self.theirs.max(1) as f64
    }
}

fn all(arches: &BTreeMap<&str, Sums>) -> Sums {
    arches.values().fold(Sums::default(), |all, sums| all.plus(*sums))
}

fn markdown(version: &str, arches: &BTreeMap<&str, Sums>) -> String {
    let mut table = Table::new(&format!(
        " | >files stripped by both | >before | >muslrepair | >llvm-objcopy {version} | >ratio | >refused | >refused by llvm-objcopy | >made unmappable by it"
    ));
    for (arch, sums) in arches.iter().map(|(arch, sums)| (*arch, *sums)).chain([("**all**", all(arches))]) {
        let mut cells = vec![arch.to_owned(), sums.files.to_string()];
        cells.extend([sums.before, sums.ours, sums.theirs].map(|size| number(size as i64)));
        cells.push(if sums.files == 0 { String::new() } else { format!("{:.4}", sums.ratio()) });
        cells
            .extend([sums.refused, sums.refused_by_llvm, sums.broken_by_llvm].map(|count| count.to_string()));
        table.row(&cells);
    }
    table.finish()
}
