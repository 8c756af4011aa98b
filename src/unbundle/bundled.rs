//! The libraries that were grafted into a wheel.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Audit;
use crate::error::Error;
use crate::repair::original_names;
use crate::resolve::{Graph, Object};
use crate::wheel::{Wheel, WheelPath};

use super::reason::Reason;
use super::system::Counterpart;

/// The suffix of directories of grafts, whichever tool made them: `demo.libs`, and `demo/.libs` from older
/// tools.
const DIRECTORY: &str = ".libs";

/// A library in a directory of grafts.
pub(super) struct Bundled {
    /// The member.
    pub(super) path: WheelPath,
    /// Its size, uncompressed, in bytes.
    pub(super) size: u64,
    /// The library that may replace it, or the reason why none may, regardless of the others.
    pub(super) counterpart: Result<Counterpart, Reason>,
}

impl Bundled {
    /// Whether it may be removed when nothing in the wheel needs it any more: not if it is opened by its
    /// path, or was requested to be kept.
    pub(super) fn may_go(&self) -> bool {
        let stays = |reason: &Reason| {
            matches!(
                reason,
                Reason::Opened | Reason::Named { .. } | Reason::Requested { .. } | Reason::NotSelected
            )
        };
        !self.counterpart.as_ref().is_err_and(stays)
    }
}

/// The libraries in directories of grafts, as indices into the graph of the audit, with their members and
/// sizes.
pub(super) fn libraries(audit: &Audit) -> BTreeMap<usize, (WheelPath, u64)> {
    let in_libs =
        |path: &WheelPath| path.parent().is_some_and(|parent| parent.file_name().ends_with(DIRECTORY));
    let members = audit.elf.members().filter(|(_, path, ..)| in_libs(path));
    let libraries = members
        .filter(|(index, .., object)| !audit.elf.graph.is_program(*index) && !object.is_extension_module());
    libraries.map(|(index, path, _, object)| (index, (path.clone(), object.size))).collect()
}

/// The libraries that no other object needs by name, directly or indirectly. They can only be opened by their
/// path.
pub(super) fn opened(graph: &Graph, libraries: &BTreeSet<usize>, members: &[usize]) -> BTreeSet<usize> {
    let own = members.iter().copied().filter(|index| !libraries.contains(index));
    let mut reached = reach(graph, own, |_| true);
    let needed: BTreeSet<usize> = libraries
        .iter()
        .filter_map(|index| Some((*index, graph.objects.get(*index)?)))
        .flat_map(|(index, object)| object.edges().map(move |(_, target)| (index, target)))
        .filter(|(index, target)| index != target)
        .map(|(_, target)| target)
        .collect();
    let mut opened = BTreeSet::new();
    // In a cycle of libraries that need each other, the first counts as the one that is opened.
    let heads = libraries.iter().filter(|index| !needed.contains(*index));
    for index in heads.chain(libraries) {
        if !reached.contains(index) {
            opened.insert(*index);
            reached.extend(reach(graph, [*index], |_| true));
        }
    }
    opened
}

/// The closure of `starts`, which it includes, through objects for which `through` is true.
pub(super) fn reach(
    graph: &Graph,
    starts: impl IntoIterator<Item = usize>,
    through: impl Fn(usize) -> bool,
) -> BTreeSet<usize> {
    let mut queue: Vec<usize> = starts.into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(index) = queue.pop() {
        if through(index) && reached.insert(index) {
            queue.extend(
                graph.objects.get(index).into_iter().flat_map(Object::edges).map(|(_, target)| target),
            );
        }
    }
    reached
}

/// The Python files that contain the names of libraries, by library: they may open them by their path.
///
/// # Errors
///
/// If a member cannot be read.
pub(super) fn named_in_code(
    wheel: &Wheel,
    libraries: &BTreeMap<usize, (WheelPath, u64)>,
) -> Result<BTreeMap<usize, WheelPath>, Error> {
    let names: Vec<(usize, &str)> =
        libraries.iter().map(|(index, (path, _))| (*index, spoken_name(path.file_name()))).collect();
    let mut named = BTreeMap::new();
    let code =
        wheel.members().iter().filter(|member| !member.is_dir && member.path.as_str().ends_with(".py"));
    for member in code {
        let text = wheel.read(&member.path)?;
        for (index, name) in &names {
            if !named.contains_key(index) && memchr::memmem::find(&text, name.as_bytes()).is_some() {
                named.insert(*index, member.path.clone());
            }
        }
    }
    Ok(named)
}

/// The text that code needs to name a library: its name up to the first dot, if that contains a hash, because
/// the rest may be composed.
fn spoken_name(file_name: &str) -> &str {
    let stem = file_name.split('.').next().unwrap_or(file_name);
    let is_hashed = original_names(file_name).first().is_some_and(|name| name != file_name);
    if is_hashed { stem } else { file_name }
}
