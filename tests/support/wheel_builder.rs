//! Wheels in memory, valid except for the defects that a test adds.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use muslrepair::Limits;
use muslrepair::wheel::{Sha256Digest, Wheel, WheelError, WheelFilename};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, System};

/// Builds a wheel. `WHEEL`, `METADATA` and `RECORD` are generated from the name and the files, unless a test supplies
/// them.
pub(crate) struct WheelBuilder {
    filename: WheelFilename,
    members: Vec<Item>,
    metadata: Vec<Item>,
    record: RecordKind,
    purelib: bool,
    zip64: bool,
}

struct Item {
    name: String,
    bytes: Vec<u8>,
    mode: u32,
    stored: bool,
}

enum RecordKind {
    Right,
    Without(String),
    Given(String),
    Missing,
}

impl WheelBuilder {
    /// A wheel with this file name that has only metadata.
    pub(crate) fn new(filename: &str) -> Self {
        Self {
            filename: filename.parse().unwrap(),
            members: Vec::new(),
            metadata: Vec::new(),
            record: RecordKind::Right,
            purelib: false,
            zip64: false,
        }
    }

    /// Adds a file with mode 0644.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(name, bytes, 0o644)
    }

    /// Adds a file with a mode.
    pub(crate) fn file_with_mode(mut self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> Self {
        let bytes = bytes.as_ref().to_vec();
        self.members.push(Item { name: name.to_owned(), bytes, mode, stored: false });
        self
    }

    /// Adds a file that is not compressed.
    pub(crate) fn stored(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref().to_vec();
        self.members.push(Item { name: name.to_owned(), bytes, mode: 0o644, stored: true });
        self
    }

    /// Adds a file of `count` bytes that cannot be compressed.
    pub(crate) fn noise(self, count: usize) -> Self {
        let mut state = 1u64;
        let bytes = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        });
        self.stored("demo/noise", bytes.take(count).collect::<Vec<u8>>())
    }

    /// Adds a member for a directory.
    pub(crate) fn directory(mut self, name: &str) -> Self {
        self.members.push(Item { name: format!("{name}/"), bytes: Vec::new(), mode: 0o755, stored: true });
        self
    }

    /// Adds a file to the `*.dist-info` directory, or replaces a generated one.
    pub(crate) fn metadata(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref().to_vec();
        self.metadata.push(Item { name: name.to_owned(), bytes, mode: 0o644, stored: false });
        self
    }

    /// Sets `Root-Is-Purelib: true`.
    pub(crate) fn purelib(mut self) -> Self {
        self.purelib = true;
        self
    }

    /// Writes sizes as if they were past 4 GiB.
    pub(crate) fn zip64(mut self) -> Self {
        self.zip64 = true;
        self
    }

    /// Omits one file from `RECORD`.
    pub(crate) fn unlisted(mut self, name: &str) -> Self {
        self.record = RecordKind::Without(name.to_owned());
        self
    }

    /// Sets the text of `RECORD`.
    pub(crate) fn record(mut self, text: &str) -> Self {
        self.record = RecordKind::Given(text.to_owned());
        self
    }

    /// Omits `RECORD`.
    pub(crate) fn no_record(mut self) -> Self {
        self.record = RecordKind::Missing;
        self
    }

    /// The name of the wheel.
    pub(crate) fn filename(&self) -> &WheelFilename {
        &self.filename
    }

    /// `demo-1.0.dist-info`
    pub(crate) fn dist_info(&self) -> String {
        format!("{}-{}.dist-info", self.filename.distribution(), self.filename.version())
    }

    /// Name and bytes of every member in archive order, `RECORD` last.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.items().into_iter().map(|item| (item.name, item.bytes)).collect()
    }

    fn items(&self) -> Vec<Item> {
        let copy = |item: &Item, name: String| Item { name, bytes: item.bytes.clone(), ..*item };
        let dist_info = self.dist_info();
        let mut items: Vec<Item> = self.members.iter().map(|item| copy(item, item.name.clone())).collect();
        for (name, text) in [("METADATA", self.metadata_text()), ("WHEEL", self.wheel_text())] {
            if !self.metadata.iter().any(|item| item.name == name) {
                let name = format!("{dist_info}/{name}");
                items.push(Item { name, bytes: text.into_bytes(), mode: 0o644, stored: false });
            }
        }
        items.extend(self.metadata.iter().map(|item| copy(item, format!("{dist_info}/{}", item.name))));
        let record = match &self.record {
            RecordKind::Missing => return items,
            RecordKind::Given(text) => text.clone(),
            RecordKind::Right => record_text(&items, &dist_info, ""),
            RecordKind::Without(name) => record_text(&items, &dist_info, name),
        };
        let name = format!("{dist_info}/RECORD");
        items.push(Item { name, bytes: record.into_bytes(), mode: 0o664, stored: false });
        items
    }

    fn metadata_text(&self) -> String {
        let (name, version) = (self.filename.distribution(), self.filename.version());
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    }

    fn wheel_text(&self) -> String {
        let mut text = format!("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {}\n", self.purelib);
        for tag in self.filename.tags() {
            text.push_str(&format!("Tag: {tag}\n"));
        }
        if let Some(build) = self.filename.build() {
            text.push_str(&format!("Build: {build}\n"));
        }
        text
    }

    /// The bytes of the wheel.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for item in self.items() {
            let method = if item.stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options = SimpleFileOptions::default()
                .system(System::Unix)
                .compression_method(method)
                .large_file(self.zip64)
                .last_modified_time(DateTime::from_date_and_time(2020, 2, 2, 12, 34, 56).unwrap())
                .unix_permissions(item.mode);
            if item.name.ends_with('/') {
                zip.add_directory(item.name, options).unwrap();
            } else {
                zip.start_file(item.name, options).unwrap();
                zip.write_all(&item.bytes).unwrap();
            }
        }
        zip.finish().unwrap().into_inner()
    }

    /// Opens the wheel from memory.
    pub(crate) fn open(&self) -> Result<Wheel, WheelError> {
        Wheel::from_bytes(self.filename.clone(), self.build(), &Limits::default())
    }

    /// Writes the wheel into a directory.
    pub(crate) fn write_to(&self, directory: &Path) -> PathBuf {
        let path = directory.join(self.filename.to_string());
        std::fs::write(&path, self.build()).unwrap();
        path
    }
}

fn record_text(items: &[Item], dist_info: &str, without: &str) -> String {
    let mut text = String::new();
    for item in items.iter().filter(|item| !item.name.ends_with('/') && item.name != without) {
        let name = match item.name.contains([',', '"']) {
            true => format!("\"{}\"", item.name.replace('"', "\"\"")),
            false => item.name.clone(),
        };
        let hash = Sha256Digest::of(&item.bytes).record_form();
        text.push_str(&format!("{name},{hash},{}\n", item.bytes.len()));
    }
    text.push_str(&format!("{dist_info}/RECORD,,\n"));
    text
}
