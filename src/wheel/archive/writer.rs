//! Writing a wheel.

use std::collections::BTreeMap;
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{ZipArchive, ZipWriter};

use crate::deflate::{self, Difference};
use crate::observer::Event;

use super::buffered::Buffered;
use super::error::WheelError;
use super::in_order::in_order;
use super::member::{Member, Method};
use super::output::{Output, WrittenFile};
use super::packed::Packed;
use super::plan::{Content, Entry, NewFile};
use super::reader::Wheel;
use super::single::Single;
use super::source::Source;
use super::time::DosTime;
use super::tree::{Places, check_tree};
use super::write_behind::WriteBehind;
use crate::escaped::Escaped;
use crate::wheel::metadata::digest::Sha256Digest;
use crate::wheel::metadata::path::WheelPath;
use crate::wheel::metadata::record::{Record, RecordRow};

/// Writes a new wheel from the members of another one and from new files.
///
/// The archive follows the rules that PyPI and installers check: no data descriptors, comments, extra fields
/// or duplicates, stored or deflated members only, the `*.dist-info` directory last and `RECORD` at its end
/// (PEP 427). Its bytes depend only on the source, the entries and the settings.
#[derive(Debug)]
pub struct WheelWriter<'a> {
    source: &'a Wheel,
    hashes: BTreeMap<WheelPath, Sha256Digest>,
    level: u32,
    modified: DosTime,
}

/// A member of the written wheel, as listed in its `RECORD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub path: WheelPath,
    /// Its SHA-256.
    pub sha256: Sha256Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A compressed file that waits for its turn.
struct Prepared {
    packed: Arc<Packed>,
    mode: u32,
    modified: DosTime,
    written: Written,
}

impl Prepared {
    fn new(path: &WheelPath, packed: Arc<Packed>, mode: u32, modified: DosTime) -> Self {
        let written = Written { path: path.clone(), sha256: packed.sha256, size: packed.size };
        Self { packed, mode, modified, written }
    }

    fn add<W: Write + Seek>(&self, zip: &mut ZipWriter<W>) -> Result<(), Failure> {
        /// The mode of a regular file (`stat`); Unix mode is in the upper half of the attributes.
        const REGULAR: u32 = 0o100_000;
        /// Version 2.0, Unix (APPNOTE 4.4.2).
        const MADE_BY: [u8; 2] = [20, 3];
        let single = Single {
            name: self.written.path.as_str().as_bytes(),
            method: self.packed.method,
            modified: self.modified,
            crc32: self.packed.crc32,
            size: self.packed.size,
            made_by: MADE_BY,
            attributes: (REGULAR | (self.mode & 0o7777)) << 16,
        };
        add(zip, &single, &self.packed.compressed)
    }
}

impl<'a> WheelWriter<'a> {
    /// A writer for a wheel with members of `source`. `RECORD` gets the time `modified`.
    #[must_use]
    pub fn new(source: &'a Wheel, modified: DosTime) -> Self {
        /// The default of zlib, Python's `zipfile` and auditwheel.
        const LEVEL: u32 = 6;
        Self { source, hashes: BTreeMap::new(), level: LEVEL, modified }
    }

    /// The compression level for new files: 0 stores them, 9 is the slowest. Levels above 9 count as 9.
    #[must_use]
    pub fn level(mut self, level: u32) -> Self {
        self.level = level.min(9);
        self
    }

    /// Known hashes of kept members, from [`Wheel::scan`]. Members without one are read again.
    #[must_use]
    pub fn hashes(mut self, hashes: impl IntoIterator<Item = (WheelPath, Sha256Digest)>) -> Self {
        self.hashes.extend(hashes);
        self
    }

