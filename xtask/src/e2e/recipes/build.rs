//! Carrying out a Dockerfile without a container engine: every stage is a root file system, every RUN line is run in it.
//! Stand-ins are the base image, in which a stand-in for apk is, and the image of muslrepair.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::dockerfile::{Instruction, Mount, expand, parse};
use crate::image::{self, Image, Root};
use crate::install;
use crate::process::{output, run};

/// What a build is given from outside.
pub struct Build<'a> {
    pub image: &'a Image,
    /// A directory with the program, as its image has it.
    pub program: &'a Path,
    /// Where the Dockerfile and the files beside it are.
    pub context: &'a Path,
    /// Where stages go.
    pub work: PathBuf,
    /// `--build-arg`, for those that the Dockerfile declares.
    pub arguments: BTreeMap<&'static str, String>,
    /// `--secret`.
    pub secrets: BTreeMap<&'static str, &'static str>,
    /// Environment of the base image.
    pub environment: Vec<(String, String)>,
}

/// A stage that is built.
#[derive(Clone)]
pub struct Stage {
    pub root: Root,
    environment: Vec<(String, String)>,
    directory: String,
    user: Option<String>,
    command: Vec<String>,
}

impl Build<'_> {
    /// Builds all stages and returns them by name.
    pub fn run(&self) -> Result<BTreeMap<String, Stage>> {
        let text = fs::read_to_string(self.context.join("Dockerfile"))?;
        image::remove(&self.work)?;
        let mut globals = BTreeMap::new();
        let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
        let mut current: Option<(String, Stage)> = None;
        for instruction in parse(&text)? {
            match (instruction, &mut current) {
                (Instruction::From { image, name }, current) => {
                    if let Some((name, stage)) = current.take() {
                        stages.insert(name, stage);
                    }
                    let name = name.unwrap_or_else(|| stages.len().to_string());
                    let image = expand(&image, |name| globals.get(name).cloned())?;
                    *current = Some((name.clone(), self.from(&image, &name, &stages)?));
                }
                (Instruction::Arg { name, default }, None) => {
                    let value = self.arguments.get(name.as_str()).cloned().or(default);
                    globals.insert(name, value.unwrap_or_default());
                }
                (_, None) => bail!("an instruction before FROM"),
                (instruction, Some((name, stage))) => {
                    println!("   {name}: {}", shown(&instruction));
                    self.step(instruction, stage, &stages, &globals)?;
                }
            }
        }
        if let Some((name, stage)) = current {
            stages.insert(name, stage);
        }
        Ok(stages)
    }

    fn from(&self, image: &str, name: &str, stages: &BTreeMap<String, Stage>) -> Result<Stage> {
        let place = self.work.join(name);
        if let Some(stage) = stages.get(image) {
            run(install::as_root("cp")?.arg("-a").arg(&stage.root.directory).arg(&place))?;
            return Ok(Stage { root: Root { directory: place }, ..stage.clone() });
        }
        let root = if image == "scratch" {
            fs::create_dir_all(&place)?;
            Root { directory: place }
        } else if image.starts_with("python:") && image.contains("-alpine") {
            self.image.copy_to(&place)?
        } else {
            bail!("there is no stand-in for the image `{image}`");
        };
        let environment = self.environment.clone();
        Ok(Stage { root, environment, directory: "/".to_owned(), user: None, command: Vec::new() })
    }

    fn step(
        &self,
        instruction: Instruction,
        stage: &mut Stage,
        stages: &BTreeMap<String, Stage>,
        globals: &BTreeMap<String, String>,
    ) -> Result<()> {
        let environment = stage.environment.clone();
        let expand = |text: &str| {
            expand(text, |name| environment.iter().rev().find(|(key, _)| key == name).map(|(_, v)| v.clone()))
        };
        match instruction {
            Instruction::From { .. } => bail!("stages do not nest"),
            Instruction::Arg { name, default } => {
                // A global one has the value it has there; undeclared ones are not seen in a stage.
                let value = self.arguments.get(name.as_str()).or(globals.get(&name)).cloned().or(default);
                if let Some(value) = value {
                    stage.environment.push((name, value));
                }
            }
            Instruction::Env { name, value } => {
                let value = expand(&value)?;
                stage.environment.push((name, value));
            }
            Instruction::Workdir(path) => {
                stage.directory = join(&stage.directory, &expand(&path)?);
                let directory = stage.root.path(&stage.directory);
                run(install::as_root("mkdir")?.arg("-p").arg(directory))?;
            }
            Instruction::User(user) => stage.user = Some(user),
            Instruction::Cmd(command) => stage.command = command,
            Instruction::Entrypoint(mut command) => {
                command.append(&mut stage.command);
                stage.command = command;
            }
            Instruction::Copy { from, sources, destination } => {
                let base = match &from {
                    Some(from) => self.place(from, stages)?,
                    None => self.context.to_path_buf(),
                };
                let destination = join(&stage.directory, &expand(&destination)?);
                for source in sources {
                    let source = base.join(expand(&source)?.trim_start_matches('/'));
                    copy(&source, &stage.root.path(&destination), &destination)?;
                }
            }
            Instruction::Run { mounts, script } => self.execute(stage, &mounts, &script, stages)?,
        }
        Ok(())
    }

    /// What `COPY --from` and `from=` of a mount name.
    fn place(&self, name: &str, stages: &BTreeMap<String, Stage>) -> Result<PathBuf> {
        match stages.get(name) {
            Some(stage) => Ok(stage.root.directory.clone()),
            None if name.contains("/muslrepair:") => Ok(self.program.to_path_buf()),
            None => bail!("no stage and no stand-in for `{name}`"),
        }
    }

    /// Mounts are copies that are removed after the command, except caches.
    fn execute(
        &self,
        stage: &Stage,
        mounts: &[Mount],
        script: &str,
        stages: &BTreeMap<String, Stage>,
    ) -> Result<()> {
        let mut environment = stage.environment.clone();
        let mut mounted = Vec::new();
        for mount in mounts {
            match mount.kind.as_str() {
                "cache" => {}
                "secret" => {
                    let id = mount.id.as_deref().context("a secret without id")?;
                    let value = self.secrets.get(id).with_context(|| format!("no secret `{id}`"))?;
                    let name = mount.env.clone().context("a secret that is not for the environment")?;
                    environment.push((name, (*value).to_owned()));
                }
                "bind" => {
                    let base = match &mount.from {
                        Some(from) => self.place(from, stages)?,
                        None => self.context.to_path_buf(),
                    };
                    let source = mount.source.as_deref().unwrap_or("/").trim_start_matches('/');
                    let target = mount.target.as_deref().context("a mount without target")?;
                    let place = stage.root.path(target);
                    copy(&base.join(source), &place, target)?;
                    mounted.push(place);
                }
                kind => bail!("mounts of type `{kind}` are not known here"),
            }
        }
        let said = output(&mut stage.shell(script, &environment)?);
        for place in mounted {
            image::remove(&place)?;
        }
        said.map(drop)
    }
}

