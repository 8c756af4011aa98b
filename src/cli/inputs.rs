//! Wheels named on the command line.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The wheels that the arguments name, in their order: files as they are, directories by their `*.whl`, sorted.
///
/// The error is a complete message.
pub(super) fn wheels(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut wheels = Vec::new();
    for argument in arguments {
        if argument.is_dir() {
            wheels.extend(wheels_of(argument)?);
        } else if !argument.exists() {
            return Err(format!("cannot access `{}`. No such file", argument.display()));
        } else if is_wheel(argument) {
            wheels.push(argument.clone());
        } else {
            return Err(format!("`{}` is not named `*.whl`", argument.display()));
        }
    }
    Ok(wheels)
}

fn wheels_of(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut wheels = Vec::new();
    for entry in WalkDir::new(directory).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| format!("cannot read `{}`: {error}", directory.display()))?;
        if is_wheel(entry.path()) && entry.path().is_file() {
            wheels.push(entry.into_path());
        }
    }
    if wheels.is_empty() {
        return Err(format!("no wheels in `{}`", directory.display()));
    }
    Ok(wheels)
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

/// The file name, to show.
pub(super) fn shown(wheel: &Path) -> String {
    wheel.file_name().map_or_else(|| wheel.display().to_string(), |name| name.to_string_lossy().into_owned())
}
