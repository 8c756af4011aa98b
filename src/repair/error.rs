//! What can go wrong in a repair.

use crate::audit::Finding;
use crate::elf::ElfError;
use crate::error::Error;
use crate::wheel::{InvalidWheelFilename, InvalidWheelPath, WheelError};

/// A wheel cannot be repaired. It says what is wrong; [`RepairError::hints`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The wheel or a library cannot be read.
    #[error(transparent)]
    Read(#[from] Error),
    /// The audit found errors that a repair does not fix.
    #[error("{}", findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; "))]
    Unrepairable {
        /// All of them, not just the first.
        findings: Vec<Finding>,
    },
    /// The wheel has a platform in its name, but no ELF file.
    #[error("the name says `{platform}`, but the wheel has no ELF file that could be loaded")]
    NoElf {
        /// The platform tag.
        platform: String,
    },
    /// The asked platform does not fit the wheel.
    #[error("cannot repair a wheel for {built} to `{asked}`")]
    WrongPlatform {
        /// The architecture of the ELF files.
        built: String,
        /// The platform tag asked for.
        asked: String,
    },
    /// No policy is known for the platform.
    #[error("no policy `{0}`")]
    NoPolicy(String),
    /// Something would have to be patched, and patching is switched off.
    #[error("`{object}` has to be patched, but the patcher is `none`")]
    NoPatcher {
        /// The first object to patch.
        object: String,
    },
    /// A name for a new member cannot be made.
    #[error("cannot name a member after `{name}`: {}", source.rule)]
    Name {
        /// The file or option it is made of.
        name: String,
        /// Why.
        source: InvalidWheelPath,
    },
    /// A file name for the result cannot be made.
    #[error(transparent)]
    Filename(#[from] InvalidWheelFilename),
    /// The wheel has a member where the repair has to put one.
    #[error("the wheel has a member `{member}` already, and it is not what the repair would put there")]
    Occupied {
        /// The member.
        member: String,
    },
    /// A run path that no wheel can express.
    #[error(
        "`{object}` needs `{target}`, and no run path leads from where one is installed to where the other is"
    )]
    Unreachable {
        /// The object that needs.
        object: String,
        /// What it needs.
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

    /// What the audit found, if that is why.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Unrepairable { findings } => findings,
            _ => &[],
        }
    }

    /// The lines of the message: one for most errors, several where several things were found.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Unrepairable { findings } => {
                findings.iter().flat_map(|f| std::iter::once(&f.message).chain(&f.details)).cloned().collect()
            }
            other => vec![other.to_string()],
        }
    }

    /// What to do next, where there is something to do.
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
