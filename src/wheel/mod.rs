//! Wheels (PEP 427): names, tags, metadata, the archive itself, and where members are installed.

pub(crate) mod archive;
pub(crate) mod layout;
pub(crate) mod metadata;

pub use archive::error::{MemberRule, Mismatch, WheelError};
pub use archive::member::{Member, Method};
pub use archive::output::WrittenFile;
pub(crate) use archive::output::write_own;
pub use archive::packed::Packed;
pub use archive::plan::{Content, ContentError, Entry, NewFile};
pub use archive::reader::Wheel;
pub use archive::scan::{RowMismatch, Scan, Scanned};
pub(crate) use archive::sums::Sums;
pub use archive::time::DosTime;
pub use archive::writer::{WheelWriter, Written};
pub use layout::{Directory, InstallLocation, NoPlace, Scheme, relative_run_path};
pub use metadata::core_metadata::{InvalidMetadata, Metadata};
pub use metadata::digest::Sha256Digest;
pub(crate) use metadata::entry_points::{is_interpreter, is_path, leads_elsewhere};
pub use metadata::filename::{FilenameRule, InvalidWheelFilename, WheelFilename};
pub use metadata::headers::HeaderRule;
pub use metadata::info::{InvalidWheelInfo, WheelInfo, WheelInfoRule};
pub use metadata::info_json::{InvalidWheelInfoJson, WheelInfoJson};
pub use metadata::path::{InvalidWheelPath, PathRule, WheelPath};
pub use metadata::project_name::normalized_name;
pub use metadata::record::{Record, RecordRow};
pub use metadata::record_hash::RecordHash;
pub use metadata::record_rule::{InvalidRecord, RecordFaults, RecordRule};
pub(crate) use metadata::suffix::{Covered, Python, Suffix, covered};
pub use metadata::tag::{InvalidPlatformTag, PlatformTag};
pub(crate) use metadata::version::{VersionKind, canonical, version_kind};
