//! `wrong-script`: programs that installers create in different ways.

use crate::audit::finding::{Code, Finding, Severity, first_few, subject};
use crate::audit::subject::{Package, Subject};
use crate::wheel::{Scheme, is_interpreter, leads_elsewhere};

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-script"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: false,
    summary: "Installers create different programs from the wheel.",
    explanation: "\
An installer creates programs in two ways: it copies the files in `.data/scripts`, and it writes a script for each
entry of `console_scripts` and `gui_scripts` in `entry_points.txt`. pip reads that file with `importlib.metadata`, uv
by the rules of Python's `configparser`. They create different programs, or none, if the file has an indented line, a
comment with `;`, a repeated section or name, or a value that is not `module:function`. If a file and an entry have
the same name, either may be installed. uv also refuses programs whose name points to another directory or is that of
an interpreter (`python3`), and directories in `.data/scripts`.",
    source: "\
The entry points specification; PEP 427, \"The .data directory\"; `importlib.metadata`, `configparser`; pip's
`_internal/operations/install/wheel.py`; uv's `uv-install-wheel`.",
    symptom: Some("The wheel is invalid: `entry_points.txt` is invalid: duplicate option at line 3"),
    fix: "\
Give each program one plain name, and write one line `name = module:function` for each in `entry_points.txt`; then
build the wheel again.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let (entries, members) = (package.wheel.entry_points(), programs(package));
    let text = format!("`{}/entry_points.txt`", package.wheel.dist_info());
    let mut findings = Vec::new();
    if let Some((line, rule)) = entries.wrong {
        findings.push(RULE.finding(audit.name, format!("{text}, line {line}: {rule}")));
    }
    let named = |is_wrong: fn(&str) -> bool| -> Vec<&str> {
        entries.scripts.iter().map(String::as_str).filter(|name| is_wrong(name)).collect()
    };
    for (names, what) in [
        (named(leads_elsewhere), "has scripts whose names point to another directory"),
        (named(is_interpreter), "has scripts with the names of interpreters"),
    ] {
        if !names.is_empty() {
            findings.push(RULE.finding(audit.name, format!("{text} {what}: {}", first_few(&names))));
        }
    }
    let scripts: Vec<String> = entries.scripts.iter().map(|name| name.to_lowercase()).collect();
    let files = |is_wrong: &dyn Fn(&str) -> bool| -> Vec<&str> {
        let wrong = members.iter().filter(|(_, program)| is_wrong(program));
        wrong.map(|(member, _)| member.as_str()).collect()
    };
    for (files, singular, plural) in [
        (
            files(&|program| scripts.iter().any(|script| *script == program.to_lowercase())),
            "has the name of a script in `entry_points.txt`",
            "have the names of scripts in `entry_points.txt`",
        ),
        (files(&is_interpreter), "has the name of an interpreter", "have the names of interpreters"),
        (
            files(&|program| program.contains('/')),
            "is in a directory of its own",
            "are in directories of their own",
        ),
    ] {
        if !files.is_empty() {
            findings.push(RULE.finding_about(&files, subject(&files, singular, plural)));
        }
    }
    findings
}

/// The members that are installed as programs, with the programs' names.
fn programs(package: Package<'_>) -> Vec<(String, String)> {
    let members = package.wheel.members().iter().filter(|member| !member.is_dir);
    let places = members.filter_map(|member| Some((&member.path, package.wheel.place(&member.path).ok()?)));
    let programs = places.filter_map(|(member, place)| {
        let program = match place.scheme {
            Scheme::Scripts => place.path.as_str().to_owned(),
            Scheme::Data => {
                // Directories below the prefix are no matter of scripts.
                place.path.as_str().strip_prefix("bin/").filter(|program| !program.contains('/'))?.to_owned()
            }
            _ => return None,
        };
        Some((member.to_string(), program))
    });
    programs.collect()
}
