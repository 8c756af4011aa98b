//! The result of a repair.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::wheel::{Sha256Digest, Wheel, WheelPath, Written, WrittenFile};

use super::graft::Graft;
use super::plan::Plan;

/// The result of a repair.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RepairResult {
    /// The path of the written wheel. If it is not UTF-8, JSON documents have U+FFFD in place of invalid
    /// bytes.
    #[serde(serialize_with = "path_text")]
    pub path: PathBuf,
    /// How the result was made.
    pub outcome: Outcome,
    /// Size of the input in bytes.
    pub input_size: u64,
    /// Size of the result in bytes.
    pub output_size: u64,
    /// Hash of the result.
    pub sha256: Sha256Digest,
    /// The grafts, with their sizes, by member name.
    pub grafts: Vec<GraftedLibrary>,
}

/// How a result was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing had to be changed: the result is an exact copy of the input.
    Copied,
    /// The wheel was repaired.
    Repaired,
}

/// One graft in the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraftedLibrary {
    /// Its name in the wheel.
    pub member: WheelPath,
    /// The original path of the library.
    pub source: String,
    /// Its original size in bytes.
    pub source_size: u64,
    /// Its size in the wheel, uncompressed, in bytes.
    pub size: u64,
    /// Its hash in the wheel.
    pub sha256: Sha256Digest,
}

impl RepairResult {
    /// The result for a file at `path`: `written` for a repaired wheel, or `None` for a copy.
    pub(super) fn of(
        path: PathBuf,
        wheel: &Wheel,
        plan: &Plan,
        file: WrittenFile,
        written: Option<&[Written]>,
    ) -> Self {
        let outcome = if written.is_some() { Outcome::Repaired } else { Outcome::Copied };
        let grafts = match written {
            Some(written) => plan.grafts.iter().filter_map(|graft| grafted(graft, written)).collect(),
            None => Vec::new(),
        };
        let WrittenFile { size: output_size, sha256 } = file;
        Self { path, outcome, input_size: wheel.size(), output_size, sha256, grafts }
    }
}

fn path_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

fn grafted(graft: &Graft, written: &[Written]) -> Option<GraftedLibrary> {
    let file = written.iter().find(|file| file.path == graft.member)?;
    Some(GraftedLibrary {
        member: graft.member.clone(),
        source: graft.source.clone(),
        source_size: graft.size,
        size: file.size,
        sha256: file.sha256,
    })
}
