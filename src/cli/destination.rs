//! Where a report goes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use muslrepair::report;
use serde_json::Value;

use super::inputs;
use super::term::{CliError, Terminal};
use super::usage::UsageError;

/// A file, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// `-`.
    Output,
    /// Anything else.
    File(PathBuf),
}

impl From<OsString> for Destination {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Output } else { Self::File(PathBuf::from(text)) }
    }
}

impl Destination {
    /// Refuses what would be written over an input or a result, and standard output where something else is on it.
    pub(super) fn check<'a>(
        &self,
        option: &str,
        taken: Option<&str>,
        inputs: impl IntoIterator<Item = &'a Path>,
    ) -> Result<(), UsageError> {
        match (self, taken) {
            (Self::Output, None) => Ok(()),
            (Self::Output, Some(taken)) => {
                Err(UsageError::from(format!("`{option} -`: standard output has the {taken} already"))
                    .with_hint(format!("name a file: `{option} {}`", example(option))))
            }
            (Self::File(path), _) => match replaced(path, inputs) {
                None => Ok(()),
                Some(what) => Err(UsageError::from(format!("`{option} {}` names {what}", path.display()))
                    .with_hint(format!("name another file: `{option} {}`", example(option)))),
            },
        }
    }

    /// Writes the document about all wheels there.
    pub(super) fn write_report(&self, documents: Vec<Value>, terminal: &Terminal) -> Result<(), CliError> {
        self.write_document(&report::report_document(documents), terminal)
    }

    /// Writes a document there, laid out for reading.
    pub(super) fn write_document(&self, document: &Value, terminal: &Terminal) -> Result<(), CliError> {
        let mut text = report::json_indented(document)?;
        text.push('\n');
        self.write(&text, terminal)
    }

    /// Writes a text there.
    pub(super) fn write(&self, text: &str, terminal: &Terminal) -> Result<(), CliError> {
        match self {
            Self::Output => terminal.result(text),
            Self::File(path) => write_file(path, text.as_bytes())
                .map_err(|error| CliError::Failure(format!("cannot write `{}`: {error}", path.display()))),
        }
    }
}

/// A name for what an option writes.
fn example(option: &str) -> &'static str {
    match option {
        "--requirements" => "requirements.lock",
        _ => "report.json",
    }
}

/// What a report at this path would be written over, or in the place of. Results are named as wheels, as inputs are; what a
/// tree consists of are ELF files.
pub(super) fn replaced<'a>(path: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Option<&'static str> {
    let places = inputs::places(path);
    let named_wheel =
        |place: &Path| place.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("whl"));
    let all_inputs: BTreeSet<PathBuf> = inputs.into_iter().flat_map(inputs::places).collect();
    if places.iter().any(|place| all_inputs.contains(place)) {
        return Some("an input");
    }
    if named_wheel(path) || places.iter().any(|place| named_wheel(place)) {
        return Some("a wheel");
    }
    let file = places.last().filter(|last| last.is_file())?;
    muslrepair::resolve::is_elf_file(file).is_ok_and(|elf| elf).then_some("an ELF file")
}

/// A regular file appears whole or not at all, like everything that is written. What is something else is written to and
/// stays what it is: a link, a pipe, a device.
fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => replace(path, bytes),
        Ok(_) => File::create(path)?.write_all(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => replace(path, bytes),
        Err(error) => Err(error),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".muslrepair-").suffix(".part");
    // The usual permissions of new files, which the umask cuts down.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // What is said of the temporary file by its name, which nobody knows, is meant for this one.
    let mut file = builder.tempfile_in(directory).map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn links_lead_to_what_is_written_and_stay() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::os::unix::fs::symlink("target", &link).unwrap();
        for text in ["first, and longer", "second"] {
            write_file(&link, text.as_bytes()).unwrap();
            assert!(link.is_symlink() && !target.is_symlink());
            assert_eq!(std::fs::read_to_string(&target).unwrap(), text);
        }
    }

    #[test]
    fn pipes_are_written_to_and_stay() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || {
                let mut text = String::new();
                File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        write_file(&pipe, b"whole").unwrap();
        assert_eq!(reader.join().unwrap(), "whole");
        assert!(!std::fs::symlink_metadata(&pipe).unwrap().is_file());
    }

    #[test]
    fn a_directory_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        assert!(write_file(directory.path(), b"text").is_err());
        assert!(directory.path().is_dir());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
