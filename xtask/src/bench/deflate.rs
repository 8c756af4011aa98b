//! `cargo xtask bench deflate [--write]`: the compressor of muslrepair beside others, on the libraries that the wheels of
//! `cargo xtask bench wheels` graft, on one core.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::page::number;
use crate::install;
use crate::process::{cargo, command, output, run as run_command, target};

/// zlib comes with Python, libdeflate with this.
const TOOLS: &[&str] = &["deflate==0.9.0"];

/// Prints the same as the example: a name, seconds, sizes.
const OTHERS: &str = "\
import sys, time, zlib, deflate
files = [open(name, 'rb').read() for name in sys.argv[1:]]
def run(name, compress):
    best = 1e9
    for _ in range(3):
        start = time.perf_counter()
        sizes = [len(compress(data)) for data in files]
        best = min(best, time.perf_counter() - start)
    print(name, best, *sizes)
run('zlib-' + zlib.ZLIB_RUNTIME_VERSION, lambda data: zlib.compress(data, 6, -15) if sys.version_info >= (3, 11) else zlib.compress(data, 6)[2:-4])
for level in (4, 5, 6):
    run(f'libdeflate@{level}', lambda data: deflate.deflate_compress(data, level))
";

/// What one compressor made of all files.
struct Outcome {
    name: String,
    seconds: f64,
    sizes: Vec<u64>,
}

/// Measures, and prints the table.
pub fn run(write: bool) -> Result<()> {
    let libraries = libraries()?;
    let bin = install::python_tools("deflate", TOOLS)?;
    run_command(
        cargo()
            .args(["build", "--release", "--quiet", "--package", "muslrepair", "--example", "deflate"])
            .env("CARGO_TARGET_DIR", target()),
    )?;
    let ours = output(command(target().join("release/examples/deflate")).args(&libraries))?;
    let others = output(command(bin.join("python3")).args(["-c", OTHERS]).args(&libraries))?;
    let outcomes: Result<Vec<Outcome>> = ours.lines().chain(others.lines()).map(parse).collect();
    let mut bytes = 0;
    for library in &libraries {
        bytes += fs::metadata(library)?.len();
    }
    let table = table(&outcomes?, libraries.len(), bytes)?;
    println!("{table}");
    if write {
        super::page::write("docs/performance.md", "deflate", &table)?;
    }
    Ok(())
}

/// The libraries of the x86_64 wheels, each once.
fn libraries() -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for corpus in ["bench/corpus", "e2e/auditwheel"] {
        let directory = target().join(corpus).join("sysroot/x86_64");
        let mut wheels: Vec<PathBuf> = entries(&directory).unwrap_or_default();
        wheels.sort();
        for wheel in wheels {
            let mut files = entries(&wheel.join("usr/lib"))?;
            files.sort();
            for file in files.into_iter().filter(|file| !file.is_symlink()) {
                if seen.insert(fs::read(&file)?) {
                    found.push(file);
                }
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
    }
    bail!("run `cargo xtask bench wheels` first, which makes the libraries")
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(directory)
        .with_context(|| format!("cannot read `{}`", directory.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn parse(line: &str) -> Result<Outcome> {
    let mut words = line.split_whitespace();
    let name = words.next().context("an empty line")?.replace('-', " ").replace('@', ", level ");
    let seconds = words.next().context("no time")?.parse()?;
    let sizes = words.map(|word| Ok(word.parse()?)).collect::<Result<_>>()?;
    Ok(Outcome { name, seconds, sizes })
}

fn table(outcomes: &[Outcome], files: usize, bytes: u64) -> Result<String> {
    let zlib =
        outcomes.iter().find(|outcome| outcome.name.starts_with("zlib 1")).context("zlib is missing")?;
    let mut table = format!(
        "{files} libraries, {} bytes, one core:\n\n| compressor | MB/s | bytes | beside zlib | worst file |\n|---|--:|--:|--:|--:|\n",
        number(bytes as i64),
    );
    for outcome in outcomes {
        let sum: u64 = outcome.sizes.iter().sum();
        let ratios =
            outcome.sizes.iter().zip(&zlib.sizes).map(|(ours, theirs)| *ours as f64 / *theirs as f64);
        writeln!(
            table,
            "| {} | {:.0} | {} | {:.4} | {:.4} |",
            outcome.name,
            bytes as f64 / 1e6 / outcome.seconds,
            number(sum as i64),
            sum as f64 / zlib.sizes.iter().sum::<u64>() as f64,
            ratios.fold(0.0, f64::max),
        )?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_how_each_does_beside_zlib() {
        let lines = ["muslrepair 0.5 90 210", "zlib-1.2.13 1 100 200", "libdeflate@6 0.25 99 198"];
        let outcomes: Vec<Outcome> = lines.iter().map(|line| parse(line).unwrap()).collect();
        let table = table(&outcomes, 2, 1_000_000).unwrap();
        assert!(table.contains("| muslrepair | 2 | 300 | 1.0000 | 1.0500 |"), "{table}");
        assert!(table.contains("| libdeflate, level 6 | 4 | 297 | 0.9900 | 0.9900 |"), "{table}");
    }
}
