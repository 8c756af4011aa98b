//! Errors in an ELF file, or in an edit of one.

use super::ranges::Range;
use crate::limits::Limits;

/// Why an ELF file cannot be read or patched. The text names the structure and the byte offset or address,
/// but not the file: the caller knows its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ElfError(#[from] Fault);

impl ElfError {
    /// Whether the patched result failed verification: a bug in the patcher, not damage in the file.
    #[must_use]
    pub fn is_verification(&self) -> bool {
        matches!(self.0, Fault::Verification { .. })
    }

    /// Whether the file can be read, but its layout cannot be patched.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.0, Fault::Unsupported { .. } | Fault::Payload { .. })
    }

    pub(crate) fn malformed(what: &'static str, rule: &'static str, offset: u64) -> Self {
        Self(Fault::Malformed { what, rule, offset })
    }

    /// Returns an error if `found` exceeds the limit called `name`.
    pub(crate) fn limit(name: &'static str, what: &'static str, found: u64, limit: u64) -> Result<(), Self> {
        if found > limit { Err(Self(Fault::Limit { name, what, found, limit })) } else { Ok(()) }
    }

    /// What the user can do about it, if anything.
    pub(crate) fn hint(&self) -> Option<String> {
        match &self.0 {
            Fault::Limit { name, .. } => Some(Limits::hint(name)),
            Fault::Unsupported { .. } | Fault::Verification { .. } => None,
            Fault::Payload { .. } => Some(
                "keep that data in a file of its own, or leave this file as it is: `--exclude LIBRARY` for each \
                 library it needs, and `--keep-relr`"
                    .to_owned(),
            ),
            #[cfg(feature = "arwen")]
            Fault::Arwen { .. } => Some("leave out `--patcher arwen`".to_owned()),
            _ => Some("the file is damaged: build or download it again".to_owned()),
        }
    }

    pub(crate) fn past_end(what: &'static str, offset: u64, size: u64, file: usize) -> Self {
        Self(Fault::PastEnd { what, offset, size, file })
    }

    pub(crate) fn unsupported(rule: &'static str) -> Self {
        Self(Fault::Unsupported { rule })
    }

    /// The error for a file that must grow, although data after the ELF content has to stay at its end.
    pub(crate) fn payload(range: &Range) -> Self {
        Self(Fault::Payload { offset: range.start, size: range.end.saturating_sub(range.start) })
    }

    pub(crate) fn verification(rule: impl Into<String>) -> Self {
        Self(Fault::Verification { rule: rule.into() })
    }
}

/// The kinds of fault behind [`ElfError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("not an ELF file")]
    NotElf,
    #[error(
        "{what} reaches past the end of the file (offset {offset:#x}, {size} bytes, file has {file} bytes)"
    )]
    PastEnd { what: &'static str, offset: u64, size: u64, file: usize },
    #[error(
        "{what} reaches past the end of the file (offset {offset:#x}, {entry} x {count} bytes, file has {file} bytes)"
    )]
    TablePastEnd { what: &'static str, offset: u64, entry: u64, count: u64, file: usize },
    #[error("{what} is not inside the file content of one PT_LOAD (address {address:#x}, {size} bytes)")]
    Unmapped { what: &'static str, address: u64, size: u64 },
    #[error("{what}: {rule} (offset {offset:#x})")]
    Malformed { what: &'static str, rule: &'static str, offset: u64 },
    #[error("{found} {what}, more than the limit `{name}` of {limit}")]
    Limit { name: &'static str, what: &'static str, found: u64, limit: u64 },
    #[error("{what}: no string at offset {offset:#x} of the string table ({size} bytes)")]
    NoString { what: &'static str, offset: u64, size: usize },
    #[error("cannot patch: {rule}")]
    Unsupported { rule: &'static str },
    #[error(
        "cannot patch: {size} bytes of data behind the ELF content (from offset {offset:#x} on) have to stay at the end \
         of the file, and there is no room left before them"
    )]
    Payload { offset: u64, size: u64 },
    #[error("patched file fails verification: {rule}")]
    Verification { rule: String },
    #[cfg(feature = "arwen")]
    #[error("arwen: {message}")]
    Arwen { message: String },
}
