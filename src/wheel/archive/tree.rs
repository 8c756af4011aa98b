//! Checks for collisions between members: in the archive, and where they are installed.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::error::{MemberRule, WheelError};
use crate::wheel::layout::{InstallLocation, Scheme};
use crate::wheel::metadata::path::WheelPath;

/// Checks that names can be unpacked side by side on any file system: no name twice, none that differs from
/// another only in case, no file that is also a directory.
pub(super) fn check_tree<'a>(
    members: impl Iterator<Item = (&'a WheelPath, bool)> + Clone,
) -> Result<(), WheelError> {
    let mut files: HashSet<&str> = HashSet::new();
    let mut folded: HashMap<String, &WheelPath> = HashMap::new();
    for (path, is_dir) in members.clone() {
        if let Some(other) = folded.insert(path.as_str().to_lowercase(), path) {
            let rule = if other == path { MemberRule::Duplicate } else { MemberRule::Case(other.clone()) };
            return Err(WheelError::member(path.as_str(), rule));
        }
        if !is_dir {
            files.insert(path.as_str());
        }
    }
    for (path, _) in members {
        let mut ancestor = path.as_str();
        while let Some((parent, _)) = ancestor.rsplit_once('/') {
            if files.contains(parent) {
                return Err(WheelError::member(parent, MemberRule::FileAndDirectory(path.clone())));
            }
            ancestor = parent;
        }
    }
    Ok(())
}

/// A path of the installed tree, ignoring case.
type Key = (Scheme, String);

/// The installed paths of the files of a wheel.
#[derive(Debug, Default)]
pub(super) struct Places {
    files: BTreeMap<Key, WheelPath>,
    /// The paths of files below the prefix, as seen from another scheme.
    aliases: BTreeMap<Key, WheelPath>,
}

impl Places {
    /// Checks that the files of a wheel can be installed side by side. If two have one path, pip keeps one of
    /// them, and `installer` fails. They come from the root and a data directory, or from two data
    /// directories.
    pub(super) fn of<'a>(
        members: impl Iterator<Item = &'a WheelPath> + Clone,
        data_dir: &str,
    ) -> Result<Self, WheelError> {
        let mut places = Self::default();
        for member in members.clone() {
            let key = key(&InstallLocation::of(member, data_dir)?);
            if let Some(other) = places.files.insert(key, member.clone()) {
                return Err(WheelError::member(member.as_str(), MemberRule::SamePlace(other)));
            }
        }
        // Members of the root alone have been checked by their names.
        let data: Vec<&WheelPath> = members.filter(|member| member.top() == data_dir).collect();
        for member in &data {
            let Some(alias) = below_prefix(&InstallLocation::of(member, data_dir)?) else { continue };
            if let Some(other) = places.files.get(&alias) {
                return Err(WheelError::member(member.as_str(), MemberRule::SamePlace(other.clone())));
            }
            places.aliases.insert(alias, (*member).clone());
        }
        if !data.is_empty() {
            places.check_directories()?;
        }
        Ok(places)
    }

    /// The file installed at this path, or at one that differs only in case.
    pub(super) fn file(&self, place: &InstallLocation) -> Option<&WheelPath> {
        let key = key(place);
        let here = self.files.get(&key).or_else(|| self.aliases.get(&key));
        here.or_else(|| self.files.get(&below_prefix(place)?))
    }

    /// No file may be the directory of another one.
    fn check_directories(&self) -> Result<(), WheelError> {
        for ((scheme, path), member) in &self.files {
            let mut ancestor = path.as_str();
            while let Some((parent, _)) = ancestor.rsplit_once('/') {
                if let Some(file) = self.files.get(&(*scheme, parent.to_owned())) {
                    let rule = MemberRule::FileAndDirectory(member.clone());
                    return Err(WheelError::member(file.as_str(), rule));
                }
                ancestor = parent;
            }
        }
        Ok(())
    }
}

fn key(place: &InstallLocation) -> Key {
    (place.scheme, place.path.as_str().to_lowercase())
}

/// A file below the prefix may be inside site-packages or among the programs.
fn below_prefix(place: &InstallLocation) -> Option<Key> {
    let (Scheme::Data, path) = key(place) else { return None };
    if let Some(program) = path.strip_prefix("bin/") {
        return Some((Scheme::Scripts, program.to_owned()));
    }
    let (_, rest) = path.strip_prefix("lib/python")?.split_once('/')?;
    Some((Scheme::Site, rest.strip_prefix("site-packages/")?.to_owned()))
}
