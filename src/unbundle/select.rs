//! Selects the largest set of grafts that can be replaced together.

use std::collections::{BTreeMap, BTreeSet};

use super::conflicts::Conflict;
use super::reason::Reason;

/// The number of grafts for which all combinations are tried, if some can be replaced only without others.
/// Six need at most 63 trials.
const TRY_ALL: usize = 6;

/// The selected grafts, and the reason for each of the others.
pub(super) struct Choice {
    pub(super) replaced: BTreeSet<usize>,
    pub(super) kept: BTreeMap<usize, Reason>,
}

/// The largest set of candidates without a conflict: candidates that can never be replaced are dropped, and
/// of the others as many as possible are kept. Of sets of equal size, the one with the first candidates is
/// selected. If too many are uncertain to try all combinations, each is added in turn if it fits, together
/// with those that it needs.
///
/// # Errors
///
/// The errors of `conflicts`.
pub(super) fn choose<E>(
    candidates: BTreeSet<usize>,
    needs: &BTreeMap<usize, BTreeSet<usize>>,
    conflicts: impl Fn(&BTreeSet<usize>) -> Result<Vec<Conflict>, E>,
) -> Result<Choice, E> {
    let mut choice = Choice { replaced: candidates, kept: BTreeMap::new() };
    let mut in_doubt: BTreeSet<usize> = BTreeSet::new();
    while !choice.replaced.is_empty() {
        let mut found = conflicts(&choice.replaced)?;
        if found.is_empty() {
            break;
        }
        if found.iter().any(|conflict| conflict.settled) {
            found.retain(|conflict| conflict.settled);
        }
        for Conflict { graft, reason, settled } in found {
            if choice.replaced.remove(&graft) && !settled {
                in_doubt.insert(graft);
            }
            choice.kept.entry(graft).or_insert(reason);
        }
    }
    let more = match in_doubt.len() {
        0 | 1 => BTreeSet::new(),
        2..=TRY_ALL => largest(&choice.replaced, &in_doubt, &conflicts)?,
        _ => one_by_one(&choice.replaced, &in_doubt, needs, &conflicts)?,
    };
    choice.kept.retain(|graft, _| !more.contains(graft));
    choice.replaced.extend(more);
    Ok(choice)
}

/// The largest combination of uncertain candidates that fits.
fn largest<E>(
    replaced: &BTreeSet<usize>,
    in_doubt: &BTreeSet<usize>,
    conflicts: &impl Fn(&BTreeSet<usize>) -> Result<Vec<Conflict>, E>,
) -> Result<BTreeSet<usize>, E> {
    let all: Vec<usize> = in_doubt.iter().copied().collect();
    let mut combinations: Vec<BTreeSet<usize>> = (1u32..1 << all.len())
        .map(|bits| {
            all.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, graft)| *graft).collect()
        })
        .collect();
    combinations.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    for combination in combinations {
        if conflicts(&replaced.union(&combination).copied().collect())?.is_empty() {
            return Ok(combination);
        }
    }
    Ok(BTreeSet::new())
}

/// The uncertain candidates that fit when added in turn, each with those that it needs, until no more fit.
fn one_by_one<E>(
    replaced: &BTreeSet<usize>,
    in_doubt: &BTreeSet<usize>,
    needs: &BTreeMap<usize, BTreeSet<usize>>,
    conflicts: &impl Fn(&BTreeSet<usize>) -> Result<Vec<Conflict>, E>,
) -> Result<BTreeSet<usize>, E> {
    let mut added: BTreeSet<usize> = BTreeSet::new();
    loop {
        let before = added.len();
        for graft in in_doubt {
            if added.contains(graft) {
                continue;
            }
            let mut more: BTreeSet<usize> = needs.get(graft).into_iter().flatten().copied().collect();
            more.retain(|other| in_doubt.contains(other));
            more.insert(*graft);
            more.extend(&added);
            if conflicts(&replaced.union(&more).copied().collect())?.is_empty() {
                added = more;
            }
        }
        if added.len() == before {
            return Ok(added);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Test conflicts: for every replaced candidate of these groups unless its whole group is replaced, and
    /// for all in one of these pairs.
    fn chosen(count: usize, together: &[&[usize]], apart: &[(usize, usize)]) -> Vec<usize> {
        let conflict = |graft: usize| Conflict { graft, reason: Reason::Opened, settled: false };
        let conflicts = |replaced: &BTreeSet<usize>| -> Result<Vec<Conflict>, Infallible> {
            let halves = together.iter().filter(|group| !group.iter().all(|graft| replaced.contains(graft)));
            let halves =
                halves.flat_map(|group| group.iter()).filter(|graft| replaced.contains(graft)).copied();
            let pairs = apart.iter().filter(|(a, b)| replaced.contains(a) && replaced.contains(b));
            Ok(halves.chain(pairs.flat_map(|(a, b)| [*a, *b])).map(conflict).collect())
        };
        let needs = (0..count)
            .map(|graft| {
                (
                    graft,
                    together
                        .iter()
                        .filter(|group| group.contains(&graft))
                        .flat_map(|g| g.iter().copied())
                        .collect(),
                )
            })
            .collect();
        let choice = choose((0..count).collect(), &needs, conflicts).unwrap();
        assert_eq!(choice.replaced.len() + choice.kept.len(), count);
        choice.replaced.into_iter().collect()
    }

    #[test]
    fn the_largest_set_that_fits_is_chosen() {
        assert_eq!(chosen(3, &[], &[]), [0, 1, 2]);
        assert_eq!(chosen(3, &[], &[(0, 1), (0, 2)]), [1, 2]);
        assert_eq!(chosen(2, &[], &[(0, 1)]), [0]);
        assert_eq!(chosen(4, &[&[0, 1], &[2, 3]], &[(0, 2)]), [0, 1]);
        assert_eq!(chosen(3, &[&[0, 9]], &[]), [1, 2]);
    }

    #[test]
    fn of_many_in_doubt_all_that_fit_in_turn_are_chosen() {
        let pairs: Vec<(usize, usize)> = (0..5).map(|graft| (graft, graft + 5)).collect();
        assert_eq!(chosen(10, &[], &pairs), [0, 1, 2, 3, 4]);
        assert_eq!(chosen(10, &[&[0, 9]], &pairs), [0, 1, 2, 3, 9]);
    }
}