    /// Writes the wheel to `output`, which may be the source itself. The file appears complete or not at all.
    ///
    /// Members are written in the order of `entries`, those of the `*.dist-info` directory last. `RECORD` is
    /// written anew; it and its signatures are ignored in `entries`. New files are made and compressed on all
    /// threads, as many at a time as [`crate::Limits::in_flight`] allows.
    ///
    /// # Errors
    ///
    /// If an entry names a member that the source does not have, if names collide, if the content of a file
    /// cannot be made, if the source has changed since it was opened, or if the output cannot be written.
    pub fn write(
        &self,
        entries: Vec<Entry<'_>>,
        output: &Path,
    ) -> Result<(WrittenFile, Vec<Written>), WheelError> {
        let (file, written) = self.make_in(Output::create, entries, output)?;
        Ok((file.finish()?, written))
    }

    /// The result that [`WheelWriter::write`] would give, if the file at `path` already has exactly these
    /// bytes. A temporary file is written for the comparison and removed.
    ///
    /// # Errors
    ///
    /// Like [`WheelWriter::write`], and if the file at `path` cannot be read.
    pub fn compare(
        &self,
        entries: Vec<Entry<'_>>,
        path: &Path,
    ) -> Result<Option<(WrittenFile, Vec<Written>)>, WheelError> {
        let (file, written) = self.make_in(Output::beside, entries, path)?;
        Ok(file.already_there()?.map(|there| (there, written)))
    }

    fn make_in(
        &self,
        create: impl FnOnce(&Path) -> Result<Output, WheelError>,
        entries: Vec<Entry<'_>>,
        output: &Path,
    ) -> Result<(Output, Vec<Written>), WheelError> {
        let entries = self.in_order(entries);
        let record = self.source.metadata_path("RECORD")?;
        let is_dir = |entry: &Entry<'_>| match entry {
            Entry::Keep(path) => self.source.member(path.as_str()).is_some_and(|member| member.is_dir),
            Entry::Write(_) => false,
        };
        let names = entries.iter().map(|entry| (entry.path(), is_dir(entry)));
        let names = names.chain([(&record, false)]);
        check_tree(names.clone())?;
        let files = names.filter(|(_, is_dir)| !is_dir).map(|(path, _)| path);
        Places::of(files, self.source.data_dir())?;

