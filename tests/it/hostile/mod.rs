//! Hostile wheels and root file systems. The program gives the expected answer in every case, without a
//! panic, without changing anything outside the output directory, and within limits of time and memory.
//!
//! `docs/hostile.md` is the table of these cases; with `MUSLREPAIR_BLESS=1` the test writes it.

mod archives;
mod costly;
mod logs;
mod metadata;
mod objects;
mod roots;
mod scene;
mod table;

use std::time::Duration;

use scene::{Scene, Watched};

/// A hostile input.
struct Case {
    /// Its description in the table.
    what: &'static str,
    /// The expected answer.
    answer: Answer,
    /// Options besides the input and output.
    options: &'static [&'static str],
    /// Adds it to a scene.
    make: fn(&Scene),
}

/// The answer of the program to an input.
#[derive(Clone, Copy)]
enum Answer {
    /// Exit status 1, nothing written; standard error contains all of these texts.
    Refused(&'static [&'static str]),
    /// Harmless: the wheel is repaired like any other; standard error contains all of these texts.
    Repaired(&'static [&'static str]),
}

const fn refused(what: &'static str, said: &'static [&'static str], make: fn(&Scene)) -> Case {
    Case { what, answer: Answer::Refused(said), options: &[], make }
}

const fn harmless(what: &'static str, said: &'static [&'static str], make: fn(&Scene)) -> Case {
    Case { what, answer: Answer::Repaired(said), options: &[], make }
}

impl Case {
    const fn with(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }
}

/// A group of cases, under a heading of the table.
struct Group {
    title: &'static str,
    cases: &'static [Case],
}

const GROUPS: &[Group] =
    &[archives::GROUP, metadata::GROUP, objects::GROUP, costly::GROUP, roots::GROUP, logs::GROUP];

/// The most processor time for a case in an optimised build; an unoptimised one takes about ten times as
/// long.
const TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

/// The most memory for a case, in bytes.
const MEMORY: u64 = 256 << 20;

/// The most output of a case, in bytes.
const OUTPUT: usize = 4 << 20;

fn check(case: &Case) -> Result<(), String> {
    let scene = Scene::new();
    (case.make)(&scene);
    let Watched { run, time, memory, changed, outputs } = scene.watch(case.options);
    let mut wrong = Vec::new();
    let (status, said) = match case.answer {
        Answer::Refused(said) => (1, said),
        Answer::Repaired(said) => (0, said),
    };
    if run.status != Some(status) {
        wrong.push(format!("status {:?}, not {status}", run.status));
    }
    for text in said.iter().filter(|text| !run.stderr.contains(**text)) {
        wrong.push(format!("it does not say `{text}`"));
    }
    if run.stderr.contains("panicked") {
        wrong.push("it panicked".to_owned());
    }
    // No control characters may reach a terminal.
    if run.stderr.chars().any(|c| c.is_control() && c != '\n') {
        wrong.push("control characters in its messages".to_owned());
    }
    let is_command =
        |line: &str| line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[");
    if run.stderr.lines().any(is_command) {
        wrong.push("a command to the service that reads the log".to_owned());
    }
    if run.stderr.len() > OUTPUT {
        wrong.push(format!("it printed {} bytes", run.stderr.len()));
    }
    if !changed.is_empty() {
        wrong.push(format!("it changed {changed:?}"));
    }
    let wanted = usize::from(status == 0);
    if outputs.len() != wanted {
        wrong.push(format!("its outputs are {outputs:?}"));
    }
    if time > TIME {
        wrong.push(format!("it took {time:?}"));
    }
    if memory > MEMORY {
        wrong.push(format!("it took {} MiB", memory >> 20));
    }
    if std::env::var_os("MUSLREPAIR_FIGURES").is_some() {
        println!("{:>6} ms {:>4} MiB  {}", time.as_millis(), memory >> 20, case.what);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{}: {}\n{}", case.what, wrong.join("; "), run.stderr))
}

/// One test that runs the cases one after the other, because some inputs are large.
#[test]
fn every_hostile_input_gets_its_answer() {
    let filter = std::env::var("MUSLREPAIR_CASE").unwrap_or_default();
    let cases = GROUPS.iter().flat_map(|group| group.cases).filter(|case| case.what.contains(&filter));
    let wrong: Vec<String> = cases.filter_map(|case| check(case).err()).collect();
    assert!(wrong.is_empty(), "{} of the cases:\n{}", wrong.len(), wrong.join("\n"));
}
