//! All wheels in one call, with one thread and with two.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::{repair, results};
use crate::cost::Cost;
use crate::e2e::auditwheel::corpus::Case;
use crate::page::megabytes;
use crate::process::{digest, entries, name};

/// Repairs all wheels with `-j1` and `-j2` alternately, and once with `-j8` to compare the bytes. Returns a
/// report.
pub fn measure(program: &Path, cases: &[Case], rounds: u32) -> Result<String> {
    let mut size = 0;
    for case in cases {
        size += fs::metadata(&case.wheel)?.len();
    }
    let libraries: Vec<OsString> = cases.iter().map(Case::ldpaths).collect::<Result<_>>()?;
    let libraries = libraries.join(OsStr::new(":"));
    let run = |jobs: &str| {
        let directory = results("batch")?;
        let mut repair = repair(program, &directory, &libraries);
        let cost = Cost::of(repair.args(["--jobs", jobs]).args(cases.iter().map(|case| &case.wheel)))?;
        let digests = entries(&directory)?.iter().map(|wheel| Ok((name(wheel), digest(wheel)?))).collect();
        Ok::<(Cost, Result<BTreeMap<String, String>>), anyhow::Error>((cost, digests))
    };
    let wanted = run("8")?.1?;
    let (mut one, mut two) = (Cost::NONE, Cost::NONE);
    for _ in 0..rounds {
        for (jobs, cost) in [("1", &mut one), ("2", &mut two)] {
            let (now, digests) = run(jobs)?;
            *cost = cost.least(now);
            let digests = digests?;
            if digests != wanted {
                let differ = |name: &&String| digests.get(*name) != wanted.get(*name);
                let names: Vec<&String> = wanted.keys().filter(differ).collect();
                bail!("-j{jobs} and -j8 write different wheels: {names:?}");
            }
        }
    }
    results("batch")?;
    Ok(format!(
        "All {} wheels in one call, {} MB: {:.2} s with `-j1` ({:.2} s of processor time, {} MB at the peak), {:.2} s\n\
         with `-j2` ({:.2} s, {} MB): {:.2} times as fast. `-j1`, `-j2` and `-j8` write the same bytes.",
        cases.len(),
        megabytes(size),
        one.wall,
        one.cpu,
        one.memory / 1_000_000,
        two.wall,
        two.cpu,
        two.memory / 1_000_000,
        one.wall / two.wall,
    ))
}
