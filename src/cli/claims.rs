//! Detects wheels of one call whose results would overwrite an input or each other.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use muslrepair::repair::{PlatformChoice, RepairError, RepairOptions, RepairResult};
use muslrepair::wheel::{PlatformTag, WheelFilename};

use super::inputs;
use super::outcome::{OutputConflict, WheelOutcome};

/// Records which wheel writes which file. Only the names of wheels are kept.
///
/// An input is never replaced by the result of another one. If it already has exactly the bytes of that
/// result, it is the result of an earlier call and need not be repaired.
pub(super) struct OutputClaims<'a> {
    wheels: &'a [PathBuf],
    directory: &'a Path,
    /// The inputs at a path, or that link to it.
    inputs: BTreeMap<PathBuf, Vec<usize>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Names of results, and the wheels that claimed them.
    claimed: BTreeMap<String, usize>,
    /// Inputs that are results of other inputs.
    results: BTreeMap<usize, usize>,
}

/// The action for a wheel that has claimed its file.
pub(super) enum Claim {
    /// Write the file.
    Write,
    /// Nothing: the file already exists, and is an input.
    Keep(Box<RepairResult>),
}

impl<'a> OutputClaims<'a> {
    pub(super) fn new(wheels: &'a [PathBuf], directory: &'a Path) -> Self {
        let mut inputs: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, wheel) in wheels.iter().enumerate() {
            for place in inputs::places(wheel) {
                inputs.entry(place).or_default().push(index);
            }
        }
        Self { wheels, directory, inputs, state: Mutex::default() }
    }

    /// The wheels in the order in which they claim their files, and whether each may be the result of another
    /// one. Those that may are last, and among them those with a build tag: what they are is known only after
    /// the others are planned.
    pub(super) fn order(&self, options: &RepairOptions) -> Vec<(usize, bool)> {
        let names: Vec<Option<WheelFilename>> =
            self.wheels.iter().map(|wheel| wheel.file_name()?.to_str()?.parse().ok()).collect();
        let mut counts = BTreeMap::new();
        for name in names.iter().flatten() {
            *counts.entry(identity(name)).or_insert(0) += 1;
        }
        let may_be_a_result = |index: usize, name: &Option<WheelFilename>| {
            let named = name.as_ref().filter(|name| may_be_given(name, options));
            named.is_some_and(|name| counts.get(&identity(name)) > Some(&1) && self.is_output(index))
        };
        let mut order: Vec<(usize, bool)> =
            names.iter().enumerate().map(|(index, name)| (index, may_be_a_result(index, name))).collect();
        let has_build = |index: usize| names.get(index).and_then(|name| name.as_ref()?.build()).is_some();
        order.sort_by_key(|(index, last)| (*last, *last && has_build(*index)));
        order
    }

    /// Whether an input is at the path of a result with its name.
    fn is_output(&self, index: usize) -> bool {
        let name = self.wheels.get(index).and_then(|wheel| wheel.file_name());
        let place = name.and_then(|name| inputs::places(&self.directory.join(name)).into_iter().next());
        let there = place.and_then(|place| self.inputs.get(&place));
        there.is_some_and(|inputs| inputs.contains(&index))
    }

    /// The wheel whose result this one is, as far as known.
    pub(super) fn result_of(&self, index: usize) -> Option<usize> {
        self.state().results.get(&index).copied()
    }

    /// Claims a file for the result of a wheel, after all earlier wheels have claimed theirs or failed.
    /// `compare` makes the result and returns it if the file at the path has exactly its bytes.
    ///
    /// # Errors
    ///
    /// The outcome of the wheel if there is nothing to write.
    pub(super) fn claim(
        &self,
        index: usize,
        output: &str,
        compare: impl FnOnce(&Path) -> Result<Option<RepairResult>, RepairError>,
    ) -> Result<Claim, WheelOutcome> {
        if let Some(other) = self.result_of(index) {
            return Err(WheelOutcome::ResultOf(other));
        }
        if let Some(other) = self.state().claimed.get(output) {
            return Err(WheelOutcome::Conflict(OutputConflict::SameOutput(*other, output.to_owned())));
        }
        let path = self.directory.join(output);
        let others = self.others(index, &path);
        let claim = match others.first() {
            None => Claim::Write,
            Some(first) => match compare(&path).map_err(WheelOutcome::Failed)? {
                Some(result) => Claim::Keep(Box::new(result)),
                None => return Err(WheelOutcome::Conflict(OutputConflict::ReplacesInput(*first))),
            },
        };
        let mut state = self.state();
        state.claimed.insert(output.to_owned(), index);
        // A link with another name is another wheel, with its own result.
        let named = |other: &usize| {
            self.wheels.get(*other).and_then(|wheel| wheel.file_name()) == Some(OsStr::new(output))
        };
        state.results.extend(others.into_iter().filter(named).map(|other| (other, index)));
        Ok(claim)
    }

    /// The other inputs at a path. Renaming a file to a link replaces the link, not its target.
    fn others(&self, index: usize, path: &Path) -> Vec<usize> {
        let place = inputs::places(path).into_iter().next();
        let there = place.and_then(|place| self.inputs.get(&place));
        there.into_iter().flatten().copied().filter(|other| *other != index).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parts of a name that a repair does not change.
pub(super) fn identity(name: &WheelFilename) -> (&str, &str, &[String], &[String]) {
    (name.distribution(), name.version(), name.python_tags(), name.abi_tags())
}

/// Whether a repair may produce this name: it has no `linux` tag, unless tags are kept.
fn may_be_given(name: &WheelFilename, options: &RepairOptions) -> bool {
    let keeps = matches!(options.platform, PlatformChoice::Tag(PlatformTag::Linux(_)));
    let given = |tag: &PlatformTag| matches!(tag, PlatformTag::Musllinux { .. } | PlatformTag::Any);
    keeps || !options.update_tags || name.platforms().iter().any(given)
}
