//! `--summary`: a page in Markdown about a call, appended to a file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use muslrepair::report::{LARGEST_SUMMARY, SummaryEntry, summary_markdown};

use super::destination::replaced;
use super::term::CliError;
use super::usage::UsageError;

/// Collects what a summary says of the wheels of a call, in any order, and writes it in that of the arguments.
#[derive(Debug, Default)]
pub(super) struct JobSummary {
    path: PathBuf,
    entries: Mutex<BTreeMap<usize, SummaryEntry>>,
}

impl JobSummary {
    /// The summary that goes to a file.
    ///
    /// # Errors
    ///
    /// When the file is an input or a wheel, or no file.
    pub(super) fn new<'a>(
        path: &OsString,
        inputs: impl IntoIterator<Item = &'a Path>,
    ) -> Result<Self, UsageError> {
        let path = PathBuf::from(path);
        let hint = "name another file: `--summary summary.md`";
        if path.is_dir() {
            let usage = UsageError::from(format!("`--summary {}` is a directory", path.display()));
            return Err(usage.with_hint(hint));
        }
        match replaced(&path, inputs) {
            Some(what) => {
                Err(UsageError::from(format!("`--summary {}` names {what}", path.display())).with_hint(hint))
            }
            None => Ok(Self { path, entries: Mutex::default() }),
        }
    }

    /// Changes what is said of the wheel of this number.
    pub(super) fn update(&self, number: usize, change: impl FnOnce(&mut SummaryEntry)) {
        change(self.entries.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default());
    }

    /// Appends the summary to the file.
    pub(super) fn write(self, command: &str) -> Result<(), CliError> {
        let entries: Vec<SummaryEntry> =
            self.entries.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect();
        // What earlier commands of the same step wrote counts too.
        let there = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let room = LARGEST_SUMMARY.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX));
        let text = summary_markdown(command, &entries, room);
        let append =
            || OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(text.as_bytes());
        append().map_err(|error: std::io::Error| {
            CliError::Failure(format!("cannot write `{}`: {error}", self.path.display()))
        })
    }
}
