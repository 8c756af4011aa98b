//! A file that appears whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::WheelError;

/// A temporary file beside the output, which becomes the output when it is finished and disappears when
/// it is dropped before.
#[derive(Debug)]
pub(super) struct Output {
    temporary: NamedTempFile,
    path: PathBuf,
    directory: PathBuf,
}

impl Output {
    /// Creates the temporary file, and the directory where it is missing.
    pub(super) fn create(path: &Path) -> Result<Self, WheelError> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(directory).map_err(WheelError::io(directory, "create"))?;
        let mut builder = tempfile::Builder::new();
        // No `.whl` at the end: nobody may take an unfinished file for a wheel.
        builder.prefix(".muslrepair-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary =
            builder.tempfile_in(directory).map_err(WheelError::io(directory, "create a file in"))?;
        Ok(Self { temporary, path: path.to_owned(), directory: directory.to_owned() })
    }

    pub(super) fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Makes the bytes durable and puts them in place of whatever was there.
    pub(super) fn finish(self) -> Result<(), WheelError> {
        self.temporary.as_file().sync_all().map_err(WheelError::io(&self.path, "write"))?;
        self.temporary
            .persist(&self.path)
            .map_err(|error| WheelError::io(&self.path, "write")(error.error))?;
        sync_directory(&self.directory).map_err(WheelError::io(&self.directory, "sync"))
    }
}

/// A new name is durable when its directory is. Not every file system can do it, and none has to.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|directory| directory.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        // A directory that can be written to but not listed.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Copies a wheel byte for byte, so that the copy appears whole or not at all. Nothing happens where both
/// paths lead to one file. Missing directories are created.
///
/// # Errors
///
/// When `from` cannot be read or `to` cannot be written.
pub fn copy_wheel(from: &Path, to: &Path) -> Result<(), WheelError> {
    let metadata = fs::metadata(from).map_err(WheelError::io(from, "open"))?;
    if !metadata.is_file() {
        return Err(WheelError::NotAFile(from.to_owned()));
    }
    let mut input = File::open(from).map_err(WheelError::io(from, "open"))?;
    if let (Ok(from), Ok(to)) = (fs::canonicalize(from), fs::canonicalize(to))
        && from == to
    {
        return Ok(());
    }
    let output = Output::create(to)?;
    io::copy(&mut input, &mut output.file()).map_err(WheelError::io(to, "write"))?;
    output.finish()
}
