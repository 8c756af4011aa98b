//! One pass over all members.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::observer::Event;

use super::error::{Mismatch, WheelError};
use super::member::Member;
use super::reader::Wheel;
use crate::wheel::metadata::digest::Sha256Digest;
use crate::wheel::metadata::path::WheelPath;
use crate::wheel::metadata::record::RecordRow;

/// The result of one pass over a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<T> {
    /// The files in archive order.
    pub files: Vec<Scanned<T>>,
    /// Files that `RECORD` does not list, in archive order. Installers install them nevertheless.
    pub unlisted: Vec<WheelPath>,
    /// Rows of `RECORD` that do not match the wheel: those of files in archive order, then those without a
    /// file.
    pub mismatches: Vec<RowMismatch>,
}

/// A row of `RECORD` that does not match the wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowMismatch {
    /// The member that the row names.
    pub member: WheelPath,
    /// The line of the row.
    pub line: usize,
    /// What differs.
    pub mismatch: Mismatch,
}

/// The result of the pass for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned<T> {
    /// The file.
    pub path: WheelPath,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// The result of the caller's function for its bytes.
    pub value: T,
}

impl Wheel {
    /// Reads every file once, on all threads, and passes its bytes to `look`. Sizes and CRCs are checked
    /// against the archive's directory; differences from `RECORD` (PEP 427, PEP 376) are part of the result.
    ///
    /// At most [`crate::Limits::in_flight`] bytes are inflated at once. `look` is called in no particular
    /// order; the results are in archive order.
    ///
    /// # Errors
    ///
    /// If a file is damaged: the error is that of the first such file in archive order.
    pub fn scan<T, F>(&self, look: F) -> Result<Scan<T>, WheelError>
    where
        T: Send,
        F: Fn(&Member, &[u8]) -> T + Sync,
    {
        let members: Vec<&Member> = self.members().iter().filter(|member| !member.is_dir).collect();
        let mut rows: HashMap<&str, Vec<&RecordRow>> = HashMap::new();
        for row in self.record().rows() {
            rows.entry(row.path.as_str()).or_default().push(row);
        }
        let mut mismatches = Vec::new();
        let mut files = Vec::with_capacity(members.len());
        let bytes = members.iter().map(|member| member.size).fold(0, u64::saturating_add);
        self.notify(Event::Reading { files: members.len(), bytes });
        let costs = members.iter().map(|member| member.size.saturating_add(member.compressed_size));
        for wave in self.limits().waves(costs) {
            let wave = members.get(wave).unwrap_or_default();
            let results: Vec<Result<_, WheelError>> = wave
                .par_iter()
                .with_max_len(1)
                .map(|member| {
                    let (bytes, sha256) = self.read_hashed(member)?;
                    let rows = rows.get(member.path.as_str()).into_iter().flatten();
                    let wrong = rows.filter_map(|row| mismatch(row, &bytes, &sha256)).collect::<Vec<_>>();
                    let value = look(member, &bytes);
                    self.keep(member, bytes);
                    self.notify(Event::Read { bytes: member.size });
                    Ok((Scanned { path: member.path.clone(), sha256, value }, wrong))
                })
                .collect();
            for result in results {
                let (file, wrong) = result?;
                files.push(file);
                mismatches.extend(wrong);
            }
        }
        mismatches.extend(self.rows_without_file());
        let unlisted = members
            .iter()
            .filter(|member| !rows.contains_key(member.path.as_str()) && !self.is_signature(&member.path))
            .map(|member| member.path.clone())
            .collect();
        Ok(Scan { files, unlisted, mismatches })
    }

    /// Checks every file against `RECORD`: [`Wheel::scan`] without a function for the bytes. Returns the
    /// files that `RECORD` does not list.
    ///
    /// # Errors
    ///
    /// Like [`Wheel::scan`]; and for the first row that cannot be read, or that does not match the wheel.
    pub fn check_record(&self) -> Result<Vec<WheelPath>, WheelError> {
        let scan = self.scan(|_, _| ())?;
        let record = self.metadata_path("RECORD")?;
        if let Some(fault) = self.record().unreadable().first.first() {
            return Err(WheelError::Record { member: record, source: fault.clone() });
        }
        match scan.mismatches.into_iter().next() {
            None => Ok(scan.unlisted),
            Some(RowMismatch { member, line, mismatch }) => {
                Err(WheelError::Mismatch { member, record, line, mismatch })
            }
        }
    }

    /// Whether a member is `RECORD` or one of its signatures, which become invalid when a wheel is changed.
    #[must_use]
    pub fn is_record_or_signature(&self, path: &WheelPath) -> bool {
        self.is_signature(path) || self.is_in_dist_info(path, &["RECORD"])
    }

    /// PEP 427: `RECORD` cannot list the signatures that sign it.
    fn is_signature(&self, path: &WheelPath) -> bool {
        self.is_in_dist_info(path, &["RECORD.jws", "RECORD.p7s"])
    }

    fn is_in_dist_info(&self, path: &WheelPath, names: &[&str]) -> bool {
        path.parent().as_ref() == Some(self.dist_info()) && names.contains(&path.file_name())
    }

    /// The rows without a file in the wheel.
    fn rows_without_file(&self) -> Vec<RowMismatch> {
        let is_there = |path: &WheelPath| self.member(path.as_str()).is_some_and(|member| !member.is_dir);
        let rows = self.record().rows().iter();
        let missing: Vec<&RecordRow> =
            rows.filter(|row| !is_there(&row.path) && !self.is_signature(&row.path)).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let directories = self.directories();
        let mismatch = |row: &RecordRow| match directories.contains(row.path.as_str()) {
            true => Mismatch::Directory,
            false => Mismatch::Absent,
        };
        let found = missing.into_iter().map(|row| RowMismatch {
            member: row.path.clone(),
            line: row.line,
            mismatch: mismatch(row),
        });
        found.collect()
    }

    /// The directories among the members, and those that contain members.
    fn directories(&self) -> HashSet<&str> {
        let mut directories = HashSet::new();
        for member in self.members() {
            let path = member.path.as_str();
            let mut next =
                if member.is_dir { Some(path) } else { path.rsplit_once('/').map(|(parent, _)| parent) };
            while let Some(directory) = next.filter(|directory| directories.insert(*directory)) {
                next = directory.rsplit_once('/').map(|(parent, _)| parent);
            }
        }
        directories
    }
}

/// How a row differs from its file.
fn mismatch(row: &RecordRow, bytes: &[u8], sha256: &Sha256Digest) -> Option<RowMismatch> {
    let found = bytes.len() as u64;
    let mismatch = match (&row.hash, row.size) {
        (_, Some(listed)) if listed != found => Mismatch::Size { listed, found },
        (Some(hash), _) if !hash.matches(bytes, sha256) => Mismatch::Hash,
        _ => return None,
    };
    Some(RowMismatch { member: row.path.clone(), line: row.line, mismatch })
}
