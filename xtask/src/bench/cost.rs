//! What a run of a program takes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::process::{command, output, target};

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// The largest resident set, in bytes.
    pub memory: u64,
}

impl Cost {
    pub const NONE: Self = Self { wall: f64::MAX, cpu: f64::MAX, memory: u64::MAX };

    pub fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            memory: self.memory.min(other.memory),
        }
    }

    /// Runs a program to its end, what it prints thrown away; an error says what it wrote to standard error.
    pub fn of(program: &Path, arguments: &[OsString], path: &OsStr) -> Result<Self> {
        Self::within(program, arguments, path, None)?.context("it was not waited for")
    }

    /// Like [`Self::of`], but ends the program after this many seconds; then there is no cost.
    pub fn within(
        program: &Path,
        arguments: &[OsString],
        path: &OsStr,
        seconds: Option<u32>,
    ) -> Result<Option<Self>> {
        /// Rust's library has no `wait4`. What starts the program is as large as Python, so no less than that is seen.
        const WAIT: &str = "import os, signal, sys, time\n\
            start = time.perf_counter()\n\
            quiet = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]\n\
            child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=quiet, setpgroup=0)\n\
            late = []\n\
            def end(*_):\n\
            \x20   late.append(1)\n\
            \x20   os.killpg(child, signal.SIGKILL)\n\
            signal.signal(signal.SIGALRM, end)\n\
            signal.alarm(int(sys.argv[1]))\n\
            _, status, usage = os.wait4(child, 0)\n\
            if late: sys.exit(0)\n\
            print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)\n\
            if status: sys.exit(f'it ended with {status}')";
        let text = output(
            command("python3")
                .args(["-c", WAIT, &seconds.unwrap_or(0).to_string()])
                .arg(program)
                .args(arguments)
                .env("PATH", path),
        )?;
        if text.is_empty() {
            return Ok(None);
        }
        let [wall, cpu, kibibytes] = numbers(&text)?;
        Ok(Some(Self { wall, cpu, memory: kibibytes as u64 * 1024 }))
    }
}

pub fn numbers<const N: usize>(text: &str) -> Result<[f64; N]> {
    let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
    numbers?.try_into().ok().with_context(|| format!("not {N} numbers: {text}"))
}

/// An empty directory.
pub fn results(tool: &str) -> Result<PathBuf> {
    let directory = target().join("bench/out").join(tool);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

pub fn only_file(directory: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(directory)?.next().context("nothing was written")??;
    Ok(entry.path())
}

/// `repair` of both programs, with what comes after the options that they share.
pub fn repair(directory: &Path, ldpaths: &OsStr, rest: &[&OsStr]) -> Vec<OsString> {
    let start = ["repair", "--wheel-dir"].map(OsStr::new);
    let values = [directory.as_os_str(), OsStr::new("--ldpaths"), ldpaths];
    start.into_iter().chain(values).chain(rest.iter().copied()).map(OsStr::to_owned).collect()
}

/// The processor, how many cores of it there are, and the day.
pub fn machine_and_date() -> Result<(String, String)> {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let machine = format!("{cores} cores of {}", name.map_or("an unknown processor", |(_, name)| name));
    Ok((machine, output(command("date").args(["-u", "+%F"]))?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_a_cost_unless_it_is_late() {
        let path = std::env::var_os("PATH").unwrap();
        let sleep = crate::process::find("sleep").unwrap();
        let run = |seconds: &str| Cost::within(&sleep, &[seconds.into()], &path, Some(1)).unwrap();
        assert!(run("0.01").is_some_and(|cost| cost.wall >= 0.01));
        assert_eq!(run("20"), None);
        assert!(Cost::of(&sleep, &["never".into()], &path).is_err());
    }
}
