//! The cost of running a program.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::process::{command, line};

/// The cost of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// The largest resident set, in bytes.
    pub memory: u64,
}

/// A run that ended without being stopped.
pub struct Run {
    pub cost: Cost,
    /// Its exit status; a negative number is the signal that ended it.
    pub status: i32,
    /// Its standard error.
    pub said: String,
}

/// Rust's library has no `wait4`. The starting process is Python, so no smaller memory than Python's is
/// measured.
const WAIT: &str = "import os, signal, sys, time\n\
    start = time.perf_counter()\n\
    quiet = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]\n\
    child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=quiet, setpgroup=0)\n\
    late = []\n\
    def end(*_):\n\
    \x20   late.append(1)\n\
    \x20   os.killpg(child, signal.SIGKILL)\n\
    signal.signal(signal.SIGALRM, end)\n\
    signal.alarm(int(sys.argv[1]))\n\
    _, status, usage = os.wait4(child, 0)\n\
    wall = time.perf_counter() - start\n\
    if late: sys.exit()\n\
    status = os.waitstatus_to_exitcode(status)\n\
    print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)";

impl Cost {
    pub const NONE: Self = Self { wall: f64::MAX, cpu: f64::MAX, memory: u64::MAX };

    pub fn least(self, other: Self) -> Self {
        Self {
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            memory: self.memory.min(other.memory),
        }
    }

    /// Runs a program to its end and discards its output; the error contains its standard error.
    pub fn of(program: &Command) -> Result<Self> {
        Self::within(program, 0)?.context("it was not waited for")
    }

    /// Like [`Self::of`], but stops the program after this many seconds, unless zero; then there is no cost.
    pub fn within(program: &Command, seconds: u32) -> Result<Option<Self>> {
        match run(program, seconds)? {
            Some(Run { status, said, .. }) if status != 0 => {
                bail!("`{}` ended with {status}: {said}", line(program))
            }
            run => Ok(run.map(|run| run.cost)),
        }
    }
}

/// Runs a program, whatever its exit status; `None` if it was stopped after this many seconds.
pub fn run(program: &Command, seconds: u32) -> Result<Option<Run>> {
    let mut python = command("python3");
    python.args(["-c", WAIT, &seconds.to_string()]).arg(program.get_program()).args(program.get_args());
    python.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = python.output().context("Python is needed to measure")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("`{}` cannot be measured: {said}", line(program));
    }
    let text = String::from_utf8(output.stdout)?;
    if text.is_empty() {
        return Ok(None);
    }
    let [wall, cpu, kibibytes, status] = numbers(&text)?;
    let cost = Cost { wall, cpu, memory: kibibytes as u64 * 1024 };
    Ok(Some(Run { cost, status: status as i32, said }))
}

/// Numbers separated by white space.
pub fn numbers<const N: usize>(text: &str) -> Result<[f64; N]> {
    let numbers: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
    numbers?.try_into().ok().with_context(|| format!("not {N} numbers: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_a_cost_unless_it_is_late_or_fails() {
        let within = |time, limit| {
            let mut sleep = command("sleep");
            Cost::within(sleep.arg(time), limit)
        };
        assert!(within("0.01", 1).unwrap().is_some_and(|cost| cost.wall >= 0.01));
        assert_eq!(within("20", 1).unwrap(), None);
        assert!(within("never", 1).is_err());
    }
}
