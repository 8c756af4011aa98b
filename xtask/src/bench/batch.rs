//! All wheels in one call, by one thread and by two.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::cost::{Cost, repair, results};
use super::rows::megabytes;
use crate::e2e::auditwheel::corpus::Case;

#[derive(Debug, Serialize)]
pub struct Batch {
    wheels: usize,
    input_size: u64,
    one: Cost,
    two: Cost,
}

/// Repairs all of them with `-j1` and `-j2` in turns; once with `-j8`, for the bytes.
pub fn measure(program: &Path, cases: &[Case], rounds: u32, path: &OsStr) -> Result<Batch> {
    let mut libraries: Vec<OsString> = Vec::new();
    let mut batch = Batch { wheels: cases.len(), input_size: 0, one: Cost::NONE, two: Cost::NONE };
    for case in cases {
        libraries.push(case.ldpaths()?);
        batch.input_size += fs::metadata(&case.wheel)?.len();
    }
    let libraries = libraries.join(OsStr::new(":"));
    let run = |jobs: &str| {
        let directory = results("batch")?;
        let mut rest = vec![OsStr::new("--jobs"), OsStr::new(jobs)];
        rest.extend(cases.iter().map(|case| case.wheel.as_os_str()));
        let cost = Cost::of(program, &repair(&directory, &libraries, &rest), path)?;
        Ok::<_, anyhow::Error>((cost, digests(&directory)?))
    };
    let (_, wanted) = run("8")?;
    for _ in 0..rounds {
        for (jobs, cost) in [("1", &mut batch.one), ("2", &mut batch.two)] {
            let (now, digests) = run(jobs)?;
            *cost = cost.least(now);
            if digests != wanted {
                let differ = |name: &&String| digests.get(*name) != wanted.get(*name);
                let names: Vec<&String> = wanted.keys().filter(differ).collect();
                bail!("-j{jobs} and -j8 write different wheels: {names:?}");
            }
        }
    }
    fs::remove_dir_all(results("batch")?)?;
    Ok(batch)
}

fn digests(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut digests = BTreeMap::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        digests.insert(name, Sha256::digest(fs::read(entry.path())?).to_vec());
    }
    Ok(digests)
}

impl Batch {
    pub fn markdown(&self) -> String {
        format!(
            "All {} wheels in one call, {} MB: {:.2} s with `-j1` ({:.2} s of processor time, {} MB at the peak), {:.2} s\n\
            with `-j2` ({:.2} s, {} MB): {:.2} times as fast. `-j1`, `-j2` and `-j8` write the same bytes.",
            self.wheels,
            megabytes(self.input_size),
            self.one.wall,
            self.one.cpu,
            self.one.memory / 1_000_000,
            self.two.wall,
            self.two.cpu,
            self.two.memory / 1_000_000,
            self.one.wall / self.two.wall,
        )
    }
}
