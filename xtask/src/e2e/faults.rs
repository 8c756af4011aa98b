//! `cargo xtask e2e faults [--kills N]`: the tests of faults, with the program killed so often (500 unless told).

use anyhow::{Result, bail};

use crate::process::{cargo, run as execute};

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let kills = match arguments[..] {
        [] => "500",
        ["--kills", number] if number.parse::<u32>().is_ok() => number,
        _ => bail!("usage: cargo xtask e2e faults [--kills N]"),
    };
    execute(
        cargo()
            .args(["test", "--package", "muslrepair", "--test", "faults", "--", "--nocapture"])
            .env("MUSLREPAIR_KILLS", kills),
    )
}
