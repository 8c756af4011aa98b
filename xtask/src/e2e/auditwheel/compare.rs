//! Two results of one wheel, and the sections of `docs/differences.md` that what differs belongs to.

use super::archive::{Archive, Member};
use super::linkage::Linkage;

/// What no section is about.
pub const UNLISTED: &str = "unlisted";

/// Something that differs.
pub struct Difference {
    /// The section.
    pub id: &'static str,
    pub text: String,
}

/// What differs between auditwheel's result and muslrepair's. The order of members, their times and their compressed
/// bytes are not looked at.
pub fn compare(theirs: &Archive, ours: &Archive) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |id, text: String| found.push(Difference { id, text });
    if theirs.file != ours.file {
        differ(UNLISTED, format!("named `{}` and `{}`", theirs.file, ours.file));
    }
    if theirs.directories > ours.directories {
        differ("directory-entries", format!("{} and {} directories", theirs.directories, ours.directories));
    }
    if theirs.carriage_returns && !ours.carriage_returns {
        differ("record-line-ends", "line ends of RECORD".to_owned());
    }
    for name in theirs.members.keys().filter(|name| !ours.members.contains_key(*name)) {
        let id = if name.ends_with(".dist-info/sboms/auditwheel.cdx.json") { "sbom" } else { UNLISTED };
        differ(id, format!("only auditwheel's has `{name}`"));
    }
    for name in ours.members.keys().filter(|name| !theirs.members.contains_key(*name)) {
        let id = if name.ends_with(".dist-info/sboms/muslrepair.cdx.json") { "sbom" } else { UNLISTED };
        differ(id, format!("only muslrepair's has `{name}`"));
    }
    for (name, member) in &ours.members {
        if let Some(other) = theirs.members.get(name) {
            for (id, text) in members(name, other, member) {
                differ(id, format!("`{name}`: {text}"));
            }
        }
    }
    found
}

fn members(name: &str, theirs: &Member, ours: &Member) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if theirs.mode != ours.mode {
        let graft = name.split('/').any(|part| part.ends_with(".libs"));
        let id = match ours.mode {
            0o755 if graft => "graft-modes",
            0o644 if name.ends_with(".dist-info/RECORD") => "record-mode",
            _ => UNLISTED,
        };
        found.push((id, format!("modes {:o} and {:o}", theirs.mode, ours.mode)));
    }
    match (&theirs.linkage, &ours.linkage) {
        (Some(theirs), Some(ours)) => found.extend(linkages(theirs, ours)),
        (None, None) if name.ends_with(".dist-info/RECORD") => {}
        // Line ends may differ, and where in it a line is.
        (None, None) if name.ends_with(".dist-info/WHEEL") && theirs.lines == ours.lines => {}
        (None, None) if name.ends_with(".dist-info/WHEEL") => {
            found.push((UNLISTED, format!("lines {:?} and {:?}", theirs.lines, ours.lines)));
        }
        (None, None) if name.contains(".data/scripts/") && theirs.digest != ours.digest => {
            found.push(("scripts", "scripts that start a moved program".to_owned()));
        }
        _ if theirs.digest != ours.digest => found.push((UNLISTED, "contents".to_owned())),
        _ => {}
    }
    found
}

fn linkages(theirs: &Linkage, ours: &Linkage) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if theirs.relr && !ours.relr {
        found.push(("relr", "DT_RELR is lowered".to_owned()));
    } else if theirs.relr != ours.relr {
        found.push((UNLISTED, "DT_RELR".to_owned()));
    }
    let mut unlisted = |what: &str, theirs: String, ours: String| {
        if theirs != ours {
            found.push((UNLISTED, format!("{what} {theirs} and {ours}")));
        }
    };
    unlisted("DT_SONAME", format!("{:?}", theirs.soname), format!("{:?}", ours.soname));
    unlisted("DT_NEEDED", format!("{:?}", theirs.needed), format!("{:?}", ours.needed));
    unlisted("DT_VERNEED", format!("{:?}", theirs.versions_of), format!("{:?}", ours.versions_of));
    if theirs.run_paths != ours.run_paths {
        let paths = format!("run paths {:?} and {:?}", theirs.run_paths, ours.run_paths);
        let stale = |path: &str| path.split(':').any(|entry| !entry.starts_with("$ORIGIN"));
        let dropped = ours.run_paths.is_empty() && theirs.run_paths.iter().all(|(_, path)| stale(path));
        found.push((if dropped { "stale-run-paths" } else { UNLISTED }, paths));
    }
    found
}
