//! One pass over all members.

use rayon::prelude::*;

use crate::observer::Event;

use super::error::{Mismatch, WheelError};
use super::member::Member;
use super::reader::Wheel;
use crate::wheel::metadata::digest::Sha256Digest;
use crate::wheel::metadata::path::WheelPath;

/// What a pass over a wheel found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<T> {
    /// The files in archive order.
    pub files: Vec<Scanned<T>>,
    /// Files that `RECORD` does not list, in archive order. Installers install them all the same.
    pub unlisted: Vec<WheelPath>,
}

/// What a pass found out about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned<T> {
    /// The file.
    pub path: WheelPath,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// What the caller made of its bytes.
    pub value: T,
}

impl Wheel {
    /// Reads every file once, on all threads, and hands its bytes to `look`. Sizes and CRCs are held
    /// against the archive's directory, sizes and hashes against `RECORD` (PEP 427, PEP 376).
    ///
    /// No more than [`crate::Limits::in_flight`] bytes are inflated at once. The order in which `look` is
    /// called is not defined; the results are in archive order.
    ///
    /// # Errors
    ///
    /// The first error in archive order: a damaged file, or one that differs from its row in `RECORD`;
    /// then rows without a file, in the order of `RECORD`.
    pub fn scan<T, F>(&self, look: F) -> Result<Scan<T>, WheelError>
    where
        T: Send,
        F: Fn(&Member, &[u8]) -> T + Sync,
    {
        let members: Vec<&Member> = self.members().iter().filter(|member| !member.is_dir).collect();
        let record = self.metadata_path("RECORD")?;
        let mut files = Vec::with_capacity(members.len());
        let bytes = members.iter().map(|member| member.size).fold(0, u64::saturating_add);
        self.tell(Event::Reading { files: members.len(), bytes });
        let costs = members.iter().map(|member| member.size.saturating_add(member.compressed_size));
        for wave in self.limits().waves(costs) {
            let wave = members.get(wave).unwrap_or_default();
            let results: Vec<Result<Scanned<T>, WheelError>> = wave
                .par_iter()
                .with_max_len(1)
                .map(|member| {
                    let (bytes, sha256) = self.read_hashed(member)?;
                    self.check_row(&record, member, &bytes, &sha256)?;
                    let value = look(member, &bytes);
                    self.keep(member, bytes);
                    self.tell(Event::Read { bytes: member.size });
                    Ok(Scanned { path: member.path.clone(), sha256, value })
                })
                .collect();
            for result in results {
                files.push(result?);
            }
        }
        self.check_absent(&record)?;
        let unlisted = members
            .iter()
            .filter(|member| {
                self.record().get(member.path.as_str()).is_none() && !self.is_signature(&member.path)
            })
            .map(|member| member.path.clone())
            .collect();
        Ok(Scan { files, unlisted })
    }

    /// Holds every file against `RECORD`: [`Wheel::scan`] without looking at the bytes. Returns the files
    /// that `RECORD` does not list.
    ///
    /// # Errors
    ///
    /// As [`Wheel::scan`].
    pub fn check_record(&self) -> Result<Vec<WheelPath>, WheelError> {
        self.scan(|_, _| ()).map(|scan| scan.unlisted)
    }

    /// Whether a member is `RECORD` or one of its signatures, which no longer fit a changed wheel.
    #[must_use]
    pub fn is_record_or_signature(&self, path: &WheelPath) -> bool {
        self.is_signature(path) || self.is_in_dist_info(path, &["RECORD"])
    }

    /// PEP 427: the signatures cannot be listed by the file that they sign.
    fn is_signature(&self, path: &WheelPath) -> bool {
        self.is_in_dist_info(path, &["RECORD.jws", "RECORD.p7s"])
    }

    fn is_in_dist_info(&self, path: &WheelPath, names: &[&str]) -> bool {
        path.parent().as_ref() == Some(self.dist_info()) && names.contains(&path.file_name())
    }

    fn check_row(
        &self,
        record: &WheelPath,
        member: &Member,
        bytes: &[u8],
        sha256: &Sha256Digest,
    ) -> Result<(), WheelError> {
        let Some(row) = self.record().get(member.path.as_str()) else {
            return Ok(());
        };
        let mismatch = match (&row.hash, row.size) {
            (_, Some(listed)) if listed != member.size => Mismatch::Size { listed, found: member.size },
            (Some(hash), _) if !hash.matches(bytes, sha256) => Mismatch::Hash,
            _ => return Ok(()),
        };
        let (member, record) = (member.path.clone(), record.clone());
        Err(WheelError::Mismatch { member, record, line: row.line, mismatch })
    }

    fn check_absent(&self, record: &WheelPath) -> Result<(), WheelError> {
        let is_there = |path: &WheelPath| self.member(path.as_str()).is_some_and(|member| !member.is_dir);
        match self.record().rows().iter().find(|row| !is_there(&row.path) && !self.is_signature(&row.path)) {
            None => Ok(()),
            Some(row) => Err(WheelError::Mismatch {
                member: row.path.clone(),
                record: record.clone(),
                line: row.line,
                mismatch: Mismatch::Absent,
            }),
        }
    }
}
