//! A summary of a call in Markdown, for the page of a CI job (`$GITHUB_STEP_SUMMARY`).
//!
//! Names and messages come from wheels of strangers: each is written so that neither Markdown, HTML nor Mermaid sees more
//! in it than text.

use std::fmt::Write as _;

use crate::audit::rules::find;
use crate::audit::{Audit, ElfAudit, Finding, Severity};
use crate::escaped::Escaped;
use crate::musl::MuslRelease;
use crate::repair::Plan;
use crate::resolve::SystemPackages;

use super::failure::Failure;
use super::human_size;
use super::mermaid::Diagram;

/// How much is appended at most, in bytes. GitHub shows 1 MiB for each step, and drops all of a step that has more.
pub const LARGEST_SUMMARY: usize = 900 << 10;

/// A value longer than this says nothing more, in characters.
const LONGEST_VALUE: usize = 300;

/// What a summary says of one wheel or tree.
#[derive(Clone, Debug, Default)]
pub struct SummaryEntry {
    /// The wheel's file name or the tree's path.
    pub name: String,
    /// What became of it: `repaired`, `ok`, `failed`.
    pub outcome: String,
    /// The oldest Alpine on which it loads and pip installs it.
    pub alpine: Option<String>,
    /// What was grafted.
    grafts: Vec<GraftRow>,
    /// Warnings and errors.
    pub findings: Vec<Finding>,
    /// Why it failed, a line for each thing.
    pub failure: Vec<String>,
    /// Its libraries as they were, and as they are after a repair.
    diagrams: Vec<(&'static str, Diagram)>,
}

#[derive(Clone, Debug)]
struct GraftRow {
    library: String,
    package: String,
    license: String,
    size: u64,
}

impl SummaryEntry {
    /// What there is to say of a wheel that is repaired with this plan.
    #[must_use]
    pub fn of_repair(audit: &Audit, plan: &Plan, packages: &SystemPackages) -> Self {
        let grafts = plan.grafts.iter().map(|graft| {
            let package = packages.owner_of(&graft.source, graft.in_sysroot);
            GraftRow {
                library: graft.member.file_name().to_owned(),
                package: package
                    .map_or_else(String::new, |package| format!("{} {}", package.name, package.version)),
                license: package.and_then(|package| package.license.clone()).unwrap_or_default(),
                size: graft.size,
            }
        });
        let elf = &audit.elf;
        let minimum = if plan.is_copy() { &elf.minimum_musl } else { &elf.minimum_musl_repaired };
        let promised = crate::audit::promised_musl(plan.output.platforms());
        let mut diagrams = vec![("Libraries before", Diagram::of(elf))];
        if !plan.grafts.is_empty() {
            diagrams.push(("Libraries after", Diagram::after(elf, plan)));
        }
        Self {
            name: plan.output.to_string(),
            alpine: plan.target.as_ref().and_then(|_| oldest_alpine(elf, minimum.version, promised)),
            grafts: grafts.collect(),
            findings: plan.findings.clone(),
            diagrams,
            ..Self::default()
        }
    }

    /// What there is to say of a wheel or tree that could not be read.
    #[must_use]
    pub fn failed(name: String, failure: &Failure) -> Self {
        let Failure { lines, findings, .. } = failure.clone();
        Self { name, outcome: "failed".to_owned(), failure: lines, findings, ..Self::default() }
    }

