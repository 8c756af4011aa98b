//! Wheels as zip archives: read as a whole, and written with a new `RECORD`.

use std::fs::File;
use std::io::{Cursor, Read as _, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// A member in memory.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    pub mode: u32,
    pub bytes: Vec<u8>,
}

/// Every member of a wheel except directories, in order.
pub fn read(wheel: &Path) -> Result<Vec<Member>> {
    let read = || -> Result<Vec<Member>> {
        let mut archive = ZipArchive::new(File::open(wheel)?)?;
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            if !entry.is_dir() {
                let (name, mode) = (entry.name()?.into_owned(), entry.unix_mode().unwrap_or(0) & 0o777);
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                members.push(Member { name, mode, bytes });
            }
        }
        Ok(members)
    };
    read().with_context(|| format!("cannot read `{}`", wheel.display()))
}

/// A wheel that is written from start to end.
pub struct Writer<Output: Write + Seek> {
    archive: ZipWriter<Output>,
    /// The metadata directory, once a member of it has been written.
    metadata: String,
    record: String,
}

/// A member that is compressed separately.
pub struct Packed {
    pub archive: Vec<u8>,
    name: String,
    row: String,
}

/// Time and mode are fixed, so that they do not depend on the machine.
fn options(mode: u32, level: i64) -> Result<SimpleFileOptions> {
    Ok(SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(DateTime::from_date_and_time(2024, 1, 1, 0, 0, 0)?)
        .unix_permissions(mode))
}

fn row(name: &str, bytes: &[u8]) -> String {
    let quoted = if name.contains(',') { format!("\"{name}\"") } else { name.to_owned() };
    format!("{quoted},sha256={},{}\n", URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)), bytes.len())
}

impl Packed {
    pub fn new(name: &str, bytes: &[u8], level: i64) -> Result<Self> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, options(0o644, level)?)?;
        archive.write_all(bytes)?;
        Ok(Self { archive: archive.finish()?.into_inner(), name: name.to_owned(), row: row(name, bytes) })
    }
}

impl<Output: Write + Seek> Writer<Output> {
    pub fn new(output: Output) -> Self {
        Self { archive: ZipWriter::new(output), metadata: String::new(), record: String::new() }
    }

    fn note(&mut self, name: &str, row: &str) {
        if let Some((directory, _)) = name.split_once('/').filter(|(top, _)| top.ends_with(".dist-info")) {
            self.metadata = directory.to_owned();
        }
        self.record.push_str(row);
    }

    pub fn add(&mut self, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.note(name, &row(name, bytes));
        self.archive.start_file(name, options(mode, 6)?)?;
        Ok(self.archive.write_all(bytes)?)
    }

    pub fn add_packed(&mut self, member: &Packed) -> Result<()> {
        self.note(&member.name, &member.row);
        let mut archive = ZipArchive::new(Cursor::new(&member.archive[..]))?;
        Ok(self.archive.raw_copy_file(archive.by_index_raw(0)?)?)
    }

    /// Writes `RECORD` and the end of the archive.
    pub fn finish(mut self) -> Result<Output> {
        let name = format!("{}/RECORD", self.metadata);
        let record = format!("{}{name},,\n", self.record);
        self.archive.start_file(name, options(0o644, 6)?)?;
        self.archive.write_all(record.as_bytes())?;
        Ok(self.archive.finish()?)
    }
}

/// Writes a wheel with these members; an existing `RECORD` is replaced.
pub fn write(wheel: &Path, members: &[Member]) -> Result<()> {
    let mut writer = Writer::new(File::create(wheel)?);
    for member in members.iter().filter(|member| !member.name.ends_with(".dist-info/RECORD")) {
        writer.add(&member.name, &member.bytes, member.mode)?;
    }
    writer.finish().with_context(|| format!("cannot write `{}`", wheel.display()))?;
    Ok(())
}
