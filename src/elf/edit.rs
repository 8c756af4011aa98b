//! Edits: what to change in an ELF file, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The changes requested for one ELF file. An edit is plain data: it can be printed, compared and serialised.
/// [`crate::elf::patch()`] carries it out.
///
/// An empty edit does not change a byte of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ElfEdit {
    /// The new `DT_SONAME`; added where the file has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soname: Option<String>,
    /// `DT_NEEDED` names to replace, old to new. `vn_file` of `DT_VERNEED` is replaced too. If two entries
    /// then name the same library, the first stays and the others are removed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rename_needed: BTreeMap<String, String>,
    /// `DT_NEEDED` names to remove.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub remove_needed: BTreeSet<String>,
    /// The change to `DT_RPATH` and `DT_RUNPATH`.
    #[serde(skip_serializing_if = "RunPathEdit::is_keep")]
    pub run_path: RunPathEdit,
    /// Whether to lower `DT_RELR` to ordinary relative relocations (musl before 1.2.4 ignores it).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lower_relr: bool,
    /// Which symbols and debug sections to strip, before anything else is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip: Option<Strip>,
}

impl ElfEdit {
    /// Whether the edit changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the edit leaves soname, needed libraries and run path alone.
    pub(crate) fn keeps_names(&self) -> bool {
        self.soname.is_none()
            && self.rename_needed.is_empty()
            && self.remove_needed.is_empty()
            && self.run_path.is_keep()
    }
}

/// The change to the run path. musl treats `DT_RPATH` and `DT_RUNPATH` alike and prefers `DT_RUNPATH`
/// (`decode_dyn` in `ldso/dynlink.c`), so a file has one run path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunPathEdit {
    /// Keep it: tag and text.
    #[default]
    Keep,
    /// Remove `DT_RPATH` and `DT_RUNPATH`.
    Clear,
    /// Write this text as `DT_RPATH` and remove `DT_RUNPATH`.
    Set(String),
}

impl RunPathEdit {
    pub(crate) fn is_keep(&self) -> bool {
        *self == Self::Keep
    }
}

/// What [`ElfEdit::strip`] removes. Nothing that is loaded is ever removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strip {
    /// Debug sections only.
    Debug,
    /// Debug sections and the `.symtab` symbol table.
    All,
}
