//! Opening a wheel.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;

use super::directory::{check_limit, damaged_zip, read_members, starts_like_a_zip};
use super::end_record::{self, EndRule, NoEndRecord};
use super::error::{MemberRule, WheelError};
use super::member::{Member, Method};
use super::source::Source;
use super::time::DosTime;
use super::tree::Places;
use crate::elf::is_elf;
use crate::escaped::Escaped;
use crate::limits::Limits;
use crate::observer::{Event, Observer};
use crate::wheel::layout::{InstallLocation, NoPlace};
use crate::wheel::metadata::core_metadata::Metadata;
use crate::wheel::metadata::entry_points::EntryPoints;
use crate::wheel::metadata::filename::{FilenameRule, InvalidWheelFilename, WheelFilename};
use crate::wheel::metadata::info::WheelInfo;
use crate::wheel::metadata::info_json::WheelInfoJson;
use crate::wheel::metadata::path::WheelPath;
use crate::wheel::metadata::project_name::normalized_name;
use crate::wheel::metadata::record::Record;

/// A wheel that was opened and checked, but not unpacked. Several threads can read its members at once.
///
/// A wheel that installers would read in different ways is refused when it is opened: see
/// [`crate::wheel::MemberRule`]. [`Wheel::scan`] compares the members with `RECORD`.
///
/// ```no_run
/// use muslrepair::{Limits, wheel::Wheel};
/// let wheel = Wheel::open("demo-1.0-cp312-cp312-linux_x86_64.whl".as_ref(), &Limits::default())?;
/// for member in wheel.members() {
///     println!("{} {}", member.size, member.path);
/// }
/// # Ok::<(), muslrepair::wheel::WheelError>(())
/// ```
#[derive(Debug)]
pub struct Wheel {
    path: PathBuf,
    filename: WheelFilename,
    archive: ZipArchive<Source>,
    members: Vec<Member>,
    by_path: HashMap<WheelPath, usize>,
    dist_info: WheelPath,
    data_dir: String,
    info: WheelInfo,
    info_json: Option<WheelInfoJson>,
    metadata: Metadata,
    record: Record,
    entry_points: EntryPoints,
    places: Places,
    limits: Limits,
    observer: Option<Arc<dyn Observer>>,
    /// The index of the member whose bytes are kept after reading, and the bytes.
    keeps: Option<usize>,
    kept: Mutex<Option<Vec<u8>>>,
}

