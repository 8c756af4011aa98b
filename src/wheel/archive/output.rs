//! Output files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::error::WheelError;
use super::reader::Wheel;
use super::stale::{self, PREFIX, SUFFIX};
use crate::wheel::metadata::digest::Sha256Digest;

/// A temporary file in the directory of the output. It becomes the output when it is finished, and disappears
/// if it is dropped before.
#[derive(Debug)]
pub(super) struct Output {
    temporary: Temporary,
    path: PathBuf,
    directory: PathBuf,
}

/// A complete file as it was when it received its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its size in bytes.
    pub size: u64,
    /// Its hash.
    pub sha256: Sha256Digest,
}

impl WrittenFile {
    /// Hashes all bytes of an open file.
    fn of(mut file: &File) -> io::Result<Self> {
        file.rewind()?;
        let sha256 = Sha256Digest::of_reader(file)?;
        Ok(Self { size: file.stream_position()?, sha256 })
    }
}

#[derive(Debug)]
enum Temporary {
    /// Without a name: it disappears with the process, however that ends.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// With a name, for file systems that do not support unnamed files.
    Named(NamedTempFile),
}

impl Output {
    /// Creates the temporary file, and its directory if it is missing. Temporary files of killed processes in
    /// that directory are removed.
    pub(super) fn create(path: &Path) -> Result<Self, WheelError> {
        let directory = directory_of(path);
        fs::create_dir_all(directory).map_err(WheelError::io(directory, "create"))?;
        stale::remove_stale(directory);
        Self::beside(path)
    }

    /// Creates only the temporary file, in an existing directory.
    pub(super) fn beside(path: &Path) -> Result<Self, WheelError> {
        let directory = directory_of(path);
        let temporary =
            Temporary::create(directory).map_err(WheelError::io(directory, "create a file in"))?;
        Ok(Self { temporary, path: path.to_owned(), directory: directory.to_owned() })
    }

    pub(super) fn file(&self) -> &File {
        match &self.temporary {
            #[cfg(target_os = "linux")]
            Temporary::Nameless(file) => file,
            Temporary::Named(file) => file.as_file(),
        }
    }

    /// The existing output file, if it has the same bytes.
    pub(super) fn already_there(&self) -> Result<Option<WrittenFile>, WheelError> {
        let same = (|| {
            let there = File::open(&self.path)?;
            if self.file().metadata()?.len() != there.metadata()?.len() {
                return Ok(None);
            }
            let made = WrittenFile::of(self.file())?;
            Ok((made == WrittenFile::of(&there)?).then_some(made))
        })();
        same.map_err(WheelError::io(&self.path, "read"))
    }

    /// Flushes the bytes to disk and replaces the output. The name itself is not flushed: after a power
    /// failure there is either the complete new file or the previous state. Everything that is returned is
    /// computed before the file receives its name, so nothing can fail after that.
    pub(super) fn finish(self) -> Result<WrittenFile, WheelError> {
        let (synced, written) = rayon::join(|| self.file().sync_all(), || WrittenFile::of(self.file()));
        synced.map_err(WheelError::io(&self.path, "write"))?;
        let written = written.map_err(WheelError::io(&self.path, "read"))?;
        let named: io::Result<Option<TempPath>> = match self.temporary {
            #[cfg(target_os = "linux")]
            Temporary::Nameless(file) => nameless::link(&file, &self.path, &self.directory),
            Temporary::Named(file) => Ok(Some(file.into_temp_path())),
        };
        let moved = match named {
            Ok(None) => Ok(()),
            Ok(Some(temporary)) => temporary.persist(&self.path).map_err(|error| error.error),
            Err(error) => Err(error),
        };
        moved.map_err(WheelError::io(&self.path, "write"))?;
        Ok(written)
    }
}

impl Temporary {
    fn create(directory: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless::create(directory) {
            return Ok(Self::Nameless(file));
        }
        let mut builder = builder();
        // The usual permissions of new files, reduced by the umask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        // An error must name the directory, not the random name of the temporary file.
        let file = builder.tempfile_in(directory).map_err(|error| io::Error::from(error.kind()))?;
        stale::hold(file.as_file());
        Ok(Self::Named(file))
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    builder
}

#[cfg(target_os = "linux")]
mod nameless {
    use super::{File, Path, PathBuf, TempPath, builder, io};
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::MetadataExt as _;

    /// Opens an unnamed file (`O_TMPFILE` of open(2)); `None` if the file system does not support it, or if
    /// `/proc`, which is needed to name it later, is missing.
    pub(super) fn create(directory: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(open(directory, flags, Mode::from_raw_mode(0o666)).ok()?);
        let (seen, there) = (proc_path(&file).metadata().ok()?, file.metadata().ok()?);
        ((seen.dev(), seen.ino()) == (there.dev(), there.ino())).then_some(file)
    }

