//! Wheels named on the command line.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// What `verify` and `needs` look at.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A wheel.
    Wheel(PathBuf),
    /// A directory of installed files.
    Tree(PathBuf),
}

impl Subject {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Wheel(path) | Self::Tree(path) => path,
        }
    }
}

/// The wheels and trees that the arguments name, in their order: a directory that holds wheels means those, any other
/// is a tree.
///
/// The error is a complete message.
pub(super) fn subjects(arguments: &[PathBuf]) -> Result<Vec<Subject>, String> {
    let mut subjects = Vec::new();
    for argument in arguments {
        if argument.is_dir() && wheels_of(argument)?.is_empty() {
            subjects.push(Subject::Tree(argument.clone()));
        } else {
            subjects.extend(wheels(std::slice::from_ref(argument))?.into_iter().map(Subject::Wheel));
        }
    }
    Ok(subjects)
}

/// The wheels that the arguments name, in their order: files as they are, directories by their `*.whl`, sorted.
///
/// The error is a complete message.
pub(super) fn wheels(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut wheels = Vec::new();
    for argument in arguments {
        if argument.is_dir() {
            let found = wheels_of(argument)?;
            if found.is_empty() {
                return Err(format!("no wheels in `{}`", argument.display()));
            }
            wheels.extend(found);
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
    Ok(wheels)
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

/// The file name, to show.
pub(super) fn shown(wheel: &Path) -> String {
    wheel.file_name().map_or_else(|| wheel.display().to_string(), |name| name.to_string_lossy().into_owned())
}
