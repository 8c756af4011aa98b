//! What can go wrong, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::elf::ElfError;
use crate::policy::Finding;
use crate::repair::UnsupportedIsa;
use crate::wheel::{InvalidWheelFilename, InvalidWheelPath, NoPlace, WheelError};

/// An error of this library. It says what is wrong; [`Error::hints`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The wheel itself is unsound.
    #[error(transparent)]
    Wheel(#[from] WheelError),
    /// An ELF file is damaged, or cannot be edited as asked.
    #[error("`{object}`: {source}")]
    Elf {
        /// The member or the path of the file.
        object: String,
        /// What is wrong with it.
        source: ElfError,
    },
    /// The audit found errors.
    #[error("{}", findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; "))]
    Unrepairable {
        /// Everything found, not just the first.
        findings: Vec<Finding>,
    },
    /// Objects need more of the processor than the platform tag promises.
    #[error("{}", objects.iter().map(isa_message).collect::<Vec<_>>().join("; "))]
    UnsupportedIsa {
        /// All of them.
        objects: Vec<UnsupportedIsa>,
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
    /// An ELF file lies where no installer puts it anywhere.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// The wheel has a member where the repair has to put one.
    #[error("the wheel has a member `{member}` already")]
    Occupied {
        /// The member.
        member: String,
    },
    /// A library on disk is not what it was when it was looked at.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The library.
        path: PathBuf,
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
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was being done, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn elf(object: &str, source: ElfError) -> Self {
        Self::Elf { object: object.to_owned(), source }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// The lines of the message: one for most errors, several where several things were found.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Unrepairable { findings } => {
                findings.iter().flat_map(|f| std::iter::once(&f.message).chain(&f.details)).cloned().collect()
            }
            Self::UnsupportedIsa { objects } => objects.iter().map(isa_message).collect(),
            other => vec![other.to_string()],
        }
    }

    /// What to do next, where there is something to do.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unrepairable { findings } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in findings.iter().filter_map(|finding| finding.hint.as_ref()) {
                    if !hints.contains(hint) {
                        hints.push(hint.clone());
                    }
                }
                return hints;
            }
            Self::Wheel(error) => return error.hint().into_iter().collect(),
            Self::Filename(error) => error.hint(),
            Self::Elf { source, .. } => return source.hint().into_iter().collect(),
            Self::UnsupportedIsa { .. } => "build without `-march=x86-64-v2` and the like, or pass \
                `--disable-isa-ext-check` if every machine it will run on has these instructions"
                .to_owned(),
            Self::NoElf { .. } => {
                "if it is pure Python, retag it with `wheel tags --platform-tag any`".to_owned()
            }
            Self::WrongPlatform { built, .. } => {
                format!("leave out `--plat`, or name the architecture {built}")
            }
            Self::NoPolicy(_) => "the policies are `musllinux_1_1` and `musllinux_1_2`".to_owned(),
            Self::NoPatcher { .. } => "leave out `--patcher none`".to_owned(),
            Self::Changed { .. } => "run again when nothing writes to it".to_owned(),
            _ => return Vec::new(),
        };
        vec![hint]
    }
}

fn isa_message(object: &UnsupportedIsa) -> String {
    format!("`{}` needs instructions of {}, the tag promises x86_64 only", object.object, object.level)
}
