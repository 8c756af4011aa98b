//! What a repair did.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Error;
use crate::wheel::{Sha256Digest, Wheel, WheelPath, Written};

use super::error::RepairError;
use super::graft::Graft;
use super::plan::Plan;

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RepairResult {
    /// The wheel that was written.
    pub path: PathBuf,
    /// How it came about.
    pub outcome: Outcome,
    /// Size of the input in bytes.
    pub input_size: u64,
    /// Size of the result in bytes.
    pub output_size: u64,
    /// What was grafted, and what it costs, by member name.
    pub grafts: Vec<GraftedLibrary>,
}

/// How a result came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was nothing to do: the result is the input, byte for byte.
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
    /// The path it was taken from.
    pub source: String,
    /// Its size as found, in bytes.
    pub source_size: u64,
    /// Its size in the wheel, inflated, in bytes.
    pub size: u64,
    /// Its hash in the wheel.
    pub sha256: Sha256Digest,
}

impl RepairResult {
    /// For a file that lies at `path`: what was written, or `None` for a copy.
    pub(super) fn of(
        path: PathBuf,
        wheel: &Wheel,
        plan: &Plan,
        written: Option<&[Written]>,
    ) -> Result<Self, RepairError> {
        let outcome = if written.is_some() { Outcome::Repaired } else { Outcome::Copied };
        let output_size = if written.is_some() { file_size(&path)? } else { wheel.size() };
        let grafts = match written {
            Some(written) => plan.grafts.iter().filter_map(|graft| grafted(graft, written)).collect(),
            None => Vec::new(),
        };
        Ok(Self { path, outcome, input_size: wheel.size(), output_size, grafts })
    }
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

fn file_size(path: &Path) -> Result<u64, RepairError> {
    std::fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|source| Error::io("read", path, source).into())
}
