//! Compares two results of one wheel, and finds the section of `docs/differences.md` for each difference.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::Result;

use crate::elf::Elf;
use crate::process::name;
use crate::wheel::{self, Member};

/// The section for undocumented differences.
pub const UNLISTED: &str = "unlisted";

/// The section and the difference.
pub type Difference = (&'static str, String);

/// The differences between auditwheel's result and muslrepair's. The order of members, their times and their
/// compressed bytes are ignored.
pub fn compare(theirs: &Path, ours: &Path) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    let (their_name, our_name) = (name(theirs), name(ours));
    if their_name != our_name {
        found.push((UNLISTED, format!("named `{their_name}` and `{our_name}`")));
    }
    let directories = |path| -> Result<usize> {
        let archive = zip::ZipArchive::new(File::open(path)?)?;
        Ok(archive.file_names().flatten().filter(|name| name.ends_with('/')).count())
    };
    let (they, we) = (directories(theirs)?, directories(ours)?);
    if they > we {
        found.push(("directory-entries", format!("{they} and {we} directories")));
    }
    let read = |path| -> Result<BTreeMap<String, Member>> {
        Ok(wheel::read(path)?.into_iter().map(|member| (member.name.clone(), member)).collect())
    };
    let (theirs, ours) = (read(theirs)?, read(ours)?);
    for (tool, these, those) in [("auditwheel", &theirs, &ours), ("muslrepair", &ours, &theirs)] {
        for name in these.keys().filter(|name| !those.contains_key(*name)) {
            let sbom = name.ends_with(&format!(".dist-info/sboms/{tool}.cdx.json"));
            found.push((if sbom { "sbom" } else { UNLISTED }, format!("only {tool}'s has `{name}`")));
        }
    }
    for (name, member) in &ours {
        let other = theirs.get(name).map_or(Ok(Vec::new()), |other| members(other, member))?;
        found.extend(other.into_iter().map(|(id, text)| (id, format!("`{name}`: {text}"))));
    }
    Ok(found)
}

/// The lines of a text file, sorted, with any line ending.
fn lines(member: &Member) -> Vec<String> {
    let text = String::from_utf8_lossy(&member.bytes);
    let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn members(theirs: &Member, ours: &Member) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    let name = &ours.name;
    if theirs.mode != ours.mode {
        let graft = name.split('/').any(|part| part.ends_with(".libs"));
        let id = match ours.mode {
            0o755 if graft => "graft-modes",
            0o644 if name.ends_with(".dist-info/RECORD") => "record-mode",
            _ => UNLISTED,
        };
        found.push((id, format!("modes {:o} and {:o}", theirs.mode, ours.mode)));
    }
    if let (Some(theirs), Some(ours)) = (Elf::read(&theirs.bytes)?, Elf::read(&ours.bytes)?) {
        objects(&theirs, &ours, &mut found);
    } else if name.ends_with(".dist-info/RECORD") {
        if theirs.bytes.contains(&b'\r') && !ours.bytes.contains(&b'\r') {
            found.push(("record-line-ends", "line ends of RECORD".to_owned()));
        }
    } else if name.ends_with(".dist-info/WHEEL") {
        // Line endings and the order of lines may differ.
        if lines(theirs) != lines(ours) {
            found.push((UNLISTED, format!("lines {:?} and {:?}", lines(theirs), lines(ours))));
        }
    } else if theirs.bytes != ours.bytes {
        found.push(match name.contains(".data/scripts/") {
            true => ("scripts", "scripts that start a moved program".to_owned()),
            false => (UNLISTED, "contents".to_owned()),
        });
    }
    Ok(found)
}

fn objects(theirs: &Elf, ours: &Elf, found: &mut Vec<Difference>) {
    if theirs.relr != ours.relr {
        found.push((if theirs.relr { "relr" } else { UNLISTED }, "DT_RELR is lowered, or not".to_owned()));
    }
    let names = |elf: &Elf| format!("{:?} {:?} {:?}", elf.soname, elf.needed, elf.versions_of);
    if names(theirs) != names(ours) {
        let (theirs, ours) = (names(theirs), names(ours));
        found.push((UNLISTED, format!("DT_SONAME, DT_NEEDED, DT_VERNEED {theirs} and {ours}")));
    }
    if theirs.run_paths != ours.run_paths {
        let stale = |path: &str| path.split(':').any(|entry| !entry.starts_with("$ORIGIN"));
        let dropped = ours.run_paths.is_empty() && theirs.run_paths.iter().all(|(_, path)| stale(path));
        let paths = format!("run paths {:?} and {:?}", theirs.run_paths, ours.run_paths);
        found.push((if dropped { "stale-run-paths" } else { UNLISTED }, paths));
    }
}