    /// Gives the file its name. If the name is taken, the file gets a temporary name first, because only a
    /// rename can replace a file; the temporary name is returned.
    pub(super) fn link(file: &File, path: &Path, directory: &Path) -> io::Result<Option<TempPath>> {
        let link = |to: &Path| -> io::Result<()> {
            Ok(linkat(CWD, proc_path(file), CWD, to, AtFlags::SYMLINK_FOLLOW)?)
        };
        match link(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                super::stale::hold(file);
                let named = builder().make_in(directory, link)?;
                Ok(Some(named.into_temp_path()))
            }
            result => result.map(|()| None),
        }
    }

    fn proc_path(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }
}

/// Writes a file that appears complete or not at all, and that only its owner can read and write. Creates
/// missing directories.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn write_own(path: &Path, bytes: &[u8]) -> Result<(), WheelError> {
    let output = Output::create(path)?;
    #[cfg(unix)]
    {
        let own = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        output.file().set_permissions(own).map_err(WheelError::io(path, "write"))?;
    }
    output.file().write_all(bytes).map_err(WheelError::io(path, "write"))?;
    output.finish().map(|_| ())
}

impl Wheel {
    /// Copies the wheel byte for byte; the copy appears complete or not at all. Does nothing if `to` is the
    /// wheel itself. Creates missing directories.
    ///
    /// # Errors
    ///
    /// If the wheel cannot be read or has changed since it was opened, or if `to` cannot be written.
    pub fn copy_to(&self, to: &Path) -> Result<WrittenFile, WheelError> {
        if let (Ok(from), Ok(to)) = (fs::canonicalize(self.path()), fs::canonicalize(to))
            && from == to
        {
            let there = File::open(self.path()).and_then(|file| WrittenFile::of(&file));
            self.check_unchanged()?;
            return there.map_err(WheelError::io(self.path(), "read"));
        }
        let output = Output::create(to)?;
        match self.source().copy(self.path(), output.file(), to)? {
            true => output.finish(),
            false => Err(WheelError::Changed(self.path().to_owned())),
        }
    }

    /// The file at `path` if it is an exact copy of the wheel.
    ///
    /// # Errors
    ///
    /// If one of them cannot be read, if the wheel has changed since it was opened, or if there is no space
    /// in the directory for a copy of the wheel.
    pub fn copy_at(&self, path: &Path) -> Result<Option<WrittenFile>, WheelError> {
        let output = Output::beside(path)?;
        match self.source().copy(self.path(), output.file(), path)? {
            true => output.already_there(),
            false => Err(WheelError::Changed(self.path().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Both kinds of temporary file, or one if the other is not supported.
    fn outputs(directory: &Path) -> Vec<Output> {
        let path = directory.join("out.whl");
        let named = builder().tempfile_in(directory).unwrap();
        let named = Output {
            temporary: Temporary::Named(named),
            path: path.clone(),
            directory: directory.to_owned(),
        };
        vec![Output::create(&path).unwrap(), named]
    }

    fn names(directory: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn new_and_existing_files_are_put_in_place() {
        for old in [None, Some("old")] {
            let directory = tempfile::tempdir().unwrap();
            for output in outputs(directory.path()) {
                let path = output.path.clone();
                let _ = fs::remove_file(&path);
                if let Some(old) = old {
                    fs::write(&path, old).unwrap();
                }
                output.file().write_all(b"new").unwrap();
                output.finish().unwrap();
                assert_eq!(fs::read(&path).unwrap(), b"new");
            }
            assert_eq!(names(directory.path()), ["out.whl"]);
        }
    }

    #[test]
    fn unfinished_files_disappear() {
        let directory = tempfile::tempdir().unwrap();
        for output in outputs(directory.path()) {
            output.file().write_all(b"new").unwrap();
        }
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_directory_in_the_way_is_an_error_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        for output in outputs(directory.path()) {
            fs::create_dir_all(&output.path).unwrap();
            let error = output.finish().unwrap_err();
            assert!(error.to_string().starts_with("cannot write `"), "{error}");
        }
        assert_eq!(names(directory.path()), ["out.whl"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn unnamed_files_are_invisible_while_they_are_written() {
        let directory = tempfile::tempdir().unwrap();
        if let Some(file) = nameless::create(directory.path()) {
            (&file).write_all(b"new").unwrap();
            assert!(names(directory.path()).is_empty());
        }
    }
}
