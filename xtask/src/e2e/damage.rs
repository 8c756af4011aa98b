//! Published wheels with one thing broken in each. Few published wheels do not load at all, so these show that a failure
//! is not missed; and some do not hurt, so that they show false alarms too.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::dso::is_python_api;
use super::site::Site;
use crate::process::target;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A library that was grafted into the wheel is gone.
    Library,
    /// A symbol that must be found has a name that nobody defines.
    Symbol(Place),
    /// A symbol that need not be found has a name that nobody defines.
    WeakSymbol(Place),
    /// A module's symbol that must be found has the name of one that not every musl has.
    Renamed(&'static str),
    /// The run path has a `$` that musl does not know, for which it ignores all of it.
    RunPath(Place),
}

/// Where it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Module,
    Library,
}

/// New in musl 1.2.5.
const SINCE_1_2_5: &str = "statx";
/// Not exported since musl 1.2.4, but found for relocations (`get_lfs64`).
const RELOCATED_ONLY: &str = "fopen64";
/// As those, but by a mistake not found by 1.2.4 and 1.2.5.
const NOT_1_2_5: &str = "posix_fallocate64";
/// No library has it.
const UNKNOWN: &str = "~";

impl Damage {
    pub const ALL: &[Self] = &[
        Self::Library,
        Self::Symbol(Place::Module),
        Self::Symbol(Place::Library),
        Self::WeakSymbol(Place::Module),
        Self::WeakSymbol(Place::Library),
        Self::Renamed(SINCE_1_2_5),
        Self::Renamed(RELOCATED_ONLY),
        Self::Renamed(NOT_1_2_5),
        Self::RunPath(Place::Module),
        Self::RunPath(Place::Library),
    ];

    /// A few words, for a heading and for a directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Library => "a library is gone",
            Self::Symbol(Place::Module) => "a module's symbol is unknown",
            Self::Symbol(Place::Library) => "a library's symbol is unknown",
            Self::WeakSymbol(Place::Module) => "a module's weak symbol is unknown",
            Self::WeakSymbol(Place::Library) => "a library's weak symbol is unknown",
            Self::Renamed(SINCE_1_2_5) => "a module needs `statx`",
            Self::Renamed(RELOCATED_ONLY) => "a module needs `fopen64`",
            Self::Renamed(_) => "a module needs `posix_fallocate64`",
            Self::RunPath(Place::Module) => "a module's run path is void",
            Self::RunPath(Place::Library) => "a library's run path is void",
        }
    }

    /// The member that is broken, and its new contents; None is no member. Nothing if the wheel has no such thing.
    fn edit(self, site: &Site) -> Result<Option<(String, Option<Vec<u8>>)>> {
        let place = match self {
            Self::Library => Place::Library,
            Self::Renamed(_) => Place::Module,
            Self::Symbol(place) | Self::WeakSymbol(place) | Self::RunPath(place) => place,
        };
        for (member, object) in &site.objects {
            let is_here = match place {
                Place::Module => object.dso.extension,
                Place::Library => member.split('/').next().is_some_and(|top| top.ends_with(".libs")),
            };
            if !is_here {
                continue;
            }
            let bytes = fs::read(&object.path)?;
            let broken = match self {
                Self::Library => return Ok(Some((member.clone(), None))),
                Self::Symbol(_) => renamed(bytes, false, UNKNOWN)?,
                Self::WeakSymbol(_) => renamed(bytes, true, UNKNOWN)?,
                Self::Renamed(name) => renamed(bytes, false, name)?,
                Self::RunPath(_) => without_run_path(bytes),
            };
            if let Some(broken) = broken {
                return Ok(Some((member.clone(), Some(broken))));
            }
        }
        Ok(None)
    }

    /// Writes the damaged wheel; nothing if the wheel has no such thing.
    pub fn wheel(self, site: &Site) -> Result<Option<PathBuf>> {
        let Some((broken, contents)) = self.edit(site)? else { return Ok(None) };
        let directory = target()
            .join("e2e/damaged")
            .join(self.name().replace(|letter: char| !letter.is_alphanumeric(), "-"));
        fs::create_dir_all(&directory)?;
        let path = directory.join(&site.file);
        let mut archive = ZipArchive::new(File::open(&site.wheel)?)?;
        let mut writer = ZipWriter::new(File::create(&path)?);
        for index in 0..archive.len() {
            let mut member = archive.by_index(index)?;
            let name = member.name()?.into_owned();
            let replaced = if name == broken {
                contents.clone()
            } else if name.ends_with(".dist-info/RECORD") {
                let mut record = String::new();
                member.read_to_string(&mut record)?;
                Some(recorded(&record, &broken, contents.as_deref()).into_bytes())
            } else {
                writer.raw_copy_file(member)?;
                continue;
            };
            if let Some(bytes) = replaced {
                writer.start_file(name, SimpleFileOptions::default())?;
                writer.write_all(&bytes)?;
            }
        }
        writer.finish().with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Some(path))
    }
}

/// The object with another name for an undefined symbol that is not Python's; nothing if none is long enough.
fn renamed(mut bytes: Vec<u8>, weak: bool, to: &str) -> Result<Option<Vec<u8>>> {
    let file = ElfFile64::<Endianness>::parse(&*bytes)?;
    let symbol = file.dynamic_symbols().find_map(|symbol| {
        let name = symbol.name().ok().filter(|name| name.len() >= to.len() && !is_python_api(name))?;
        (symbol.is_undefined() && symbol.is_weak() == weak).then_some(name)
    });
    // The name is a part of the file's bytes; this is where it begins.
    let offset = symbol.map(|name| name.as_ptr().addr() - bytes.as_ptr().addr());
    Ok(offset.map(|offset| {
        let with_end = to.bytes().chain([0]);
        bytes.splice(offset..=offset + to.len(), with_end);
        bytes
    }))
}

/// The object with `$ORIGIN` misspelt wherever it stands.
fn without_run_path(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    const ORIGIN: &[u8] = b"$ORIGIN";
    let found: Vec<usize> = bytes
        .windows(ORIGIN.len())
        .enumerate()
        .filter(|(_, part)| *part == ORIGIN)
        .map(|(at, _)| at)
        .collect();
    for at in &found {
        bytes[at + ORIGIN.len() - 1] = b'X';
    }
    (!found.is_empty()).then_some(bytes)
}

/// RECORD after a member was removed or replaced.
fn recorded(record: &str, member: &str, contents: Option<&[u8]>) -> String {
    let mut text = String::new();
    for line in record.lines() {
        if !line.starts_with(&format!("{member},")) {
            text.push_str(&format!("{line}\n"));
        } else if let Some(bytes) = contents {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
            text.push_str(&format!("{member},sha256={digest},{}\n", bytes.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_follows_the_damage() {
        let record = "a/b.so,sha256=x,1\na/c.py,sha256=y,2\nr/RECORD,,\n";
        assert_eq!(recorded(record, "a/b.so", None), "a/c.py,sha256=y,2\nr/RECORD,,\n");
        assert!(recorded(record, "a/b.so", Some(b"new")).starts_with("a/b.so,sha256=EVB6Di9eadXf"));
    }

    #[test]
    fn every_origin_is_misspelt() {
        assert_eq!(
            without_run_path(b"\0$ORIGIN/x:$ORIGIN\0".to_vec()),
            Some(b"\0$ORIGIX/x:$ORIGIX\0".to_vec())
        );
        assert_eq!(without_run_path(b"none".to_vec()), None);
    }
}