impl Stage {
    fn shell(&self, script: &str, environment: &[(String, String)]) -> Result<std::process::Command> {
        self.root.shell(script, environment, &self.directory, self.user.as_deref())
    }

    /// What `docker run` of this stage would do, and print.
    pub fn start(&self) -> Result<String> {
        let words: Vec<String> =
            self.command.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        output(&mut self.shell(&words.join(" "), &self.environment)?)
    }
}

/// A file to a file or into a directory, the contents of a directory into a directory: what COPY does.
fn copy(source: &Path, place: &Path, destination: &str) -> Result<()> {
    if !source.exists() {
        bail!("there is no `{}`", source.display());
    }
    let parent = if destination.ends_with('/') || source.is_dir() { Some(place) } else { place.parent() };
    run(install::as_root("mkdir")?.arg("-p").arg(parent.context("no parent")?))?;
    let source = if source.is_dir() { source.join(".") } else { source.to_path_buf() };
    run(install::as_root("cp")?.arg("-a").arg(source).arg(place))
}

fn join(directory: &str, path: &str) -> String {
    match path.strip_prefix("./").unwrap_or(path) {
        path if path.starts_with('/') => path.to_owned(),
        "." => format!("{}/", directory.trim_end_matches('/')),
        path => format!("{}/{path}", directory.trim_end_matches('/')),
    }
}

fn shown(instruction: &Instruction) -> String {
    match instruction {
        Instruction::Run { script, .. } => format!("RUN {script}"),
        other => format!("{other:?}").chars().take(100).collect(),
    }
}
