//! Errors of a repair.

use crate::audit::Finding;
use crate::elf::ElfError;
use crate::error::Error;
use crate::wheel::{InvalidWheelFilename, InvalidWheelPath, WheelError};

/// A wheel cannot be repaired. The message says what is wrong; [`RepairError::hints`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The wheel or a library cannot be read.
    #[error(transparent)]
    Read(#[from] Error),
    /// The audit found errors that a repair does not fix.
    #[error("{}", findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; "))]
    Unrepairable {
        /// All errors, not just the first.
        findings: Vec<Finding>,
    },
    /// The wheel has a platform in its name, but no ELF file.
    #[error("the name says `{platform}`, but the wheel has no ELF file that could be loaded")]
    NoElf {
        /// The platform tag.
        platform: String,
    },
    /// The requested platform does not match the wheel.
    #[error("cannot repair a wheel for {built} to `{asked}`")]
    WrongPlatform {
        /// The architecture of the ELF files.
        built: String,
        /// The requested platform tag.
        asked: String,
    },
    /// There is no policy for the platform.
    #[error("no policy `{0}`")]
    NoPolicy(String),
    /// Something has to be patched, and `--patcher none` forbids it.
    #[error("`{object}` has to be patched, but the patcher is `none`")]
    NoPatcher {
        /// The first object to patch.
        object: String,
    },
    /// The name for a new member would be invalid.
    #[error("cannot name a member after `{name}`: {}", source.rule)]
    Name {
        /// The file or option that the name is derived from.
        name: String,
        /// Why.
        source: InvalidWheelPath,
    },
    /// The file name of the result would be invalid.
    #[error(transparent)]
    Filename(#[from] InvalidWheelFilename),
    /// The wheel already has a member with the name of a new one.
    #[error("the wheel has a member `{member}` already, and it is not what the repair would put there")]
    Occupied {
        /// The member.
        member: String,
    },
    /// A run path would have to connect two install locations whose relative position is unknown.
    #[error(
        "`{object}` needs `{target}`, and no run path leads from where one is installed to where the other is"
    )]
    Unreachable {
        /// The object that needs the other one.
        object: String,
        /// The needed object.
        target: String,
    },
}

impl From<WheelError> for RepairError {
    fn from(error: WheelError) -> Self {
        Self::Read(error.into())
    }
}

impl RepairError {
    pub(crate) fn elf(object: &str, source: ElfError) -> Self {
        Error::elf(object, source).into()
    }

    /// The findings of the audit, if they are the reason.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Unrepairable { findings } => findings,
            _ => &[],
        }
    }

    /// The lines of the message: one for most errors, several if there are several findings.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Unrepairable { findings } => {
                findings.iter().flat_map(|f| std::iter::once(&f.message).chain(&f.details)).cloned().collect()
            }
            other => vec![other.to_string()],
        }
    }

    /// What to do next, if anything.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Read(error) => return error.hints(),
            Self::Unrepairable { findings } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in findings.iter().filter_map(|finding| finding.hint.as_ref()) {
                    if !hints.contains(hint) {
                        hints.push(hint.clone());
                    }
                }
                return hints;
            }
            Self::NoElf { .. } => {
                "if it is pure Python, retag it with `wheel tags --platform-tag any`".to_owned()
            }
            Self::WrongPlatform { built, .. } => {
                format!("leave out `--plat`, or name the architecture {built}")
            }
            Self::NoPolicy(_) => "the policies are `musllinux_1_1` and `musllinux_1_2`".to_owned(),
            Self::NoPatcher { .. } => "leave out `--patcher none`".to_owned(),
            Self::Filename(error) => error.hint(),
            Self::Name { .. } | Self::Occupied { .. } | Self::Unreachable { .. } => {
                return Vec::new();
            }
        };
        vec![hint]
    }
}