impl Wheel {
    /// Opens a wheel and checks everything that can be checked without inflating members.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not named like a wheel (PEP 427), is not a valid zip archive, has a
    /// member that breaks a [`crate::wheel::MemberRule`], exceeds the limits, or lacks what PEP 427 requires:
    /// one `*.dist-info` directory that matches the file name, with `WHEEL`, `METADATA` and `RECORD`. The
    /// rows of `RECORD` are not checked.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, WheelError> {
        let filename = filename_of(path)?;
        // Checked before opening, because opening a pipe would wait for its other end.
        let metadata = fs::metadata(path).map_err(WheelError::io(path, "open"))?;
        if !metadata.is_file() {
            return Err(WheelError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(WheelError::io(path, "open"))?;
        let source = Source::file(file).map_err(WheelError::io(path, "read"))?;
        Self::from_source(path.to_owned(), filename, source, limits)
    }

    /// Opens a wheel in memory. Its [`Wheel::path`] is the bare file name.
    ///
    /// # Errors
    ///
    /// Like [`Wheel::open`].
    pub fn from_bytes(
        filename: WheelFilename,
        bytes: impl Into<Arc<[u8]>>,
        limits: &Limits,
    ) -> Result<Self, WheelError> {
        let path = PathBuf::from(filename.to_string());
        Self::from_source(path, filename, Source::memory(bytes.into()), limits)
    }

    fn from_source(
        path: PathBuf,
        filename: WheelFilename,
        source: Source,
        limits: &Limits,
    ) -> Result<Self, WheelError> {
        let end = end_record::find(&source).map_err(|error| match error {
            NoEndRecord::Io(source) => WheelError::Io { path: path.clone(), action: "read", source },
            NoEndRecord::Rule(EndRule::Missing) if starts_like_a_zip(&source) => WheelError::Truncated,
            NoEndRecord::Rule(EndRule::Missing) => WheelError::NotAZip,
            NoEndRecord::Rule(rule) => WheelError::DamagedZip(rule.to_string()),
        })?;
        check_limit("members", "members", end.entries, limits.members)?;
        // The directory's offset is known, so the crate need not search for it.
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut archive = ZipArchive::with_config(config, source.clone()).map_err(|error| match error {
            ZipError::Io(source) if source.raw_os_error().is_some() => {
                WheelError::Io { path: path.clone(), action: "read", source }
            }
            other => damaged_zip(&other),
        })?;
        let members = read_members(&mut archive, &source, end, limits, &path)?;
        let dist_info = dist_info_of(&members, &filename)?;
        check_variant(&members, &dist_info, &filename)?;
        let data_dir = data_dir_of(&members, &dist_info)?;
        let files = members.iter().filter(|member| !member.is_dir).map(|member| &member.path);
        let places = Places::of(files, &data_dir)?;
        let by_path = members.iter().enumerate().map(|(i, member)| (member.path.clone(), i)).collect();
        let mut wheel = Self {
            path,
            filename,
            archive,
            members,
            by_path,
            dist_info,
            data_dir,
            info: WheelInfo::default(),
            info_json: None,
            metadata: Metadata::default(),
            record: Record::default(),
            entry_points: EntryPoints::default(),
            places,
            limits: *limits,
            observer: None,
            keeps: None,
            kept: Mutex::new(None),
        };
        let (member, bytes) = wheel.metadata_file("WHEEL")?;
        wheel.info = WheelInfo::parse(&bytes).map_err(|source| WheelError::Info { member, source })?;
        check_tags(&wheel)?;
        let member = wheel.metadata_path(WheelInfoJson::NAME)?;
        if wheel.member(member.as_str()).is_some() {
            let (member, bytes) = wheel.metadata_file(WheelInfoJson::NAME)?;
            let json = WheelInfoJson::parse(&bytes);
            wheel.info_json = Some(json.map_err(|source| WheelError::InfoJson { member, source })?);
        }
        let (member, bytes) = wheel.metadata_file("METADATA")?;
        wheel.metadata = Metadata::parse(&bytes).map_err(|source| WheelError::Metadata { member, source })?;
        wheel.record = Record::read(&wheel.metadata_file("RECORD")?.1);
        if wheel.file(&wheel.metadata_path("entry_points.txt")?).is_ok() {
            wheel.entry_points = EntryPoints::read(&wheel.metadata_file("entry_points.txt")?.1);
        }
        Ok(wheel)
    }

    /// The path of the wheel.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The parsed file name.
    #[must_use]
    pub fn filename(&self) -> &WheelFilename {
        &self.filename
    }

    /// Sends the events of this wheel to an observer from now on.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Keeps the bytes of the largest member between [`Wheel::scan`] and
    /// [`crate::wheel::WheelWriter::write`], if it is an ELF file and editing it fits into
    /// [`Limits::in_flight`], so that an edit need not inflate it again.
    #[must_use]
    pub fn keeping_largest(mut self) -> Self {
        /// The memory for editing, as a multiple of the size.
        const EDITING: u64 = 4;
        let deflated = self.members.iter().filter(|member| member.method == Method::Deflated);
        let largest = deflated.max_by_key(|member| member.size);
        let fits = largest.filter(|member| member.size.saturating_mul(EDITING) <= self.limits.in_flight);
        self.keeps = fits.map(|member| member.index);
        self
    }

    /// Keeps inflated bytes until [`Wheel::take_kept`], if they are those of the member to keep.
    pub(super) fn keep(&self, member: &Member, bytes: Vec<u8>) {
        if self.keeps == Some(member.index) && is_elf(&bytes) {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        }
    }

    /// The kept bytes of the member.
    pub(super) fn take_kept(&self, member: &Member) -> Option<Vec<u8>> {
        if self.keeps != Some(member.index) {
            return None;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn notify(&self, event: Event) {
        if let Some(observer) = &self.observer {
            observer.event(&self.filename.to_string(), event);
        }
    }

    /// The limits the wheel was opened with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the archive has a comment: installers ignore it, and PyPI refuses it.
    #[must_use]
    pub fn has_comment(&self) -> bool {
        !self.archive.comment().is_empty()
    }

    /// The size of the archive in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.source().length()
    }

    /// The members in archive order.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member of this name.
    #[must_use]
    pub fn member(&self, path: &str) -> Option<&Member> {
        self.by_path.get(path).and_then(|&index| self.members.get(index))
    }

    /// The metadata directory: `demo-1.0.dist-info`.
    #[must_use]
    pub fn dist_info(&self) -> &WheelPath {
        &self.dist_info
    }

    /// The data directory, whether the wheel has it or not: `demo-1.0.data`.
    #[must_use]
    pub fn data_dir(&self) -> &str {
        &self.data_dir
    }

    /// The time of the `WHEEL` file: when the wheel was built.
    #[must_use]
    pub fn modified(&self) -> DosTime {
        let path = format!("{}/WHEEL", self.dist_info.as_str());
        self.member(&path).map_or(DosTime::EPOCH, |member| member.modified)
    }

    /// Where a member of this wheel is installed.
    ///
    /// # Errors
    ///
    /// If installers do not know its directory: see [`InstallLocation::of`].
    pub fn place(&self, member: &WheelPath) -> Result<InstallLocation, NoPlace> {
        InstallLocation::of(member, &self.data_dir)
    }

    /// The `WHEEL` file.
    #[must_use]
    pub fn info(&self) -> &WheelInfo {
        &self.info
    }

    /// The `WHEEL.json` file, if the wheel has one.
    #[must_use]
    pub fn info_json(&self) -> Option<&WheelInfoJson> {
        self.info_json.as_ref()
    }

    /// The `METADATA` file.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The names of the scripts in `entry_points.txt`, which installers create.
    #[must_use]
    pub fn scripts(&self) -> &[String] {
        &self.entry_points.scripts
    }

    /// The `entry_points.txt` file; empty where the wheel has none.
    pub(crate) fn entry_points(&self) -> &EntryPoints {
        &self.entry_points
    }

    /// The file that is installed at this path, or at one that differs only in case.
    #[must_use]
    pub fn member_at(&self, place: &InstallLocation) -> Option<&Member> {
        self.places.file(place).and_then(|path| self.member(path.as_str()))
    }

    /// The rows of the `RECORD` file that can be read.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn file(&self, path: &WheelPath) -> Result<&Member, WheelError> {
        self.member(path.as_str())
            .filter(|member| !member.is_dir)
            .ok_or_else(|| WheelError::NoMember(path.as_str().to_owned()))
    }

    /// Path and bytes of a file in the metadata directory.
    fn metadata_file(&self, name: &str) -> Result<(WheelPath, Vec<u8>), WheelError> {
        let path = self.metadata_path(name)?;
        let member = self.file(&path).map_err(|_| WheelError::Missing(path.clone()))?;
        if member.size > self.limits.metadata_size {
            let rule = MemberRule::Size {
                name: "metadata-size",
                size: member.size,
                limit: self.limits.metadata_size,
            };
            return Err(WheelError::member(path.as_str(), rule));
        }
        let bytes = self.read_member(member)?;
        Ok((path, bytes))
    }

    pub(super) fn metadata_path(&self, name: &str) -> Result<WheelPath, WheelError> {
        self.dist_info
            .join(name)
            .map_err(|error| WheelError::member(error.name, MemberRule::Name(error.rule)))
    }

    /// The bytes of the archive.
    pub(super) fn source(&self) -> Source {
        self.archive.clone().into_inner()
    }

    /// An error if the file was written to since it was opened: everything known about it may be wrong then.
    pub(super) fn check_unchanged(&self) -> Result<(), WheelError> {
        match self.source().is_unchanged().map_err(WheelError::io(&self.path, "read"))? {
            true => Ok(()),
            false => Err(WheelError::Changed(self.path.clone())),
        }
    }

    /// A separate cursor over the archive, for copying compressed members.
    pub(super) fn archive(&self) -> ZipArchive<Source> {
        self.archive.clone()
    }
}

fn filename_of(path: &Path) -> Result<WheelFilename, WheelError> {
    let name = path.file_name().unwrap_or_default();
    match name.to_str() {
        Some(name) => Ok(name.parse()?),
        None => {
            let name = name.to_string_lossy().into_owned();
            Err(InvalidWheelFilename::new(name, FilenameRule::Distribution, "").into())
        }
    }
}

/// Finds the only `*.dist-info` directory at the top (PEP 427) and checks it against the file name.
fn dist_info_of(members: &[Member], filename: &WheelFilename) -> Result<WheelPath, WheelError> {
    /// A few names are enough as evidence.
    const NAMED: usize = 3;
    let is_directory = |member: &Member| member.is_dir || member.path.top() != member.path.as_str();
    let tops = members.iter().filter(|member| is_directory(member)).map(|member| member.path.top());
    let found: BTreeSet<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
    if found.len() > 1 {
        let first = found.iter().take(NAMED).map(|name| Escaped(name).to_string()).collect();
        return Err(WheelError::SeveralDistInfo { count: found.len(), first });
    }
    let dist_info = found.first().and_then(|name| name.parse::<WheelPath>().ok());
    let dist_info = dist_info.ok_or(WheelError::NoDistInfo)?;
    let stem = dist_info.as_str().strip_suffix(".dist-info").unwrap_or_default();
    let expected = format!("{}-{}", filename.distribution(), filename.version());
    if normalized_name(stem) == normalized_name(&expected) {
        Ok(dist_info)
    } else {
        Err(WheelError::ForeignDistInfo { found: dist_info, expected })
    }
}

/// Compares the Python and ABI tags of `WHEEL` with those of the file name. Lines that are not tags are
/// ignored.
fn check_tags(wheel: &Wheel) -> Result<(), WheelError> {
    let tags = wheel.info.tag_set();
    let pairs = tags.iter().filter_map(|tag| tag.rsplit_once('-')).map(|(pair, _)| pair.to_lowercase());
    let said: BTreeSet<String> = pairs.filter(|pair| pair.matches('-').count() == 1).collect();
    let named = wheel.filename.python_abi_pairs();
    if said.is_empty() || said == named {
        return Ok(());
    }
    let member = wheel.metadata_path("WHEEL")?;
    let right = wheel.filename.with_pairs(&said);
    Err(WheelError::ForeignTags { member, said, named, right: right.map(|right| right.to_string()) })
}

/// A label after the platform, and a file in the wheel, say that it is one of several variants (PEP 817, PEP
/// 825).
fn check_variant(
    members: &[Member],
    dist_info: &WheelPath,
    filename: &WheelFilename,
) -> Result<(), WheelError> {
    let Some(label) = filename.variant() else { return Ok(()) };
    let file = format!("{dist_info}/variant.json");
    if members.iter().any(|member| !member.is_dir && member.path.as_str() == file) {
        return Ok(());
    }
    Err(InvalidWheelFilename::new(filename.to_string(), FilenameRule::Label, label).into())
}

/// The data directory: the name of the `*.dist-info` directory, letter for letter. pip installs from every directory at the
/// top that ends with `.data` (`is_data_scheme_path`), uv from this one only, so there must be no other.
fn data_dir_of(members: &[Member], dist_info: &WheelPath) -> Result<String, WheelError> {
    let stem = dist_info.as_str().strip_suffix(".dist-info").unwrap_or_default();
    let data_dir = format!("{stem}.data");
    let files = members.iter().filter(|member| !member.is_dir).map(|member| &member.path);
    let mut data = files.filter(|path| path.top().ends_with(".data"));
    match data.find(|path| path.top() != data_dir || path.as_str() == data_dir) {
        None => Ok(data_dir),
        Some(found) => Err(WheelError::ForeignData { found: found.clone(), expected: data_dir }),
    }
}
