//! `docs/loader-check.md`: a page with the results of the complete check.

use super::damage::Damaged;
use super::repaired::Repair;
use super::site::Site;
use super::survey::Survey;
use crate::page::Table;

/// The results of the complete check; `None` for parts that were not requested.
pub struct Results<'a> {
    pub sites: &'a [Site],
    pub survey: &'a Survey,
    pub repairs: &'a [Repair],
    pub damaged: &'a [Damaged],
}

impl Results<'_> {
    /// All wrong predictions, one sentence each.
    pub fn wrong(&self) -> Vec<String> {
        let repairs = self.repairs.iter().flat_map(|repair| repair.wrong.iter().cloned());
        let damaged = self.damaged.iter().flat_map(|damaged| {
            damaged.survey.wrong().into_iter().map(|sentence| format!("{}: {sentence}", damaged.what))
        });
        self.survey.wrong().into_iter().chain(repairs).chain(damaged).collect()
    }
}

pub fn page(results: &Results) -> String {
    let mut text = format!(
        "<!-- Written by `cargo xtask e2e loader --repaired --damaged`. -->\n\n# Predicted and really loaded\n\n\
         `muslrepair verify` says of every module of a wheel on which musl releases it loads. This page holds that against \
         musl itself: every module of {} published wheels, each in a process of its own with \
         `dlopen(…, RTLD_NOW)` as Python does it, under the loaders of Debian's musl packages (1.2.3 and 1.2.5). \
         CPython's API and zlib are stand-ins whose functions do nothing; constructors do run, and a crash counts as a failure. \
         `verify` must also object to exactly the wheels of which a module loads nowhere.\n\n",
        results.sites.len(),
    );
    text.push_str(&matrix(results.survey));
    if !results.repairs.is_empty() {
        text.push_str(
            "\n## Repaired\n\n\
             Wheels with `DT_RELR`, which musl before 1.2.4 ignores: how many of their modules load on 1.2.3 as published, and after \
             `muslrepair repair`.\n\n",
        );
        let mut table = Table::new("wheel | >as published | >repaired");
        for repair in results.repairs {
            let after =
                if repair.refused { "refused: loads on no release" } else { &repair.after.to_string() };
            table.row(&[&*repair.wheel, &repair.before.to_string(), after]);
        }
        text.push_str(&table.finish());
    }
    if !results.damaged.is_empty() {
        text.push_str(
            "\n## Broken on purpose\n\n\
             The small ones of these wheels, with one thing broken in each. Weak symbols need not be found, and a library's \
             run path can be void as long as those of the objects that need it lead on.\n\n",
        );
        let mut table = Table::new("what is broken | >wheels | >loads | >of them fail | >as predicted");
        for damaged in results.damaged {
            let loads = &damaged.survey.loads;
            let failed = loads.iter().filter(|load| !load.loaded()).count();
            let right = loads.iter().filter(|load| !load.disagrees()).count();
            let counts = [damaged.wheels, loads.len(), failed, right].map(|count| count.to_string());
            table.row(&[&[damaged.what.to_owned()], &counts[..]].concat());
        }
        text.push_str(&table.finish());
    }
    text.push_str(&failures(results.survey));
    text.push_str("\n## The wheels\n\n");
    let mut table = Table::new("wheel | >modules | >load on 1.2.3 | >load on 1.2.5");
    for site in results.sites {
        let count = |release: &str, all: bool| {
            let loads = results.survey.of(&site.file).filter(|load| load.release == release);
            loads.filter(|load| all || load.loaded()).count().to_string()
        };
        table.row(&[site.file.clone(), count("1.2.5", true), count("1.2.3", false), count("1.2.5", false)]);
    }
    text + &table.finish()
}

/// Counts of predictions and results, for each release.
fn matrix(survey: &Survey) -> String {
    let mut table = Table::new("musl | predicted | >loaded | >failed");
    let mut sentences = String::new();
    let mut releases: Vec<&str> = survey.loads.iter().map(|load| load.release).collect();
    releases.sort_unstable();
    releases.dedup();
    for release in releases {
        let loads = || survey.loads.iter().filter(move |load| load.release == release);
        for word in ["loads", "fails", "nothing"] {
            let count =
                |loaded| loads().filter(|load| load.word() == word && load.loaded() == loaded).count();
            let (loaded, failed) = (count(true), count(false));
            if word != "nothing" || loaded + failed > 0 {
                table.row(&[release, word, &loaded.to_string(), &failed.to_string()]);
            }
        }
        let (agree, of) = (loads().filter(|load| !load.disagrees()).count(), loads().count());
        sentences.push_str(&format!("musl {release}: {agree} of {of} loads went as predicted.\n"));
    }
    format!("{}\n{sentences}", table.finish())
}

/// Every load that failed, with the loader's message; equal failures of one wheel share a line.
fn failures(survey: &Survey) -> String {
    let mut rows: Vec<([String; 4], Vec<&str>)> = Vec::new();
    for load in &survey.loads {
        let Some(why) = &load.failure else { continue };
        let why = why.lines().next().unwrap_or_default().replace(&load.member, "…").replace('|', "\\|");
        let key = [load.wheel.clone(), load.release.to_owned(), load.word().to_owned(), why];
        match rows.iter_mut().find(|(found, _)| *found == key) {
            Some((_, members)) => members.push(&load.member),
            None => rows.push((key, vec![&load.member])),
        }
    }
    let mut table = Table::new("wheel | module | musl | predicted | what happened");
    for ([wheel, release, predicted, why], members) in rows {
        let more = match members.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        table.row(&[wheel, format!("`{}`{more}", members[0]), release, predicted, why]);
    }
    format!("\n## What failed\n\n{}", table.finish())
}

#[cfg(test)]
mod tests {
    use super::super::survey::{Load, Survey};
    use super::matrix;

    #[test]
    fn every_load_is_counted_once() {
        let load = |release, predicted, loaded: bool| Load {
            release,
            predicted,
            failure: (!loaded).then(|| "no".to_owned()),
            ..Load::default()
        };
        let loads = vec![
            load("1.2.3", Some(true), true),
            load("1.2.3", Some(false), false),
            load("1.2.3", Some(false), true),
            load("1.2.5", Some(true), false),
            load("1.2.5", None, true),
        ];
        let text = matrix(&Survey { loads, complaints: Vec::new() });
        assert!(text.contains("| 1.2.3 | fails | 1 | 1 |\n| 1.2.5 | loads | 0 | 1 |\n"), "{text}");
        assert!(
            text.contains("musl 1.2.3: 2 of 3 loads") && text.contains("musl 1.2.5: 0 of 2 loads"),
            "{text}"
        );
        assert!(text.contains("| 1.2.5 | nothing | 1 | 0 |"), "{text}");
    }
}