    /// What there is to say of a wheel or tree that was verified.
    #[must_use]
    pub fn of_verify(name: String, elf: &ElfAudit, findings: &[Finding]) -> Self {
        Self {
            name,
            alpine: oldest_alpine(elf, elf.minimum_musl.version, elf.promised_musl),
            findings: findings.to_vec(),
            diagrams: vec![("Libraries", Diagram::of(elf))],
            ..Self::default()
        }
    }
}

/// The first Alpine whose musl is as new as what loading needs and what the tag promises.
fn oldest_alpine(elf: &ElfAudit, needed: Option<MuslRelease>, promised: MuslRelease) -> Option<String> {
    let alpine = needed.filter(|_| !elf.modules.is_empty())?.max(promised).first_alpine(elf.arch)?;
    Some(alpine.to_string())
}

/// The summary of a call of this command, at most `room` bytes.
#[must_use]
pub fn summary_markdown(command: &str, entries: &[SummaryEntry], room: usize) -> String {
    let mut page = Page { text: String::new(), room: room.min(LARGEST_SUMMARY), full: false };
    page.add(&format!("## muslrepair {command}\n\n{}\n\n", totals(entries)));
    page.table(
        "| wheel | result | oldest Alpine | grafted | problems |\n|---|---|---|---:|---|\n",
        entries.iter().map(row),
    );
    let grafts = entries.iter().flat_map(|entry| entry.grafts.iter().map(move |graft| (entry, graft)));
    page.table(
        "### Grafted libraries\n\n| library | package | license | size | wheel |\n|---|---|---|---:|---|\n",
        grafts.map(|(entry, graft)| {
            format!(
                "| {} | {} | {} | {} | {} |\n",
                markdown(&graft.library),
                or_dash(&graft.package),
                or_dash(&graft.license),
                human_size(graft.size),
                markdown(&entry.name)
            )
        }),
    );
    problems(entries, &mut page);
    for entry in entries {
        for (title, diagram) in entry.diagrams.iter().filter(|(_, diagram)| !diagram.is_empty()) {
            page.add(&format!(
                "<details><summary>{title}: {}</summary>\n\n{}\n</details>\n\n",
                markdown(&entry.name),
                diagram.mermaid()
            ));
        }
    }
    page.finish()
}

/// Text that stays within its room. What does not fit is left out, and everything behind it.
struct Page {
    text: String,
    room: usize,
    full: bool,
}

const LEFT_OUT: &str = "\n\nThe rest is left out: a summary is at most 1 MiB.\n";

impl Page {
    /// Adds a part, whole or not at all.
    fn add(&mut self, part: &str) {
        self.full |= self.text.len() + part.len() + LEFT_OUT.len() > self.room;
        if !self.full {
            self.text.push_str(part);
        }
    }

    /// Adds a table, if it has rows.
    fn table(&mut self, head: &str, rows: impl Iterator<Item = String>) {
        let mut rows = rows.peekable();
        if rows.peek().is_some() {
            self.add(head);
            rows.for_each(|row| self.add(&row));
            self.add("\n");
        }
    }

