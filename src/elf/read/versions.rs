//! Symbol versions: `DT_VERNEED`, `DT_VERDEF` (LSB Core, "Symbol Versioning").

use goblin::elf::dynamic::{DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM};

use super::dynamic::Dynamic;
use super::headers::Image;
use crate::elf::codec::Format;
use crate::elf::error::ElfError;

/// `VER_FLG_BASE`: marks the version of the file itself, its soname.
pub(crate) const VER_FLG_BASE: u64 = 1;

/// A required version (`Elf_Vernaux`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedVersion {
    /// `vna_other`, the index that `DT_VERSYM` uses for it.
    pub(crate) index: u64,
    /// `vna_name`, an offset into the string table.
    pub(crate) name: u64,
}

/// The versions required from one file (`Elf_Verneed`).
#[derive(Debug)]
pub(crate) struct Need {
    /// `vn_file`, an offset into the string table.
    pub(crate) file: u64,
    /// The file offset of the field `vn_file`.
    pub(crate) file_field: u64,
    pub(crate) versions: Vec<WantedVersion>,
}

/// A defined version (`Elf_Verdef`).
#[derive(Debug)]
pub(crate) struct Definition {
    /// `vd_flags`.
    pub(crate) flags: u64,
    /// `vd_ndx`, the index that `DT_VERSYM` uses for it.
    pub(crate) index: u64,
    /// `vda_name` of the version and of its parents, as offsets into the string table.
    pub(crate) names: Vec<u64>,
}

/// The most structures that versions can need: `DT_VERSYM` distinguishes 32,767 versions, and each has an
/// entry, a name and one or two parents.
const MOST_STEPS: u64 = 4 << 15;

/// A chain of version structures, each with the offset of the next. A hostile chain can visit the same bytes
/// again and again, so the number of steps is limited to what fits without overlap.
struct Walk<'a> {
    format: Format,
    bytes: &'a [u8],
    steps: u64,
    /// The rule that a further step would break.
    rule: &'static str,
    what: &'static str,
}

impl<'a> Walk<'a> {
    /// The smallest of the four structures, `Elf_Verdaux`, is eight bytes long.
    fn new(format: Format, bytes: &'a [u8], what: &'static str) -> Self {
        let (steps, rule) = match bytes.len() as u64 / 8 {
            MOST_STEPS.. => (MOST_STEPS, "more entries than versions can be told apart"),
            fitting => (fitting, "entries overlap"),
        };
        Self { format, bytes, steps, rule, what }
    }

    fn half(&self, offset: u64) -> Result<u64, ElfError> {
        self.format.get(self.bytes, offset, 2, self.what)
    }

    fn word(&self, offset: u64) -> Result<u64, ElfError> {
        self.format.get(self.bytes, offset, 4, self.what)
    }

    fn step(&mut self, at: u64) -> Result<(), ElfError> {
        self.steps =
            self.steps.checked_sub(1).ok_or_else(|| ElfError::malformed(self.what, self.rule, at))?;
        Ok(())
    }
}

/// Reads `DT_VERNEED`, in order. musl ignores it; glibc asserts that each file in it is also in `DT_NEEDED`.
pub(crate) fn needs(image: &Image<'_>, dynamic: &Dynamic) -> Result<Vec<Need>, ElfError> {
    let mut needs = Vec::new();
    let (Some(address), Some(count)) = (dynamic.value(DT_VERNEED), dynamic.value(DT_VERNEEDNUM)) else {
        return Ok(needs);
    };
    if count == 0 {
        return Ok(needs);
    }
    let what = "version needs";
    let (base, bytes) = image.from(address, what)?;
    let mut walk = Walk::new(image.format, bytes, what);
    let mut at = 0u64;
    for _ in 0..count {
        walk.step(at)?;
        let wanted = walk.half(at + 2)?;
        let file = walk.word(at + 4)?;
        let mut aux = at + walk.word(at + 8)?;
        let mut versions = Vec::new();
        for _ in 0..wanted {
            walk.step(aux)?;
            versions.push(WantedVersion { index: walk.half(aux + 6)?, name: walk.word(aux + 8)? });
            match walk.word(aux + 12)? {
                0 => break,
                next => aux += next,
            }
        }
        needs.push(Need { file, file_field: base + at + 4, versions });
        match walk.word(at + 12)? {
            0 => break,
            next => at += next,
        }
    }
    Ok(needs)
}

/// Reads `DT_VERDEF`, in order.
pub(crate) fn definitions(image: &Image<'_>, dynamic: &Dynamic) -> Result<Vec<Definition>, ElfError> {
    let mut definitions = Vec::new();
    let (Some(address), Some(count)) = (dynamic.value(DT_VERDEF), dynamic.value(DT_VERDEFNUM)) else {
        return Ok(definitions);
    };
    if count == 0 {
        return Ok(definitions);
    }
    let what = "version definitions";
    let (_, bytes) = image.from(address, what)?;
    let mut walk = Walk::new(image.format, bytes, what);
    let mut at = 0u64;
    for _ in 0..count {
        walk.step(at)?;
        let (flags, index, named) = (walk.half(at + 2)?, walk.half(at + 4)?, walk.half(at + 6)?);
        let mut aux = at + walk.word(at + 12)?;
        let mut names = Vec::new();
        for _ in 0..named {
            walk.step(aux)?;
            names.push(walk.word(aux)?);
            match walk.word(aux + 4)? {
                0 => break,
                next => aux += next,
            }
        }
        definitions.push(Definition { flags, index, names });
        match walk.word(at + 16)? {
            0 => break,
            next => at += next,
        }
    }
    Ok(definitions)
}
