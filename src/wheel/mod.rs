//! Wheels (PEP 427): names, tags, metadata, and the archive itself.

mod digest;
mod escaped;
mod filename;
mod info;
mod layout;
mod path;
mod record;
mod tag;

pub use digest::Sha256Digest;
pub use escaped::Escaped;
pub use filename::{FilenameRule, InvalidWheelFilename, WheelFilename};
pub use info::{InvalidWheelInfo, WheelInfo, WheelInfoRule};
pub use layout::{Directory, NoPlace, Place, Scheme, relative_run_path};
pub use path::{InvalidWheelPath, PathRule, WheelPath};
pub use record::{InvalidRecord, Record, RecordHash, RecordRow, RecordRule};
pub use tag::{Arch, InvalidPlatformTag, MuslVersion, PlatformTag, UnknownArch};