    fn finish(mut self) -> String {
        if self.full && self.text.len() + LEFT_OUT.len() <= self.room {
            self.text.push_str(LEFT_OUT);
        }
        self.text
    }
}

fn totals(entries: &[SummaryEntry]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for entry in entries {
        match counts.iter_mut().find(|(outcome, _)| *outcome == entry.outcome) {
            Some((_, count)) => *count += 1,
            None => counts.push((&entry.outcome, 1)),
        }
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(outcome, count)| format!("{count} {}", markdown(outcome))).collect();
    format!("{}: {}", plural(entries.len(), "wheel"), counts.join(", "))
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn row(entry: &SummaryEntry) -> String {
    let alpine = entry.alpine.as_deref().map_or_else(|| "-".to_owned(), markdown);
    let grafted = match entry.grafts.as_slice() {
        [] => "-".to_owned(),
        grafts => {
            let bytes = grafts.iter().map(|graft| graft.size).fold(0, u64::saturating_add);
            format!("{} ({})", grafts.len(), human_size(bytes))
        }
    };
    let of =
        |severity: Severity| entry.findings.iter().filter(|finding| finding.severity == severity).count();
    let errors = of(Severity::Error).max(usize::from(!entry.failure.is_empty()));
    let counts = [(errors, "error"), (of(Severity::Warning), "warning")];
    let counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(count, noun)).collect();
    let problems = if counts.is_empty() { "-".to_owned() } else { counts.join(", ") };
    format!(
        "| {} | {} | {alpine} | {grafted} | {problems} |\n",
        markdown(&entry.name),
        markdown(&entry.outcome)
    )
}

/// Errors and warnings, each with its explanation behind a fold.
fn problems(entries: &[SummaryEntry], page: &mut Page) {
    let mut has_heading = false;
    for entry in entries {
        let shown = entry.findings.iter().filter(|finding| finding.severity > Severity::Note);
        let mut parts: Vec<String> = shown.map(|finding| problem(entry, finding)).collect();
        // What was found is said by the findings already.
        if entry.findings.is_empty() {
            parts.extend(
                entry
                    .failure
                    .iter()
                    .map(|line| format!("- {}: {}\n\n", markdown(&entry.name), sentence(line))),
            );
        }
        for part in parts {
            if !std::mem::replace(&mut has_heading, true) {
                page.add("### Problems\n\n");
            }
            page.add(&part);
        }
    }
}

fn problem(entry: &SummaryEntry, finding: &Finding) -> String {
    let mut text = format!(
        "<details><summary>{}[{}] in {}: {}</summary>\n\n",
        finding.severity,
        finding.code,
        markdown(&entry.name),
        sentence(&finding.message)
    );
    for detail in &finding.details {
        let _ = writeln!(text, "- {}", sentence(detail));
    }
    if let Some(hint) = &finding.hint {
        let _ = write!(text, "\nHint: {}\n", sentence(hint));
    }
    if let Some(rule) = find(finding.code.as_str()) {
        let _ = write!(text, "\n{}\n\n{}\n", rule.explanation.trim(), rule.fix.trim());
    }
    text.push_str("\n</details>\n\n");
    text
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { markdown(text) }
}

/// A value as text of Markdown: everything that could be markup is a character reference, which can never be markup
/// (CommonMark 0.31, section 2.5).
fn markdown(value: &str) -> String {
    let mut text = String::new();
    let mut shown = value.chars();
    for c in Escaped(&shown.by_ref().take(LONGEST_VALUE).collect::<String>()).to_string().chars() {
        // Points too, because GitHub makes links of names of hosts.
        match c {
            ' ' | '-' | '/' | '0'..='9' | 'A'..='Z' | 'a'..='z' => text.push(c),
            _ if c.is_ascii() => {
                let _ = write!(text, "&#{};", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    if shown.next().is_some() {
        text.push_str("...");
    }
    text
}

/// A sentence of ours, in which values stand between backticks.
fn sentence(text: &str) -> String {
    let mut parts = text.split('`').peekable();
    let mut made = String::new();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        let is_closed = parts.peek().is_some();
        match (is_code && is_closed, part.is_empty()) {
            (true, false) => made.push_str(&format!("<code>{}</code>", markdown(part))),
            _ => made.push_str(&markdown(part)),
        }
        is_code = !is_code;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> SummaryEntry {
        SummaryEntry { name: name.to_owned(), outcome: "repaired".to_owned(), ..SummaryEntry::default() }
    }

    #[test]
    fn a_value_is_never_markup() {
        let evil = "a|b`c`<img src=x>[l](http://x)**b** @me #1 www.x.org\n# h &amp; ~~s~~ $x$ \\";
        let text = markdown(evil);
        let plain = |c: char| c.is_ascii_alphanumeric() || " -/&#;".contains(c);
        assert!(text.chars().all(plain), "{text}");
        // `#` and `&` only as parts of character references.
        let references = text.matches("&#").count();
        assert_eq!(
            (text.matches('&').count(), text.matches('#').count()),
            (references, references),
            "{text}"
        );
        assert!(summary_markdown("repair", &[entry(evil)], LARGEST_SUMMARY).lines().count() < 10);
    }

    #[test]
    fn code_stays_code_and_is_text_all_the_same() {
        assert_eq!(sentence("`a` needs `b`"), "<code>a</code> needs <code>b</code>");
        assert_eq!(sentence("`<b>`"), "<code>&#60;b&#62;</code>");
        assert_eq!(sentence("one ` alone"), "one  alone");
    }

    #[test]
    fn a_summary_is_never_larger_than_its_room() {
        let many: Vec<SummaryEntry> =
            (0..20_000).map(|number| entry(&format!("demo{number}-1.0.whl"))).collect();
        for room in [0, 100, 5_000, usize::MAX] {
            let text = summary_markdown("verify", &many, room);
            assert!(text.len() <= room.min(LARGEST_SUMMARY), "{room}: {}", text.len());
            assert!(room < 5_000 || text.ends_with(LEFT_OUT), "{room}");
        }
    }
}
