//! Predicted against loaded, counted.

use super::survey::Load;

/// The four cells of one musl release, and what stands beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    pub release: &'static str,
    /// Said to load, and loads.
    pub good: usize,
    /// Said to load, and fails: a failure that was missed.
    pub missed: usize,
    /// Said to fail, and loads: a false alarm.
    pub alarm: usize,
    /// Said to fail, and fails.
    pub bad: usize,
    /// Loaded or not, and not mentioned.
    pub unmentioned: usize,
    /// Loads that say nothing.
    pub artefacts: usize,
}

impl Matrix {
    /// One for each release, in the order in which they come.
    pub fn count(loads: &[Load]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for load in loads {
            let position =
                all.iter().position(|matrix| matrix.release == load.release).unwrap_or_else(|| {
                    all.push(Self::new(load.release));
                    all.len() - 1
                });
            let matrix = &mut all[position];
            let cell = match (load.artefact.is_some(), load.predicted, load.loaded()) {
                (true, ..) => &mut matrix.artefacts,
                (_, Some(true), true) => &mut matrix.good,
                (_, Some(true), false) => &mut matrix.missed,
                (_, Some(false), true) => &mut matrix.alarm,
                (_, Some(false), false) => &mut matrix.bad,
                (_, None, _) => &mut matrix.unmentioned,
            };
            *cell += 1;
        }
        all
    }

    fn new(release: &'static str) -> Self {
        Self { release, good: 0, missed: 0, alarm: 0, bad: 0, unmentioned: 0, artefacts: 0 }
    }

    /// How many loads went as predicted, and of how many that can be compared.
    pub fn agreement(&self) -> (usize, usize) {
        let agree = self.good + self.bad;
        (agree, agree + self.missed + self.alarm + self.unmentioned)
    }
}

/// As a Markdown table, which can be read in a terminal too.
pub fn table(matrices: &[Matrix]) -> String {
    let mut text = "\
| musl | predicted | loaded | failed |
|------|-----------|-------:|-------:|
"
    .to_owned();
    for matrix in matrices {
        let mut row = |predicted: &str, loaded: usize, failed: usize| {
            text.push_str(&format!("| {} | {predicted:<9} | {loaded:>6} | {failed:>6} |\n", matrix.release));
        };
        row("loads", matrix.good, matrix.missed);
        row("fails", matrix.alarm, matrix.bad);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::loaders::Outcome;
    use super::*;

    #[test]
    fn every_load_is_counted_once() {
        let load = |release, predicted, loaded, artefact| Load {
            wheel: "w".to_owned(),
            member: "m".to_owned(),
            release,
            predicted,
            outcome: if loaded { Outcome::Loaded } else { Outcome::Failed("no".to_owned()) },
            artefact: Option::from(artefact).filter(|artefact| *artefact).map(|_: bool| "why".to_owned()),
        };
        let loads = [
            load("1.2.3", Some(true), true, false),
            load("1.2.3", Some(false), false, false),
            load("1.2.3", Some(false), true, false),
            load("1.2.3", Some(true), false, true),
            load("1.2.5", Some(true), false, false),
            load("1.2.5", None, true, false),
        ];
        let matrices = Matrix::count(&loads);
        assert_eq!(matrices.len(), 2);
        assert_eq!(matrices[0].agreement(), (2, 3));
        assert_eq!((matrices[0].alarm, matrices[0].artefacts), (1, 1));
        assert_eq!(matrices[1].agreement(), (0, 2));
        assert_eq!((matrices[1].missed, matrices[1].unmentioned), (1, 1));
        assert!(table(&matrices).contains("| 1.2.3 | fails     |      1 |      1 |"));
    }
}
