//! The edits every fixture goes through, and where the edited files lie when they are loaded.

use std::fs;
use std::path::{Path, PathBuf};

use muslrepair::elf::{Class, ElfEdit, ElfFacts, Endian, RunPathEdit, Strip, patch};

use crate::catalogue::name;

/// One way to edit a file.
pub(crate) struct Edit {
    /// As the test is called.
    pub(crate) name: &'static str,
    /// The edits, one after the other.
    pub(crate) steps: fn() -> Vec<ElfEdit>,
    /// Whether the edited file finds its libraries by its own run path; else the loader is told.
    pub(crate) own_run_path: bool,
    /// Whether `DT_RELR` is lowered: then files that have it work everywhere.
    pub(crate) lowers_relr: bool,
    /// A library the loader is to load first, because the edited file no longer asks for it.
    pub(crate) preload: Option<&'static str>,
}

const fn edit(name: &'static str, steps: fn() -> Vec<ElfEdit>) -> Edit {
    Edit { name, steps, own_run_path: false, lowers_relr: false, preload: None }
}

const fn with_run_path(name: &'static str, steps: fn() -> Vec<ElfEdit>) -> Edit {
    Edit { own_run_path: true, ..edit(name, steps) }
}

/// Where every fixture's libraries are, seen from it.
const RUN_PATH: &str = "$ORIGIN/libs";

/// Every edit.
pub(crate) const EDITS: &[Edit] = &[
    edit("nothing", || vec![ElfEdit::default()]),
    edit("soname", || vec![soname(0)]),
    edit("rename_one", || vec![renamed(&["libone.so.1"])]),
    edit("rename_three", || vec![renamed(&["libone.so.1", "libtwo.so.2", "libthree.so.3"])]),
    Edit {
        preload: Some("libthree.so.3"),
        ..edit("remove_needed", || {
            vec![ElfEdit { remove_needed: ["libthree.so.3".to_owned()].into(), ..ElfEdit::default() }]
        })
    },
    edit("clear_run_path", || vec![run_path(RunPathEdit::Clear)]),
    with_run_path("set_run_path", || vec![run_path(RunPathEdit::Set(RUN_PATH.to_owned()))]),
    with_run_path("lengthen_run_path", || vec![run_path(RunPathEdit::Set(long_run_path(0)))]),
    with_run_path("all_at_once", || vec![all(0)]),
    with_run_path("all_five_times", || (0..5).map(all).collect()),
    edit("strip_debug", || vec![strip(Strip::Debug)]),
    edit("strip_all", || vec![strip(Strip::All)]),
    with_run_path("strip_and_all", || vec![ElfEdit { strip: Some(Strip::All), ..all(0) }]),
    Edit {
        lowers_relr: true,
        ..edit("lower_relr", || vec![ElfEdit { lower_relr: true, ..ElfEdit::default() }])
    },
    Edit {
        lowers_relr: true,
        ..with_run_path("lower_relr_strip_and_all", || {
            vec![ElfEdit { lower_relr: true, strip: Some(Strip::All), ..all(0) }, all(1), all(2)]
        })
    },
];

fn soname(round: usize) -> ElfEdit {
    ElfEdit { soname: Some(format!("libfixture-{round:08x}.so.1")), ..ElfEdit::default() }
}

fn renamed(libraries: &[&str]) -> ElfEdit {
    let pairs = libraries.iter().map(|library| ((*library).to_owned(), hashed(library)));
    ElfEdit { rename_needed: pairs.collect(), ..ElfEdit::default() }
}

fn strip(level: Strip) -> ElfEdit {
    ElfEdit { strip: Some(level), ..ElfEdit::default() }
}

fn run_path(run_path: RunPathEdit) -> ElfEdit {
    ElfEdit { run_path, ..ElfEdit::default() }
}

/// Longer in each round, so that no string of the round before can serve again.
fn long_run_path(round: usize) -> String {
    let far = format!("$ORIGIN/../a/directory/that/is/not/there/{round}:");
    format!("{}{RUN_PATH}", far.repeat(3 + round))
}

/// Everything there is to edit. Later rounds rename what the first has renamed, and back.
fn all(round: usize) -> ElfEdit {
    let pairs = ["libone.so.1", "libtwo.so.2", "libthree.so.3", "libfour.so.4"].map(|library| {
        let (plain, hashed) = (library.to_owned(), hashed(library));
        if round.is_multiple_of(2) { (plain, hashed) } else { (hashed, plain) }
    });
    ElfEdit { rename_needed: pairs.into(), run_path: RunPathEdit::Set(long_run_path(round)), ..soname(round) }
}

