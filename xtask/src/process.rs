//! Runs other programs, and finds the files and directories of the repository.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// The top of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo's target directory, for everything that can be made again.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

/// A command that runs at the top of the repository and cannot wait for input.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that runs this task.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs the command and passes its output on; an exit status other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs the command and returns its standard output; the error contains its standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{}", line(command), output.status, said.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command line as one would type it, for messages and records.
pub fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// The path of `program` on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// `PATH`, preceded by these directories.
pub fn path_with(directories: &[&Path]) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = directories.iter().map(|directory| directory.to_path_buf());
    Ok(std::env::join_paths(own.chain(std::env::split_paths(&path)))?)
}

/// The file name of a path.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The entries of a directory, sorted.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let read =
        || fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut entries = read().with_context(|| format!("cannot read `{}`", directory.display()))?;
    entries.sort();
    Ok(entries)
}

/// Every file below a directory, sorted; symbolic links count as files.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() && !path.is_symlink() { files.extend(self::files(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

/// The wheels among the files below a directory.
pub fn wheels(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = files(directory)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "whl"));
    Ok(files)
}

/// The only file in a directory.
pub fn only_file(directory: &Path) -> Result<PathBuf> {
    match &entries(directory)?[..] {
        [file] => Ok(file.clone()),
        files => bail!("{} files in `{}`, not one", files.len(), directory.display()),
    }
}

/// Makes an empty directory, and removes what was there.
pub fn empty(directory: PathBuf) -> Result<PathBuf> {
    if directory.exists() {
        fs::remove_dir_all(&directory).with_context(|| format!("cannot remove `{}`", directory.display()))?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
    Ok(directory)
}

/// The SHA-256 of a file, in hexadecimal.
pub fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Fails if a file has another SHA-256.
pub fn check_digest(path: &Path, wanted: &str) -> Result<()> {
    match digest(path)? {
        found if found == wanted => Ok(()),
        found => bail!("`{}` has the SHA-256 digest {found}, not {wanted}", path.display()),
    }
}
