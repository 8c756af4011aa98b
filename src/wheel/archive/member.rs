//! One file or directory in a wheel.

use serde::Serialize;

use super::time::DosTime;
use crate::wheel::metadata::path::WheelPath;

/// A member as the archive's directory describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its name, without the trailing slash of directories.
    pub path: WheelPath,
    /// Whether it is a directory; wheels need no members for directories, but may have them.
    pub is_dir: bool,
    /// Bytes inflated, as declared; held against the data when it is read.
    pub size: u64,
    /// Bytes in the archive.
    pub compressed_size: u64,
    /// CRC-32 of the inflated bytes, as declared.
    pub crc32: u32,
    /// How the bytes are compressed.
    pub method: Method,
    /// Unix permissions (`0o755`), where the archive has them.
    pub mode: Option<u32>,
    /// When it was changed last.
    pub modified: DosTime,
    /// Whether a data descriptor follows its bytes (APPNOTE 4.3.9): it was written to a stream. PyPI refuses that.
    pub streamed: bool,
    /// Whether a ZIP64 field of its headers has other numbers than those that its sizes need (APPNOTE 4.5.3). pip passes
    /// over them, uv refuses the wheel.
    pub odd_zip64: bool,
    /// Its position in the archive's directory.
    #[serde(skip)]
    pub(super) index: usize,
    /// Whether it carries a comment or extra fields, which must not be copied: PyPI refuses comments and
    /// some fields, and none means anything to an installer.
    #[serde(skip)]
    pub(super) decorated: bool,
}

/// The compressions a wheel may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Not compressed.
    Stored,
    /// Deflate.
    Deflated,
}
