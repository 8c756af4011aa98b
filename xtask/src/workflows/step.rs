//! The steps with scripts of a workflow or an action.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::process::{command, output};

/// A step.
#[derive(Deserialize)]
pub struct Step {
    pub file: PathBuf,
    name: Option<String>,
    shell: Option<String>,
    pub script: String,
    /// The environment of the workflow, the job and the step.
    env: BTreeMap<String, String>,
}

/// How a step ended.
pub struct Ended {
    pub status: i32,
    /// Standard output and standard error.
    pub said: String,
}

impl Ended {
    /// Fails unless the step ended with this status and said this.
    pub fn expect(&self, status: i32, text: &str) -> Result<()> {
        if self.status != status || !self.said.contains(text) {
            bail!("it ended with {}, not {status}, or did not say `{text}`:\n{}", self.status, self.said);
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        write!(f, "{file}: {}", self.label())
    }
}

/// Prints all steps with scripts as JSON.
const READER: &str = "\
import json, sys, yaml
document = yaml.safe_load(open(sys.argv[1]))
jobs = document.get('jobs') or {'': dict(steps=document['runs']['steps'])}
steps = []
for job in jobs.values():
    for step in job.get('steps', []):
        if 'run' in step:
            env = {}
            for level in (document, job, step):
                env.update({key: str(value) for key, value in level.get('env', {}).items()})
            steps.append(dict(file=sys.argv[1], name=step.get('name'), shell=step.get('shell'), script=step['run'], env=env))
json.dump(steps, sys.stdout)
";

/// All steps with scripts of a file.
pub fn read(bin: &Path, file: &Path) -> Result<Vec<Step>> {
    let steps = output(command(bin.join("python")).args(["-c", READER]).arg(file))?;
    Ok(serde_json::from_str(&steps)?)
}

impl Step {
    /// Its name, or its first line.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.script.lines().next()).unwrap_or_default()
    }

    /// The shell and its options, as the runner starts it.
    pub fn shell(&self) -> (&'static str, &'static [&'static str]) {
        match self.shell.as_deref() {
            Some("sh") => ("sh", &["-e"]),
            Some("bash") => ("bash", &["--noprofile", "--norc", "-eo", "pipefail"]),
            _ => ("bash", &["-e"]),
        }
    }

    /// Runs the script as the runner does. `given` is the environment, and comes before what the file says: that has
    /// expressions in it, which only the service can replace.
    pub fn run(&self, directory: &Path, given: &[(&str, &str)]) -> Result<Ended> {
        let (shell, options) = self.shell();
        let script = directory.join("step.sh");
        fs::write(&script, &self.script)?;
        let mut start = command(shell);
        start.args(options).arg(&script).current_dir(directory).envs(given.iter().copied());
        for (name, value) in &self.env {
            if given.iter().any(|(given, _)| given == name) {
                continue;
            }
            if !value.contains("${{") {
                start.env(name, value);
            } else if self.script.contains(&format!("${name}")) {
                bail!("no value for `{name}: {value}`");
            }
        }
        if self.script.contains("${{") {
            bail!("there is an expression in the script");
        }
        let ended = start.output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ended {
            status: ended.status.code().unwrap_or(-1),
            said: text(&ended.stdout) + &text(&ended.stderr),
        })
    }
}
