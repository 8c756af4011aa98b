//! `wrong-tag`: `WHEEL` and the file name have different tags.

use std::collections::BTreeSet;

use crate::audit::finding::{Code, Finding, Severity};
use crate::audit::subject::{Package, Subject};
use crate::audit::wheel_kind::WheelKind;
use crate::escaped::Escaped;

use super::rule::{Concern, Rule};

pub(super) const RULE: Rule = Rule {
    code: Code::new("wrong-tag"),
    severity: Severity::Error,
    concern: Concern::Packaging,
    fixed_by_repair: true,
    summary: "`WHEEL` and the file name have different tags.",
    explanation: "\
The `Tag` lines of `WHEEL` say which Pythons and platforms a wheel is for, one line for each combination of the tags
in the file name, and `Build` repeats the build tag. Installers choose a wheel by its file name; tools that read the
installed metadata, such as `pip check`, use `WHEEL`, or `WHEEL.json` if the wheel has one. If the file was only
renamed, the two differ.",
    source: "PEP 427, \"File contents\"; PEP 425, \"Compressed Tag Sets\"; PEP 819 (a draft) for `WHEEL.json`.",
    symptom: None,
    fix: "\
If the wheel has ELF files, `muslrepair repair` writes the tags of the new file name into `WHEEL`. `wheel tags`
changes name and metadata together.",
    check,
};

fn check(audit: &Subject<'_>) -> Vec<Finding> {
    let Some(package) = audit.package else { return Vec::new() };
    let has_build = package.wheel.filename().build().is_some();
    let messages = [
        (tags(package), true),
        (build(package), has_build),
        (json_tags(package), true),
        (json_build(package), has_build),
    ];
    let found = messages.into_iter().filter_map(|(message, repaired)| {
        let mut finding = RULE.finding(audit.name, message?);
        finding.fixed_by_repair = repaired && package.kind == WheelKind::Platform;
        Some(match finding.fixed_by_repair {
            true => finding.with_hint(format!("{} makes them agree", audit.repair_command())),
            false => finding.with_hint("build the wheel again"),
        })
    });
    found.collect()
}

/// The message about different tags.
fn tags(package: Package<'_>) -> Option<String> {
    let listed = package.wheel.info().tag_set();
    let named: BTreeSet<String> = package.wheel.filename().tags().into_iter().collect();
    let joined = |tags: &BTreeSet<String>| tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let says = match listed.is_empty() {
        true => "names no tag".to_owned(),
        false => format!("says {}", joined(&listed)),
    };
    let dist_info = package.wheel.dist_info();
    (listed != named).then(|| format!("`{dist_info}/WHEEL` {says}, the file name {}", joined(&named)))
}

/// The message about different build tags.
fn build(package: Package<'_>) -> Option<String> {
    let (listed, named) = (package.wheel.info().build(), package.wheel.filename().build());
    let text = |build: Option<&str>| build.map_or_else(|| "none".to_owned(), |build| format!("`{build}`"));
    let dist_info = package.wheel.dist_info();
    let differs =
        format!("`{dist_info}/WHEEL` has the build tag {}, the file name {}", text(listed), text(named));
    (listed != named).then_some(differs)
}

/// The message about different tags in `WHEEL.json` (PEP 819).
fn json_tags(package: Package<'_>) -> Option<String> {
    let json = package.wheel.info_json()?;
    let listed = json.tags().map(BTreeSet::from_iter);
    let named: BTreeSet<String> = package.wheel.filename().tags().into_iter().collect();
    let joined = |tags: &BTreeSet<String>| tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let says = listed.as_ref().map_or("names no tag".to_owned(), |tags| format!("says {}", joined(tags)));
    let dist_info = package.wheel.dist_info();
    (listed.as_ref() != Some(&named))
        .then(|| format!("`{dist_info}/WHEEL.json` {}, the file name {}", Escaped(&says), joined(&named)))
}

/// The message about a different build tag in `WHEEL.json`.
fn json_build(package: Package<'_>) -> Option<String> {
    let listed = package.wheel.info_json()?.build();
    let named = package.wheel.filename().build();
    let text = |build: Option<&str>| {
        build.map_or_else(|| "none".to_owned(), |build| format!("`{}`", Escaped(build)))
    };
    let dist_info = package.wheel.dist_info();
    let (has, name) = (text(listed.as_deref()), text(named));
    (listed.as_deref() != named)
        .then(|| format!("`{dist_info}/WHEEL.json` has the build tag {has}, the file name {name}"))
}
