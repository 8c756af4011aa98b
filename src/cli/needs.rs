//! `needs`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use muslrepair::Error;
use muslrepair::audit::{AuditOptions, ElfAudit, Need, audit, audit_tree, needs};
use muslrepair::report::{self, Failure};
use muslrepair::resolve::{ApkDatabase, Pattern, Resolver, SystemPackages};
use muslrepair::wheel::Wheel;
use serde::Serialize;

use super::env::Environment;
use super::exit::Exit;
use super::heading;
use super::inputs;
use super::inputs::Subject;
use super::limits::LimitArgs;
use super::owners::{Owners, Reasons};
use super::search::SearchArgs;
use super::term::{CliError, Terminal};

#[derive(Debug, Args)]
pub(super) struct NeedsArgs {
    /// Wheels, directories of wheels, or installed trees
    ///
    /// A tree is a directory of installed files, such as site-packages.
    #[arg(required = true, value_name = "WHEEL|TREE", value_hint = ValueHint::FilePath)]
    subjects: Vec<PathBuf>,
    /// Print so, pkg or json [default: so]
    ///
    /// `so` prints names that apk resolves, such as so:libffi.so.8. `pkg` prints the packages that provide them, from the
    /// apk database of the root file system. `json` prints one document.
    #[arg(long, value_name = "FORMAT", default_value = "so", help_heading = heading::OUTPUT)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    format: NeedsFormat,
    /// Leave out matching libraries (repeatable)
    #[arg(long, value_name = "PATTERN", help_heading = heading::OUTPUT)]
    exclude: Vec<Pattern>,
    /// Also print what needs each library
    ///
    /// Modules are printed with the wheels that they belong to.
    #[arg(long, help_heading = heading::OUTPUT)]
    why: bool,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How the list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum NeedsFormat {
    So,
    Pkg,
    Json,
}

/// The needs of all subjects, by the needed name and the file that has it.
type Needs = BTreeMap<(String, Option<String>), Need>;

#[derive(Serialize)]
struct List<'a> {
    /// What was looked at.
    subjects: Vec<String>,
    needs: &'a [Need],
    /// What could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<serde_json::Value>,
}

/// Findings because of which there may be more to install than is listed.
const UNKNOWN: [&str; 2] = ["glibc-object", "limit-exceeded"];

pub(super) fn run(
    arguments: &NeedsArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let subjects = inputs::subjects(&arguments.subjects)?;
    let resolver = arguments.search.resolver(environment, Vec::new(), false, arguments.limits.limits())?;
    let packages = SystemPackages::read(arguments.search.sysroot())?;
    let mut list: Needs = BTreeMap::new();
    let mut reasons = Reasons::default();
    let mut worst = Exit::Success;
    let (mut examined, mut errors) = (Vec::new(), Vec::new());
    for subject in &subjects {
        match examine(subject, &resolver) {
            Ok(elf) => {
                examined.push(subject.display_name());
                let needs = needs(&elf, &packages);
                if arguments.why {
                    let owners = Owners::of(subject);
                    needs.iter().for_each(|need| reasons.add(need, &owners));
                }
                merge(&mut list, needs);
                for finding in elf.findings.iter().filter(|finding| UNKNOWN.contains(&finding.code.as_str()))
                {
                    terminal.warning(&format!("{}: {}", subject.display_name(), finding.message));
                    finding.hint.iter().for_each(|hint| terminal.hint(hint));
                    worst = Exit::Failure;
                }
            }
            Err(error) => {
                errors.push(report::error_document(&subject.display_name(), &Failure::from(&error))?);
                terminal.wheel_error("read", &subject.display_name(), &Failure::from(&error));
                worst = Exit::Failure;
            }
        }
    }
    for pattern in &arguments.exclude {
        let before = list.len();
        list.retain(|(library, _), _| !pattern.matches(library));
        if list.len() == before && errors.is_empty() {
            terminal.warning(&format!("`--exclude {pattern}` matched nothing"));
        }
    }
    let list: Vec<Need> = list.into_values().collect();
    // A list that goes into `apk add` is whole, or there is none.
    let mut unfit = false;
    for need in &list {
        if let Some(problem) = &need.problem {
            let by = need.needed_by.first().map_or("", String::as_str);
            terminal.error(&format!("`{by}` needs `{}`; {problem}", need.library));
            (unfit, worst) = (true, Exit::Failure);
        }
    }
    match arguments.format {
        NeedsFormat::So | NeedsFormat::Pkg if unfit => {}
        NeedsFormat::So => {
            let lines = list.iter().filter_map(|need| Some((need, need.token.as_deref()?)));
            print(terminal, lines, arguments.why.then_some(&reasons))?;
        }
        // Reported once, and not for each library.
        NeedsFormat::Pkg if packages.database.is_none() && !list.is_empty() => {
            let [place, other] = ApkDatabase::PLACES;
            let root = packages.root.root().display();
            terminal.error(&format!("no apk database in `{root}`: neither `{place}` nor `{other}` exists"));
            terminal
                .hint("`--sysroot DIR` names an Alpine root file system; `--format so` needs no database");
            worst = Exit::Failure;
        }
        NeedsFormat::Pkg => {
            let lines = list.iter().filter_map(|need| Some((need, need.package.as_deref()?)));
            print(terminal, lines, arguments.why.then_some(&reasons))?;
            for need in list.iter().filter(|need| need.package.is_none()) {
                let by = need.needed_by.first().map_or("", String::as_str);
                let token = need.token.as_deref().unwrap_or(&need.library);
                terminal.error(&format!("no installed package provides `{token}`, needed by `{by}`"));
                terminal.hint(&format!("`apk add {token}` installs it"));
                worst = Exit::Failure;
            }
        }
        NeedsFormat::Json => {
            let list = List { subjects: examined, needs: &list, errors };
            terminal.indented_document(&report::document("needs", &list)?)?;
        }
    }
    Ok(worst)
}

fn examine(subject: &Subject, resolver: &Resolver) -> Result<ElfAudit, Error> {
    let options = AuditOptions::default();
    match subject {
        Subject::Tree(path) => audit_tree(path, resolver, &options, &resolver.options().limits),
        Subject::Wheel(path) => {
            let wheel = Wheel::open(path, &resolver.options().limits)?;
            Ok(audit(&wheel, resolver, &options)?.elf)
        }
    }
}

fn merge(list: &mut Needs, more: Vec<Need>) {
    for need in more {
        match list.entry((need.library.clone(), need.path.clone())) {
            Entry::Occupied(mut known) => known.get_mut().needed_by.extend(need.needed_by),
            Entry::Vacant(place) => {
                place.insert(need);
            }
        }
    }
}

/// One a line, each once; nothing at all for an empty list, so that `xargs -r` does nothing. With reasons, each line has one.
fn print<'a>(
    terminal: &Terminal,
    needs: impl Iterator<Item = (&'a Need, &'a str)>,
    reasons: Option<&Reasons>,
) -> Result<(), CliError> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (need, line) in needs {
        let why = reasons.map_or_else(Vec::new, |reasons| reasons.of(need));
        lines.entry(line).or_default().extend(why);
    }
    if lines.is_empty() {
        return Ok(());
    }
    match reasons {
        Some(_) => terminal.print(report::needs_text(&lines, terminal.is_verbose())),
        None => terminal.result(&lines.into_keys().map(|line| format!("{line}\n")).collect::<String>()),
    }
}