        let file = create(output)?;
        let written = self.write_to(&entries, &record, WriteBehind::new(file.file()));
        // Checked first, because in a changed source everything may look damaged.
        self.source.check_unchanged()?;
        let written = written.map_err(|error| failed(error, output))?;
        Ok((file, written))
    }

    /// Writes the archive to any seekable output: [`WheelWriter::write`] without the file.
    fn write_to(
        &self,
        entries: &[Entry<'_>],
        record: &WheelPath,
        output: impl Write + Seek + Send,
    ) -> Result<Vec<Written>, Failure> {
        let mut zip = ZipWriter::new(Buffered::new(output));
        let mut written = Vec::with_capacity(entries.len());
        let costs = entries.iter().map(|entry| self.cost(entry));
        let bytes = costs.clone().fold(0, u64::saturating_add);
        self.source.notify(Event::Writing { files: entries.len(), bytes });
        let mut archive = self.source.archive();
        for wave in self.source.limits().waves(costs) {
            self.write_wave(entries, wave, &mut archive, &mut zip, &mut written)?;
        }
        let mut rows = Record::default();
        for file in &written {
            rows.push(RecordRow::new(file.path.clone(), file.sha256, file.size));
        }
        let packed = Packed::new(rows.to_bytes(record), self.level);
        Prepared::new(record, packed.into(), 0o644, self.modified).add(&mut zip)?;
        let mut output = zip.finish()?;
        output.flush().map_err(ZipError::from)?;
        Ok(written)
    }

    /// Puts the `*.dist-info` directory last (PEP 427, "Recommended archiver features") and removes members
    /// that are written anew.
    fn in_order<'e>(&self, entries: Vec<Entry<'e>>) -> Vec<Entry<'e>> {
        let dist_info = self.source.dist_info().as_str();
        let kept = entries.into_iter().filter(|entry| !self.source.is_record_or_signature(entry.path()));
        let (mut first, last): (Vec<_>, Vec<_>) = kept.partition(|entry| entry.path().top() != dist_info);
        first.extend(last);
        first
    }

    fn cost(&self, entry: &Entry<'_>) -> u64 {
        match entry {
            Entry::Write(file) => file.content.cost(),
            Entry::Keep(path) => match self.source.member(path.as_str()) {
                // Its bytes, and the deflated bytes.
                Some(member) if self.deflates(member) => member.size.saturating_mul(2),
                Some(member) if !self.hashes.contains_key(path) => member.size,
                _ => 0,
            },
        }
    }

    /// Whether a kept member is deflated if that makes it smaller: an uncompressed one. Deflated members are
    /// copied, however well they were compressed.
    fn deflates(&self, member: &Member) -> bool {
        member.method == Method::Stored && !member.is_dir && self.level > 0
    }

    /// Compresses new files in parallel, and adds every member as soon as all before it are written.
    fn write_wave<W: Write + Seek + Send>(
        &self,
        entries: &[Entry<'_>],
        wave: Range<usize>,
        archive: &mut ZipArchive<Source>,
        zip: &mut ZipWriter<W>,
        written: &mut Vec<Written>,
    ) -> Result<(), Failure> {
        enum Ready<'m> {
            File(Prepared),
            Directory(&'m Member),
            Member(&'m Member, Written),
            Deflated(&'m Member, Packed),
        }
        let wave = entries.get(wave).unwrap_or_default();
        let make = |entry: &Entry<'_>| -> Result<Ready<'_>, Failure> {
            let ready = match entry {
                Entry::Write(file) => self.make(file).map(Ready::File)?,
                Entry::Keep(path) => {
                    let member = self.source.member(path.as_str());
                    let member = member.ok_or_else(|| WheelError::NoMember(path.as_str().to_owned()))?;
                    if member.is_dir {
                        return Ok(Ready::Directory(member));
                    }
                    if let Some(packed) = self.smaller(member)? {
                        self.source.notify(Event::Wrote { bytes: self.cost(entry) });
                        return Ok(Ready::Deflated(member, packed));
                    }
                    let sha256 = self.hash_of(member)?;
                    let written = Written { path: path.clone(), sha256, size: member.size };
                    Ready::Member(member, written)
                }
            };
            self.source.notify(Event::Wrote { bytes: self.cost(entry) });
            Ok(ready)
        };
        in_order(wave, make, |ready| {
            match ready? {
                Ready::Directory(member) => copy(archive, member, zip)?,
                Ready::Member(member, file) => {
                    copy(archive, member, zip)?;
                    written.push(file);
                }
                Ready::Deflated(member, packed) => {
                    let raw = archive.by_index_raw(member.index)?;
                    let name = raw.name_raw().to_vec();
                    let single = Single { method: packed.method, ..single(&name, member, &raw) };
                    drop(raw);
                    add(zip, &single, &packed.compressed)?;
                    let (path, sha256) = (member.path.clone(), packed.sha256);
                    written.push(Written { path, sha256, size: packed.size });
                }
                Ready::File(prepared) => {
                    prepared.add(zip)?;
                    written.push(prepared.written);
                }
            }
            Ok(())
        })
    }

    /// An uncompressed kept member, deflated, if that is smaller.
    fn smaller(&self, member: &Member) -> Result<Option<Packed>, WheelError> {
        if !self.deflates(member) {
            return Ok(None);
        }
        let packed = Packed::new(self.source.read_member(member)?, self.level);
        Ok((packed.compressed_size() < member.size).then_some(packed))
    }

    fn hash_of(&self, member: &Member) -> Result<Sha256Digest, WheelError> {
        match self.hashes.get(&member.path) {
            Some(hash) => Ok(*hash),
            None => self.source.read_hashed(member).map(|(_, sha256)| sha256),
        }
    }

    fn make(&self, file: &NewFile<'_>) -> Result<Prepared, Failure> {
        let failed = |source| WheelError::Content { member: file.path.clone(), source };
        let packed = match &file.content {
            Content::Bytes(bytes) => Packed::new(bytes.clone(), self.level).into(),
            Content::Make { make, .. } => Packed::new(make().map_err(failed)?, self.level).into(),
            Content::Edit { member, edit, .. } => {
                let member = self.source.file(member)?;
                self.edit(member, |bytes| edit(bytes).map_err(failed))?.into()
            }
            Content::Packed { pack, .. } => pack().map_err(failed)?,
        };
        Ok(Prepared::new(&file.path, packed, file.mode, file.modified))
    }

    /// Edits a member, and reuses its compressed data as far as possible.
    fn edit(
        &self,
        member: &Member,
        edit: impl Fn(&[u8]) -> Result<Vec<u8>, WheelError>,
    ) -> Result<Packed, WheelError> {
        /// From this level on, the user wants the smallest result and not the fastest.
        const SMALLEST: u32 = 7;
        let old = match self.source.take_kept(member) {
            Some(kept) => kept,
            None => self.source.read_member(member)?,
        };
        let bytes = edit(&old)?;
        if member.method == Method::Stored || self.level == 0 || self.level >= SMALLEST {
            drop(old);
            return Ok(Packed::new(bytes, self.level));
        }
        let packed = Packed::deflated(&bytes, || {
            let mut spare = old;
            let spliced = match Difference::between(&spare, &bytes) {
                None => None,
                // The stream is read (again) only now, into the buffer of the old bytes: old bytes, new bytes
                // and stream are never all in memory.
                Some(difference) => {
                    self.source.compressed_into(member, &mut spare)?;
                    deflate::splice(&spare, &difference, &bytes, self.level)
                }
            };
            drop(spare);
            Ok(spliced.unwrap_or_else(|| deflate::compress(&bytes, self.level)))
        });
        // Freeing so many pages takes time.
        rayon::spawn(move || drop(bytes));
        packed
    }
}

/// Copies the compressed data of a member.
fn copy<W: Write + Seek>(
    archive: &mut ZipArchive<Source>,
    member: &Member,
    zip: &mut ZipWriter<W>,
) -> Result<(), Failure> {
    let raw = archive.by_index_raw(member.index)?;
    if !member.decorated {
        zip.raw_copy_file(raw)?;
        return Ok(());
    }
    let mut raw = raw;
    let name = raw.name_raw().to_vec();
    let single = single(&name, member, &raw);
    let mut compressed = Vec::new();
    raw.read_to_end(&mut compressed).map_err(ZipError::from)?;
    add(zip, &single, &compressed)
}

/// The fields of a member in its original archive.
fn single<'n, R: Read>(name: &'n [u8], member: &Member, raw: &ZipFile<'_, R>) -> Single<'n> {
    let (version, _) = raw.version_made_by();
    Single {
        name,
        method: member.method,
        modified: member.modified,
        crc32: member.crc32,
        size: member.size,
        made_by: [version, u8::from(raw.system())],
        attributes: raw.external_attributes(),
    }
}

/// Adds a compressed member.
fn add<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    single: &Single<'_>,
    compressed: &[u8],
) -> Result<(), Failure> {
    let mut archive = ZipArchive::new(single.archive(compressed)?)?;
    zip.raw_copy_file(archive.by_index_raw(0)?)?;
    Ok(())
}

/// Why writing stopped, before the path is known.
enum Failure {
    Wheel(WheelError),
    Zip(ZipError),
}

impl From<WheelError> for Failure {
    fn from(error: WheelError) -> Self {
        Self::Wheel(error)
    }
}

impl From<ZipError> for Failure {
    fn from(error: ZipError) -> Self {
        Self::Zip(error)
    }
}

fn failed(failure: Failure, output: &Path) -> WheelError {
    match failure {
        Failure::Wheel(error) => error,
        Failure::Zip(ZipError::Io(error)) => WheelError::io(output, "write")(error),
        Failure::Zip(error) => {
            WheelError::Write { path: output.to_owned(), reason: Escaped(&error.to_string()).to_string() }
        }
    }
}
