//! A wheel as it is compared.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::linkage::Linkage;

/// Everything of a wheel that means something to an installer or a loader.
pub struct Archive {
    pub file: String,
    pub members: BTreeMap<String, Member>,
    pub directories: usize,
    /// Whether the lines of `RECORD` end with a carriage return.
    pub carriage_returns: bool,
}

pub struct Member {
    pub mode: u32,
    pub digest: Vec<u8>,
    pub linkage: Option<Linkage>,
    /// The lines of `WHEEL`.
    pub lines: Vec<String>,
}

impl Archive {
    pub fn read(path: &Path) -> Result<Self> {
        let file = path.file_name().context("no file name")?.to_string_lossy().into_owned();
        let mut archive = Self { file, members: BTreeMap::new(), directories: 0, carriage_returns: false };
        let mut zip = ZipArchive::new(File::open(path)?)?;
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index)?;
            if entry.is_dir() {
                archive.directories += 1;
                continue;
            }
            let name = entry.name()?.into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            let linkage =
                Linkage::read(&bytes).with_context(|| format!("`{name}` of `{}`", path.display()))?;
            let text = |end: &str| name.ends_with(end).then(|| String::from_utf8_lossy(&bytes).into_owned());
            archive.carriage_returns |= text(".dist-info/RECORD").is_some_and(|text| text.contains('\r'));
            let mut lines: Vec<String> = text(".dist-info/WHEEL")
                .into_iter()
                .flat_map(lines_of)
                .filter(|line| !line.is_empty())
                .collect();
            lines.sort();
            let member = Member {
                mode: entry.unix_mode().unwrap_or(0) & 0o777,
                digest: Sha256::digest(&bytes).to_vec(),
                linkage,
                lines,
            };
            archive.members.insert(name, member);
        }
        Ok(archive)
    }
}

fn lines_of(text: String) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
