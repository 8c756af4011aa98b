//! Findings for people: those of one wheel with their evidence, those of several wheels by rule.

use std::collections::BTreeMap;

use crate::audit::{Code, Finding, Severity, rules};

use super::styled::{StyledLine, StyledText, Tone};

/// Findings of at least this severity, the worst first, with details and hints.
#[must_use]
pub fn findings_text(all: &[Finding], least: Severity) -> StyledText {
    let mut text = StyledText::default();
    let mut findings: Vec<&Finding> = all.iter().filter(|finding| finding.severity >= least).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        text.add(headline(StyledLine::default().column(2), finding).hanging(6));
        for detail in &finding.details {
            text.add(StyledLine::default().column(6).piece(Tone::Faint, detail).hanging(8));
        }
        if let Some(hint) = &finding.hint {
            text.add(hint_line(hint, 6));
        }
    }
    text
}

/// The findings of one wheel in a few lines: the first of each rule, the worst rules first.
pub(super) fn shortened_findings(all: &[Finding]) -> StyledText {
    /// Few enough rules for the answer to take a third of a screen.
    const MOST: usize = 4;
    /// The length of two lines, in characters.
    const LONGEST: usize = 160;
    let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, Code), (&Finding, usize)> = BTreeMap::new();
    for finding in all.iter().filter(|finding| finding.severity >= Severity::Warning) {
        let group = groups.entry((std::cmp::Reverse(finding.severity), finding.code)).or_insert((finding, 0));
        group.1 += 1;
    }
    let mut text = StyledText::default();
    for (finding, count) in groups.values().take(MOST) {
        let mut first = (*finding).clone();
        let rule = rules::find(first.code.as_str());
        if let (Some(rule), true) = (rule, first.message.chars().count() > LONGEST) {
            // A message starts with the objects and ends with the problem.
            let (summary, object) = (rule.summary.trim_end_matches('.'), &first.object);
            first.message = match first.count {
                ..=1 => format!("{summary}: `{object}`"),
                count => format!("{summary}: {count} objects, the first is `{object}`"),
            };
        }
        let line = headline(StyledLine::default().column(2), &first);
        let line = if *count > 1 { line.plain(format!(" (and {} more)", count - 1)) } else { line };
        text.add(line.hanging(6));
        if let Some(hint) = finding.hint.as_ref().filter(|_| *count == 1) {
            text.add(hint_line(hint, 6));
        }
    }
    if groups.len() > MOST {
        let more = plural(groups.len() - MOST, "rule", "rules");
        text.add(StyledLine::default().column(2).plain(format!("{more} more; `--verbose` shows everything")));
    }
    text
}

/// Appends `error[relr]: ...` to a line.
fn headline(line: StyledLine, finding: &Finding) -> StyledLine {
    let label = format!("{}[{}]", finding.severity, finding.code);
    line.piece(tone(finding.severity), label).plain(format!(": {}", finding.message))
}

fn hint_line(hint: &str, column: usize) -> StyledLine {
    StyledLine::default()
        .column(column)
        .piece(Tone::Hint, "hint")
        .plain(format!(": {hint}"))
        .hanging(column + 6)
}

/// The tone of a severity.
pub(super) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Error,
        Severity::Warning => Tone::Warning,
        Severity::Note => Tone::Plain,
    }
}

/// The findings of one wheel in its line of a list: the first error with its message, and other rules by
/// name.
pub(super) fn in_one_line(line: StyledLine, findings: &[Finding]) -> StyledLine {
    let first = findings.iter().find(|finding| finding.severity == Severity::Error);
    let Some(first) = first else {
        let mut warnings: Vec<Code> = Vec::new();
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
            if !warnings.contains(&finding.code) {
                warnings.push(finding.code);
            }
        }
        return warnings.iter().enumerate().fold(line, |line, (number, code)| {
            line.plain(if number > 0 { ", " } else { "" }).piece(Tone::Warning, format!("warning[{code}]"))
        });
    };
    let others = findings.iter().filter(|finding| finding.severity >= Severity::Warning).count() - 1;
    let line = headline(line, first);
    if others > 0 { line.plain(format!(" (and {others} more)")) } else { line }
}

/// `3 errors, 1 warning`; empty if there are neither.
pub(super) fn counted(errors: usize, warnings: usize) -> Vec<String> {
    let counts = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, what)| plural(count, what, &format!("{what}s"))).collect()
}

/// `1 wheel`, `2 wheels`.
pub(super) fn plural(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// `2 wheels and 1 tree`.
pub(super) fn subjects(wheels: usize, trees: usize) -> String {
    let counts = [
        (wheels > 0).then(|| plural(wheels, "wheel", "wheels")),
        (trees > 0).then(|| plural(trees, "tree", "trees")),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// The first few names without duplicates, and the number of the others.
pub(super) fn names(all: &[String]) -> String {
    /// As many as fit on a line.
    const MOST: usize = 6;
    let mut names: Vec<&str> = Vec::new();
    for name in all {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The findings of several wheels by their rules.
#[derive(Clone, Debug, Default)]
pub struct FindingGroups {
    groups: BTreeMap<(std::cmp::Reverse<Severity>, Code), Group>,
}

#[derive(Clone, Debug)]
struct Group {
    first: Finding,
    wheels: Vec<String>,
    /// Whether all findings of the rule have the same hint.
    one_hint: bool,
}

impl FindingGroups {
    /// Adds the errors and warnings of a wheel with this name.
    pub fn add(&mut self, wheel: &str, findings: &[Finding]) {
        for finding in findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            let key = (std::cmp::Reverse(finding.severity), finding.code);
            let new = || Group { first: finding.clone(), wheels: Vec::new(), one_hint: true };
            let group = self.groups.entry(key).or_insert_with(new);
            group.one_hint &= group.first.hint == finding.hint;
            if group.wheels.last().is_none_or(|last| last != wheel) {
                group.wheels.push(wheel.to_owned());
            }
        }
    }

    /// The code of the worst broken rule.
    pub(super) fn first_code(&self) -> Option<Code> {
        self.groups.keys().next().map(|(_, code)| *code)
    }

    /// A line for each rule, the worst first, with its hint if all findings have the same one.
    #[must_use]
    pub fn text(&self) -> StyledText {
        /// Few enough to see a list of wheels and these lines at once.
        const MOST: usize = 6;
        let mut text = StyledText::default();
        for ((severity, code), group) in self.groups.iter().take(MOST) {
            let label = format!("{}[{code}]", severity.0);
            let first = group.wheels.first().map_or("", String::as_str);
            let wheels = match group.wheels.len() {
                1 => format!(" in {first}"),
                count => format!(" in {count} wheels, first in {first}"),
            };
            let line = StyledLine::default().piece(tone(severity.0), label);
            let line = line.plain(format!("{wheels}: {}", group.first.message));
            text.add(line.hanging(4));
            if let Some(hint) = group.first.hint.as_ref().filter(|_| group.one_hint) {
                text.add(hint_line(hint, 4));
            }
        }
        if self.groups.len() > MOST {
            let more = plural(self.groups.len() - MOST, "rule", "rules");
            text.add(StyledLine::default().plain(format!("{more} more; `--verbose` shows everything")));
        }
        text
    }
}
