//! Wheels of one call that would give the same file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use muslrepair::Error;

use super::batch::Planned;

/// Why a wheel is not carried out because of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// It is the file that the other one gives: a result of an earlier call.
    Result(usize),
    /// The other one, which comes first, gives the same file.
    Collision(usize),
}

/// The clashes of a call, by the index of the wheel that gives way.
pub(super) struct Clashes(BTreeMap<usize, Clash>);

impl Clashes {
    pub(super) fn among(
        wheels: &[PathBuf],
        planned: &[Option<Result<Planned, Error>>],
        directory: &Path,
    ) -> Self {
        let inputs: BTreeMap<PathBuf, usize> = (wheels.iter().enumerate())
            .filter_map(|(index, wheel)| Some((place(wheel.parent()?, wheel.file_name()?.as_ref())?, index)))
            .collect();
        let outputs: Vec<(usize, String)> = (planned.iter().enumerate())
            .filter_map(|(index, planned)| match planned {
                Some(Ok(Planned::Ready(ready))) => Some((index, ready.plan.output.to_string())),
                _ => None,
            })
            .collect();
        let mut clashes = BTreeMap::new();
        for (index, output) in &outputs {
            let result = place(directory, output.as_ref()).and_then(|place| inputs.get(&place));
            if let Some(result) = result.filter(|result| *result != index)
                && !clashes.contains_key(index)
            {
                clashes.insert(*result, Clash::Result(*index));
            }
        }
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, output) in &outputs {
            if clashes.contains_key(index) {
                continue;
            }
            let first = *first.entry(output).or_insert(*index);
            if first != *index {
                clashes.insert(*index, Clash::Collision(first));
            }
        }
        Self(clashes)
    }

    pub(super) fn of(&self, index: usize) -> Option<Clash> {
        self.0.get(&index).copied()
    }
}

/// Where a name lies, whatever the way that leads there; `None` where there is no such directory.
fn place(directory: &Path, name: &Path) -> Option<PathBuf> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    Some(std::fs::canonicalize(directory).ok()?.join(name))
}
