//! Wheels (PEP 427): names, tags, metadata, and the archive itself.

mod digest;
mod directory;
mod error;
mod escaped;
mod filename;
mod info;
mod layout;
mod member;
mod output;
mod path;
mod plan;
mod reader;
mod record;
mod scan;
mod source;
mod tag;
mod time;
mod writer;

pub use digest::Sha256Digest;
pub use error::{MemberRule, Mismatch, WheelError};
pub use escaped::Escaped;
pub use filename::{FilenameRule, InvalidWheelFilename, WheelFilename};
pub use info::{InvalidWheelInfo, WheelInfo, WheelInfoRule};
pub use layout::{Directory, NoPlace, Place, Scheme, relative_run_path};
pub use member::{Member, Method};
pub use output::copy_wheel;
pub use path::{InvalidWheelPath, PathRule, WheelPath};
pub use plan::{Content, ContentError, Entry, NewFile};
pub use reader::Wheel;
pub use record::{InvalidRecord, Record, RecordHash, RecordRow, RecordRule};
pub use scan::{Scan, Scanned};
pub use tag::{Arch, InvalidPlatformTag, MuslVersion, PlatformTag, UnknownArch};
pub use time::DosTime;
pub use writer::{WheelWriter, Written};
