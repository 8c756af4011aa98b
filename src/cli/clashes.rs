//! Wheels of one call whose results would lie where another one's result or another input lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use muslrepair::repair::Receipt;
use muslrepair::repair::RepairError;
use rayon::prelude::*;

use super::batch::{Planned, Ready};
use super::inputs;

/// Why a wheel is not carried out because of another one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Clash {
    /// It is the file that the other one gives, byte for byte: a result of an earlier call.
    Result(usize),
    /// Its result is the input that is there already, byte for byte.
    There(Box<Receipt>),
    /// Its result would replace the other one, which is another wheel.
    Replaces(usize),
    /// The other one, which comes first, gives the same file.
    Collision(usize),
}

/// The clashes of a call, by the index of the wheel that gives way.
pub(super) struct Clashes(BTreeMap<usize, Clash>);

impl Clashes {
    /// Decides before anything is written. `made` makes the result of a wheel and says whether the file at the path is
    /// that, byte for byte; where that cannot be found out, the wheel fails.
    pub(super) fn among(
        wheels: &[PathBuf],
        planned: &mut [Option<Result<Planned, RepairError>>],
        directory: &Path,
        made: impl Fn(&Ready, &Path) -> Result<Option<Receipt>, RepairError> + Sync,
    ) -> Self {
        let mut inputs: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, wheel) in wheels.iter().enumerate() {
            for place in inputs::places(wheel) {
                inputs.entry(place).or_default().push(index);
            }
        }
        let compared: Vec<_> = (planned.par_iter())
            .with_max_len(1)
            .enumerate()
            .map(|(index, planned)| {
                let Some(Ok(Planned::Ready(ready))) = planned else { return None };
                // What is renamed to a link takes the place of the link, not of what it leads to.
                let path = directory.join(ready.plan.output.to_string());
                let there = inputs.get(inputs::places(&path).first()?)?;
                let others: Vec<usize> = there.iter().copied().filter(|other| *other != index).collect();
                (!others.is_empty()).then(|| (others, made(ready, &path)))
            })
            .collect();
        let mut clashes = BTreeMap::new();
        let mut replacing = Vec::new();
        for ((index, compared), planned) in compared.into_iter().enumerate().zip(planned.iter_mut()) {
            match compared {
                None => {}
                Some((_, Err(error))) => *planned = Some(Err(error)),
                Some((others, Ok(None))) => replacing.extend(others.first().map(|other| (index, *other))),
                // Of two that are each what the other gives, the first is carried out.
                Some(_) if clashes.contains_key(&index) => {}
                Some((others, Ok(Some(receipt)))) => {
                    // A link of another name is another wheel, with a result of its own.
                    let name = receipt.path.file_name().map(ToOwned::to_owned);
                    let named = |other: &usize| {
                        wheels.get(*other).map(|wheel| wheel.file_name()) == Some(name.as_deref())
                    };
                    for other in others.into_iter().filter(named) {
                        clashes.entry(other).or_insert(Clash::Result(index));
                    }
                    clashes.insert(index, Clash::There(Box::new(receipt)));
                }
            }
        }
        for (index, other) in replacing {
            clashes.entry(index).or_insert(Clash::Replaces(other));
        }
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        for (index, planned) in planned.iter().enumerate() {
            let Some(Ok(Planned::Ready(ready))) = planned else { continue };
            if !matches!(clashes.get(&index), None | Some(Clash::There(_))) {
                continue;
            }
            let first = *first.entry(ready.plan.output.to_string()).or_insert(index);
            if first != index {
                clashes.insert(index, Clash::Collision(first));
            }
        }
        Self(clashes)
    }

    pub(super) fn of(&self, index: usize) -> Option<&Clash> {
        self.0.get(&index)
    }
}
