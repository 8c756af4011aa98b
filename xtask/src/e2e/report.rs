//! `docs/loader-check.md`: the results of the whole check, to read.

use std::fs;

use anyhow::Result;

use super::damaged::Damaged;
use super::loaders::Outcome;
use super::matrix::{self, Matrix};
use super::repaired::{Repair, Verdict};
use super::site::Site;
use super::survey::Survey;
use crate::process::root;

/// What is known after the whole check.
pub struct Results<'a> {
    pub date: Option<&'a str>,
    pub sites: &'a [Site],
    pub survey: &'a Survey,
    pub matrices: &'a [Matrix],
    /// None if that was not asked for.
    pub repairs: Option<&'a [Repair]>,
    /// None if that was not asked for.
    pub damaged: Option<&'a [Damaged]>,
}

/// Writes the page.
pub fn write(results: &Results) -> Result<()> {
    let path = root().join("docs/loader-check.md");
    fs::create_dir_all(root().join("docs"))?;
    fs::write(&path, page(results))?;
    println!("wrote {}", path.display());
    Ok(())
}

fn page(results: &Results) -> String {
    let when = results.date.map_or(String::new(), |date| format!(" on {date}"));
    let wheels = results.sites.len();
    let mut text = format!(
        "<!-- Written by `cargo xtask e2e loader --repaired --damaged`. -->\n\n# Predicted and really loaded\n\n\
         `muslrepair verify` says of every module of a wheel on which musl releases it loads. This page holds that against \
         musl itself{when}: every module of {wheels} published wheels, each in a process of its own with \
         `dlopen(…, RTLD_NOW)` as Python does it, under the loaders of Debian's musl packages (1.2.3 and 1.2.5). \
         CPython's API and zlib are stand-ins whose functions do nothing; constructors do run, and a crash counts as a failure. \
         `verify` must also object to exactly the wheels of which a module loads nowhere.\n\n\
         {}\n",
        matrix::table(results.matrices)
    );
    for matrix in results.matrices {
        let (agree, of) = matrix.agreement();
        text.push_str(&format!("musl {}: {agree} of {of} loads went as predicted.\n", matrix.release));
    }
    text.push_str(&artefacts(results.survey));
    if let Some(repairs) = results.repairs {
        text.push_str(&repaired(repairs));
    }
    if let Some(damaged) = results.damaged {
        text.push_str(&broken(damaged));
    }
    text.push_str(&failures(results.survey));
    text.push_str(&list(results));
    text
}

fn artefacts(survey: &Survey) -> String {
    let mut text = String::new();
    for load in &survey.loads {
        if let Some(reason) = &load.artefact {
            text.push_str(&format!(
                "* `{}` of {} on musl {}: {reason}\n",
                load.member, load.wheel, load.release
            ));
        }
    }
    match text.is_empty() {
        true => "No load was left out.\n".to_owned(),
        false => format!("\nLeft out, because the load says nothing about the module:\n\n{text}"),
    }
}

fn repaired(repairs: &[Repair]) -> String {
    let mut text = "\n## Repaired\n\n\
        Wheels with `DT_RELR`, which musl before 1.2.4 ignores: how many of their modules load on 1.2.3 as published, and after \
        `muslrepair repair`.\n\n\
        | wheel | as published | repaired |\n|---|---:|---:|\n"
        .to_owned();
    for repair in repairs {
        let (before, after) = match &repair.result {
            Verdict::Loads { modules, before } => (before.to_string(), modules.to_string()),
            Verdict::Refused(_) => ("0".to_owned(), "refused: loads on no release".to_owned()),
            Verdict::Wrong(wrong) => ("?".to_owned(), format!("wrong: {}", wrong.join("; "))),
        };
        text.push_str(&format!("| {} | {before} | {after} |\n", repair.wheel));
    }
    text
}

fn broken(all: &[Damaged]) -> String {
    let mut text = "\n## Broken on purpose\n\n\
        The small ones of these wheels, with one thing broken in each. Weak symbols need not be found, and a library's \
        run path can be void as long as those of the objects that need it lead on.\n\n\
        | what is broken | wheels | loads | of them fail | as predicted |\n|---|---:|---:|---:|---:|\n"
        .to_owned();
    for damaged in all {
        let (failed, of) = damaged.failed();
        let right = of - damaged.survey.disagreements().count();
        let (what, wheels) = (damaged.damage.name(), damaged.wheels);
        text.push_str(&format!("| {what} | {wheels} | {of} | {failed} | {right} |\n"));
    }
    text
}

/// Every load that failed, in the loader's words; modules of one wheel that fail alike on one line.
fn failures(survey: &Survey) -> String {
    let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
    for load in &survey.loads {
        let Outcome::Failed(why) = &load.outcome else { continue };
        let predicted = match load.predicted {
            Some(false) => "fails",
            Some(true) => "loads",
            None => "nothing",
        };
        let why = why.lines().next().unwrap_or_default().replace(&load.member, "…").replace('|', "\\|");
        let end = format!("{} | {predicted} | {why}", load.release);
        let key = format!("{}\n{end}", load.wheel);
        match rows.iter_mut().find(|(found, _)| *found == key) {
            Some((_, members)) => members.push(&load.member),
            None => rows.push((key, vec![&load.member])),
        }
    }
    let mut text =
        "\n## What failed\n\n| wheel | module | musl | predicted | what happened |\n|---|---|---|---|---|\n"
            .to_owned();
    for (key, members) in rows {
        let (wheel, end) = key.split_once('\n').unwrap_or_default();
        let more = match members.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        text.push_str(&format!("| {wheel} | `{}`{more} | {end} |\n", members[0]));
    }
    text
}

fn list(results: &Results) -> String {
    let mut text =
        "\n## The wheels\n\n| wheel | modules | load on 1.2.3 | load on 1.2.5 |\n|---|---:|---:|---:|\n"
            .to_owned();
    for site in results.sites {
        let count = |release: &str, loaded_only: bool| {
            let loads = results.survey.loads.iter();
            loads
                .filter(|load| load.wheel == site.file && load.release == release)
                .filter(|load| load.loaded() || !loaded_only)
                .count()
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            site.file,
            count("1.2.5", false),
            count("1.2.3", true),
            count("1.2.5", true)
        ));
    }
    text
}