/// The name a repaired wheel gives a library: `libone-1a2b3c4d.so.1`.
fn hashed(library: &str) -> String {
    library.replacen('.', "-1a2b3c4d.", 1)
}

/// A directory with edited files, and below it `libs` with what they need, under every name.
pub(crate) struct Installed {
    directory: tempfile::TempDir,
}

impl Installed {
    /// Copies the libraries of an architecture, from its `libs`.
    pub(crate) fn new(libraries: &Path) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let installed = Self { directory };
        fs::create_dir(installed.libraries()).map_err(|error| error.to_string())?;
        for entry in fs::read_dir(libraries).map_err(|error| format!("{}: {error}", libraries.display()))? {
            let from = entry.map_err(|error| error.to_string())?.path();
            for to in [name(&from), hashed(&name(&from))] {
                fs::copy(&from, installed.libraries().join(to)).map_err(|error| error.to_string())?;
            }
        }
        Ok(installed)
    }

    /// Where the libraries are.
    pub(crate) fn libraries(&self) -> PathBuf {
        self.directory.path().join("libs")
    }

    /// Edits a fixture; the path of the outcome.
    pub(crate) fn add(&self, fixture: &Path, edit: &Edit) -> Result<PathBuf, String> {
        self.add_unless_static(fixture, edit)?.ok_or_else(|| format!("{}: refused", name(fixture)))
    }

    /// As [`Installed::add`]; `None` where the file is a static program and the edit is one that it cannot take.
    pub(crate) fn add_unless_static(&self, fixture: &Path, edit: &Edit) -> Result<Option<PathBuf>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", name(fixture));
        let mut bytes = fs::read(fixture).map_err(|error| failed(&error))?;
        let is_static = ElfFacts::parse(&bytes).map_err(|error| failed(&error))?.is_static_program();
        for step in (edit.steps)() {
            bytes = match patch(bytes, &step) {
                Ok(patched) => patched.bytes,
                Err(error) if is_static && error.is_unsupported() => return Ok(None),
                Err(error) => return Err(failed(&error)),
            };
        }
        self.write(fixture, bytes).map(Some)
    }

    /// Writes bytes under the name and with the mode of a fixture.
    pub(crate) fn write(&self, fixture: &Path, bytes: Vec<u8>) -> Result<PathBuf, String> {
        let path = self.directory.path().join(name(fixture));
        let copied = fs::copy(fixture, &path).and_then(|_| fs::write(&path, bytes));
        copied.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

/// What arwen makes of a fixture, unless it refuses it.
#[cfg(feature = "arwen")]
pub(crate) fn by_arwen(bytes: Vec<u8>) -> Option<Vec<u8>> {
    let edit = ElfEdit {
        run_path: RunPathEdit::Set(RUN_PATH.to_owned()),
        ..renamed(&["libone.so.1", "libtwo.so.2"])
    };
    Some(muslrepair::elf::patch_with_arwen(bytes, &edit).ok()?.bytes)
}

/// Everything, over again, on what arwen made.
#[cfg(feature = "arwen")]
pub(crate) fn after_arwen(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let back = |library: &str| (hashed(library), library.to_owned());
    let edit = ElfEdit {
        rename_needed: ["libone.so.1", "libtwo.so.2"].map(back).into(),
        run_path: RunPathEdit::Set(long_run_path(0)),
        ..soname(0)
    };
    Ok(patch(bytes, &edit).map_err(|error| error.to_string())?.bytes)
}

/// The file with its program headers moved to the end, where no `PT_LOAD` maps them. It loads, but
/// nothing that looks for its headers finds them.
pub(crate) fn with_headers_unmapped(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let facts = ElfFacts::parse(&bytes).map_err(|error| error.to_string())?;
    // e_phoff and its width, and the size of a program header.
    let (field, width, entry) = match facts.class {
        Class::Elf32 => (28, 4, 32),
        Class::Elf64 => (32, 8, 56),
    };
    let place = &bytes[field..field + width];
    let read = |place: &[u8], byte: usize| match facts.endian {
        Endian::Little => place[byte],
        Endian::Big => place[width - 1 - byte],
    };
    let offset = (0..width).rev().fold(0, |offset, byte| offset << 8 | usize::from(read(place, byte)));
    let table = bytes[offset..offset + entry * facts.segments.len()].to_vec();
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let end = bytes.len() as u64;
    match facts.endian {
        Endian::Little => bytes[field..field + width].copy_from_slice(&end.to_le_bytes()[..width]),
        Endian::Big => bytes[field..field + width].copy_from_slice(&end.to_be_bytes()[8 - width..]),
    }
    bytes.extend(table);
    Ok(bytes)
}
