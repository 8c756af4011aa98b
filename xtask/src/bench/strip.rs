//! `cargo xtask bench strip [--wheels DIRECTORY] [--write]`: `--strip=all` against
//! `llvm-objcopy --strip-all`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail};

use super::Options;
use super::engines;
use super::objects::{self, Object};
use super::page;
use crate::install::{self, Distribution};
use crate::process::{command, find, output, target};
use crate::workers;

/// How much larger our files may be, all together.
const TOLERANCE: f64 = 1.03;

/// One file, stripped twice.
#[derive(Debug)]
struct Stripped {
    arch: String,
    before: u64,
    /// Nothing where the file is refused.
    ours: Option<u64>,
    theirs: Option<u64>,
    /// Whether offset and address of a `PT_LOAD` are no longer congruent in what llvm-objcopy wrote:
    /// no loader can map it.
    broken: bool,
}

pub fn run(options: &Options) -> Result<()> {
    if find("llvm-objcopy").is_none() && install::distribution() == Some(Distribution::Debian) {
        install::packages(Distribution::Debian, &["llvm"])?;
    }
    let version = output(command("llvm-objcopy").arg("--version")).context("llvm-objcopy is needed")?;
    let version = version.split_whitespace().skip_while(|word| *word != "version").nth(1).unwrap_or_default();
    let mut sets = vec![("fixtures", objects::fixtures()?)];
    if let Some(directory) = &options.wheels {
        sets.push(("wheels", objects::of_wheels(directory)?));
    }
    let mut worse = Vec::new();
    for (name, objects) in sets {
        let files = strip(&objects)?;
        let table = markdown(version, &files);
        println!("## {name}\n\n{table}");
        if options.write {
            page::write(page::PATCHER, &format!("stripping of {name}"), &table)?;
        }
        let all = Sums::of(files.iter());
        if all.ratio() > TOLERANCE {
            worse.push(format!("{name}: {:.4}", all.ratio()));
        }
    }
    if !worse.is_empty() {
        bail!("larger than {TOLERANCE} of what llvm-objcopy leaves: {}", worse.join(", "));
    }
    Ok(())
}

fn strip(objects: &[Object]) -> Result<Vec<Stripped>> {
    let own = engines::own()?;
    let place = target().join("bench/strip");
    fs::create_dir_all(&place)?;
    let numbered: Vec<(usize, &Object)> = objects.iter().enumerate().collect();
    let files = workers::each(&numbered, |(number, object)| {
        let (ours, theirs) = (place.join(format!("{number}.ours")), place.join(format!("{number}.theirs")));
        for copy in [&ours, &theirs] {
            fs::write(copy, &object.bytes)?;
        }
        let taken = own.change(&["--strip-all".to_owned()], &ours)?;
        let result = command("llvm-objcopy").arg("--strip-all").arg(&theirs).output()?;
        let size = |path| -> Result<u64> { Ok(fs::metadata(path)?.len()) };
        let stripped = Stripped {
            arch: object.arch.clone(),
            before: object.bytes.len() as u64,
            ours: if taken { Some(size(&ours)?) } else { None },
            theirs: if result.status.success() { Some(size(&theirs)?) } else { None },
            broken: objects::is_mappable(&object.bytes) && !objects::is_mappable(&fs::read(&theirs)?),
        };
        Ok(stripped)
    })?;
    fs::remove_dir_all(&place)?;
    Ok(files)
}

/// Sizes of the files that both programs strip.
#[derive(Debug, Default)]
struct Sums {
    files: usize,
    refused: usize,
    refused_by_llvm: usize,
    broken_by_llvm: usize,
    before: u64,
    ours: u64,
    theirs: u64,
}

impl Sums {
    fn of<'a>(files: impl Iterator<Item = &'a Stripped>) -> Self {
        files.fold(Self::default(), |mut sums, file| {
            sums.refused += usize::from(file.ours.is_none());
            sums.refused_by_llvm += usize::from(file.theirs.is_none());
            sums.broken_by_llvm += usize::from(file.broken);
            if let (Some(ours), Some(theirs), false) = (file.ours, file.theirs, file.broken) {
                sums.files += 1;
                sums.before += file.before;
                sums.ours += ours;
                sums.theirs += theirs;
            }
            sums
        })
    }

    /// The ratio to read; nothing where there is nothing to compare.
    fn share(&self) -> String {
        if self.files == 0 { String::new() } else { format!("{:.4}", self.ratio()) }
    }

    fn ratio(&self) -> f64 {
        self.ours as f64 / self.theirs.max(1) as f64
    }
}

fn markdown(version: &str, files: &[Stripped]) -> String {
    let mut arches: BTreeMap<&str, Vec<&Stripped>> = BTreeMap::new();
    for file in files {
        arches.entry(&file.arch).or_default().push(file);
    }
    let mut text = format!(
        "| | files stripped by both | before | muslrepair | llvm-objcopy {version} | ratio | refused | refused by llvm-objcopy | made unmappable by it |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    let rows = arches.into_iter().map(|(arch, files)| (arch.to_owned(), Sums::of(files.into_iter())));
    for (arch, sums) in rows.chain([("**all**".to_owned(), Sums::of(files.iter()))]) {
        let _ = writeln!(
            text,
            "| {arch} | {} | {} | {} | {} | {} | {} | {} | {} |",
            sums.files,
            page::number(sums.before as i64),
            page::number(sums.ours as i64),
            page::number(sums.theirs as i64),
            sums.share(),
            sums.refused,
            sums.refused_by_llvm,
            sums.broken_by_llvm
        );
    }
    text
}
