//! One file or directory in a wheel.

use serde::Serialize;

use super::time::DosTime;
use crate::wheel::metadata::path::WheelPath;

/// A member as described in the archive's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its name, without the trailing slash of directories.
    pub path: WheelPath,
    /// Whether it is a directory. Wheels need no members for directories, but may have them.
    pub is_dir: bool,
    /// Bytes when inflated, as declared; checked when the data is read.
    pub size: u64,
    /// Compressed bytes in the archive.
    pub compressed_size: u64,
    /// CRC-32 of the inflated bytes, as declared.
    pub crc32: u32,
    /// How the bytes are compressed.
    pub method: Method,
    /// Unix permissions (`0o755`), if the archive has them.
    pub mode: Option<u32>,
    /// The modification time.
    pub modified: DosTime,
    /// Whether a data descriptor follows the data (APPNOTE 4.3.9), as in an archive written to a stream. PyPI
    /// refuses that.
    pub streamed: bool,
    /// Whether a ZIP64 field of its headers has other numbers than its sizes require (APPNOTE 4.5.3). pip
    /// ignores that, uv refuses the wheel.
    pub irregular_zip64: bool,
    /// Its position in the archive's directory.
    #[serde(skip)]
    pub(super) index: usize,
    /// Whether it has a comment or extra fields, which must not be copied: PyPI refuses comments and some
    /// fields, and installers use none of them.
    #[serde(skip)]
    pub(super) decorated: bool,
}

/// The compression methods that a wheel may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Not compressed.
    Stored,
    /// Deflate.
    Deflated,
}
