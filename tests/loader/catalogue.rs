//! The fixtures of one architecture, and what became of them when they were loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::machine::Machine;

/// Names of the fixtures and what the driver said of each: `ok`, or what went wrong.
pub(crate) type Outcomes = BTreeMap<String, String>;

/// `testdata/elf/<arch>`.
pub(crate) fn directory(arch: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf").join(arch)
}

/// The libraries of the architecture, or its programs, sorted.
pub(crate) fn fixtures(arch: &str, programs: bool) -> Result<Vec<PathBuf>, String> {
    let directory = directory(arch);
    let entries = fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| {
        let name = name(path);
        if programs { name.starts_with("program-") } else { name.ends_with(".so") }
    });
    found.sort();
    if found.is_empty() { Err(format!("{}: no fixtures", directory.display())) } else { Ok(found) }
}

/// The last component of a path.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Opens libraries in the driver, with these arguments to musl's loader before it.
pub(crate) fn load(machine: &Machine, options: &[&str], libraries: &[PathBuf]) -> Result<Outcomes, String> {
    let mut command = machine.load();
    command.args(options).arg(directory(machine.arch).join("driver")).args(libraries);
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut outcomes = Outcomes::new();
    for line in text.lines() {
        let (number, outcome) = line.split_once(' ').unwrap_or((line, ""));
        let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some(library) = index.and_then(|index| libraries.get(index)) else {
            return Err(format!("the driver says `{line}`"));
        };
        outcomes.insert(name(library), outcome.to_owned());
    }
    if outcomes.len() == libraries.len() {
        Ok(outcomes)
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{}: outcomes of {} of {} libraries\n{text}{errors}",
            output.status,
            outcomes.len(),
            libraries.len()
        ))
    }
}

/// Starts a program, with this library path; what it said, or how it ended.
pub(crate) fn start(machine: &Machine, program: &Path, libraries: Option<&Path>) -> Result<String, String> {
    let mut command = machine.start(program, libraries)?;
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if output.status.success() {
        return Ok(said);
    }
    Ok(format!("{said} {} {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end()))
}

/// The outcomes of the libraries as they were linked.
pub(crate) fn load_originals(machine: &Machine) -> Result<Outcomes, String> {
    let libraries = directory(machine.arch).join("libs");
    load(machine, &["--library-path", &libraries.to_string_lossy()], &fixtures(machine.arch, false)?)
}

/// Lines for the fixtures whose outcome is not the wanted one; an error if there are any.
pub(crate) fn compare(wanted: &Outcomes, found: &Outcomes) -> Result<(), String> {
    let lines: Vec<String> = found
        .iter()
        .filter(|(name, outcome)| wanted.get(*name) != Some(outcome))
        .map(|(name, outcome)| {
            let wanted = wanted.get(name).map_or("nothing", String::as_str);
            format!("{name}: `{outcome}`, not `{wanted}`")
        })
        .collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}
