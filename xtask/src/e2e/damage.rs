//! Published wheels with one defect each. Few published wheels fail to load, so these show that no failure is
//! missed; some defects are harmless, so they also show false alarms.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use object::{Object as _, ObjectSymbol as _};

use super::site::{Site, is_python_api};
use super::survey::{Rig, Survey};
use crate::process::{empty, target};
use crate::{wheel, workers};

/// Larger wheels add no information, and take longer to unpack.
const LARGEST: u64 = 2_000_000;

#[derive(Clone, Copy)]
enum How {
    /// The file is removed.
    Remove,
    /// An undefined symbol, strong or weak, gets a name that not every musl has.
    Rename { weak: bool, to: &'static str },
    /// The run path has a `$` that musl does not expand, so musl ignores all of it.
    RunPath,
}

const UNKNOWN: How = How::Rename { weak: false, to: "~" };
const WEAK: How = How::Rename { weak: true, to: "~" };
const MODULE: bool = true;
const LIBRARY: bool = false;

/// The description of the defect, whether it is in a module or in a graft, and its kind.
const DAMAGES: &[(&str, bool, How)] = &[
    ("a library is gone", LIBRARY, How::Remove),
    ("a module's symbol is unknown", MODULE, UNKNOWN),
    ("a library's symbol is unknown", LIBRARY, UNKNOWN),
    ("a module's weak symbol is unknown", MODULE, WEAK),
    ("a library's weak symbol is unknown", LIBRARY, WEAK),
    // New in musl 1.2.5.
    ("a module needs `statx`", MODULE, How::Rename { weak: false, to: "statx" }),
    // Not exported since musl 1.2.4, but found for relocations (`get_lfs64`).
    ("a module needs `fopen64`", MODULE, How::Rename { weak: false, to: "fopen64" }),
    // Like those, but because of a bug it is not found by 1.2.4 and 1.2.5.
    ("a module needs `posix_fallocate64`", MODULE, How::Rename { weak: false, to: "posix_fallocate64" }),
    ("a module's run path is void", MODULE, How::RunPath),
    ("a library's run path is void", LIBRARY, How::RunPath),
];

/// The wheels with one kind of defect, and their loads.
pub struct Damaged {
    pub what: &'static str,
    pub wheels: usize,
    pub survey: Survey,
}

/// Damages the small wheels in every way, and loads them.
pub fn check(rig: &Rig, sites: &[Site]) -> Result<Vec<Damaged>> {
    let small = |site: &&Site| fs::metadata(&site.wheel).is_ok_and(|file| file.len() <= LARGEST);
    let small: Vec<&Site> = sites.iter().filter(small).collect();
    let mut all = Vec::new();
    for (number, (what, module, how)) in DAMAGES.iter().enumerate() {
        let directory = empty(target().join(format!("e2e/damaged/{number}")))?;
        let damage = |site: &&Site| damage(site, *module, *how, directory.join(&site.file));
        let wheels: Vec<PathBuf> = workers::each(&small, damage)?.into_iter().flatten().collect();
        let broken = workers::each(&wheels, |wheel| Site::unpack(wheel))?;
        all.push(Damaged { what, wheels: wheels.len(), survey: rig.survey(&broken)? });
    }
    Ok(all)
}

/// Writes a wheel in which the first suitable object is damaged; `None` if there is none.
fn damage(site: &Site, module: bool, how: How, to: PathBuf) -> Result<Option<PathBuf>> {
    for (member, object) in &site.objects {
        let grafted = member.split('/').next().is_some_and(|top| top.ends_with(".libs"));
        if if module { !object.extension } else { !grafted } {
            continue;
        }
        let bytes = fs::read(&object.path)?;
        let broken = match how {
            How::Remove => None,
            How::Rename { weak, to } => renamed(bytes, weak, to)?,
            How::RunPath => without_run_path(bytes),
        };
        if broken.is_some() || matches!(how, How::Remove) {
            let mut members = wheel::read(&site.wheel)?;
            match broken {
                None => members.retain(|kept| kept.name != *member),
                Some(bytes) => members.iter_mut().filter(|kept| kept.name == *member).for_each(|kept| {
                    kept.bytes.clone_from(&bytes);
                }),
            }
            wheel::write(&to, &members)?;
            return Ok(Some(to));
        }
    }
    Ok(None)
}

/// The object with another name for an undefined symbol that is not Python's; `None` if none is long enough.
fn renamed(mut bytes: Vec<u8>, weak: bool, to: &str) -> Result<Option<Vec<u8>>> {
    let file = object::File::parse(&*bytes)?;
    let symbol = file.dynamic_symbols().find_map(|symbol| {
        let name = symbol.name().ok().filter(|name| name.len() >= to.len() && !is_python_api(name))?;
        (symbol.is_undefined() && symbol.is_weak() == weak).then_some(name)
    });
    // The name is a slice of the file's bytes; this is its offset.
    let offset = symbol.map(|name| name.as_ptr().addr() - bytes.as_ptr().addr());
    Ok(offset.map(|offset| {
        bytes.splice(offset..=offset + to.len(), to.bytes().chain([0]));
        bytes
    }))
}

/// The object with `$ORIGIN` misspelt everywhere.
fn without_run_path(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    const ORIGIN: &[u8] = b"$ORIGIN";
    let places: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes.get(*at..).is_some_and(|rest| rest.starts_with(ORIGIN))).collect();
    for at in &places {
        bytes[at + ORIGIN.len() - 1] = b'X';
    }
    (!places.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::without_run_path;

    #[test]
    fn every_origin_is_misspelt() {
        assert_eq!(
            without_run_path(b"\0$ORIGIN/x:$ORIGIN\0".to_vec()),
            Some(b"\0$ORIGIX/x:$ORIGIX\0".to_vec())
        );
        assert_eq!(without_run_path(b"none".to_vec()), None);
    }
}
