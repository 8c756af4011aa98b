//! The rules of the audit as text, as JSON and as `docs/rules.md`.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::audit::rules::{Concern, RULES, Rule};
use crate::audit::{Code, Severity};

use super::json::document;

/// The address of the documentation's pages about rules.
const SITE: &str = "https://muslrepair.github.io/muslrepair/rules/";

/// The most characters in a line of text.
const WIDTH: usize = 100;

/// One line for each rule: its code and its summary.
#[must_use]
pub fn rules_text() -> String {
    let longest = RULES.iter().map(|rule| rule.code.as_str().len()).max().unwrap_or_default();
    let line = |rule: &&Rule| format!("{:longest$}  {}\n", rule.code.as_str(), rule.summary);
    RULES.iter().map(line).collect()
}

/// The complete documentation of one rule, in lines of at most 100 characters, except for symptoms.
#[must_use]
pub fn rule_text(rule: &Rule) -> String {
    let mut text = format!("{} ({})\n\n{}\n\n", rule.code, rule.severity, wrapped(rule.summary, ""));
    let _ = write!(text, "{}\n\n", wrapped(rule.explanation, ""));
    if let Some(symptom) = rule.symptom {
        let _ = write!(text, "What you see:\n  {symptom}\n\n");
    }
    let _ = write!(text, "How to fix it:\n{}\n\n", wrapped(rule.fix, "  "));
    let _ = write!(text, "{}\n\n", fixed_by_repair(rule));
    let _ = writeln!(text, "Source: {}", wrapped(rule.source, "        ").trim_start());
    let _ = writeln!(text, "Page: {SITE}{}.html", rule.code);
    text
}

/// `docs/rules.md`: every rule has its own heading, for links.
#[must_use]
pub fn rules_markdown() -> String {
    let mut text = String::from(
        "# Rules\n\n<!-- @generated from `src/audit/rules/` by `cargo xtask codegen`. -->\n\n\
         For everyone with a finding of muslrepair: a problem that it reports about a wheel, with a code such as `relr`. At the end of its section you\n\
         know what is wrong with the wheel, why, what its users would see, and how to fix it. `muslrepair explain CODE` prints the same.\n\n\
         An object is an ELF file that is loaded: a program, a library or an extension module. Its run path is the list of directories in which its\n\
         libraries are searched. A graft is a library that a repair copies into the wheel.\n\n\
         `show` and `verify` report every finding. `verify` and `repair` fail on errors; `repair` also fixes what it can. `--allow CODE` turns\n\
         a rule off. The severity given here is the usual one: a single finding can be more or less severe, depending on the evidence.\n",
    );
    for (concern, title) in [(Concern::Loading, "Loading on musl"), (Concern::Packaging, "Packaging")] {
        let _ = write!(
            text,
            "\n## {title}\n\n| code | severity | `repair` fixes it | summary |\n|---|---|---|---|\n"
        );
        let rules = || RULES.iter().filter(|rule| rule.concern == concern);
        for rule in rules() {
            let fixed = if rule.fixed_by_repair { "yes" } else { "no" };
            let _ = writeln!(
                text,
                "| [`{0}`](#{0}) | {1} | {fixed} | {2} |",
                rule.code, rule.severity, rule.summary
            );
        }
        for rule in rules() {
            let _ = write!(text, "\n### {}\n\n", rule.code);
            let _ = write!(text, "{} Severity: {}.\n\n{}\n\n", rule.summary, rule.severity, rule.explanation);
            if let Some(symptom) = rule.symptom {
                let _ = write!(text, "What you see:\n\n```text\n{symptom}\n```\n\n");
            }
            let _ = write!(
                text,
                "How to fix it: {}\n\n{}\n\nSource: {}\n",
                rule.fix,
                fixed_by_repair(rule),
                rule.source
            );
        }
    }
    text
}

fn fixed_by_repair(rule: &Rule) -> &'static str {
    if rule.fixed_by_repair {
        "`muslrepair repair` fixes it."
    } else {
        "`muslrepair repair` does not fix it."
    }
}

/// Paragraphs wrapped anew, with an indent for each line. Text in backticks stays on one line, because it may
/// be a command.
fn wrapped(text: &str, indent: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let mut lines = String::from(indent);
        let mut length = indent.len();
        for (index, word) in unbreakable(paragraph).iter().enumerate() {
            let size = word.chars().count();
            if index > 0 && length + 1 + size > WIDTH {
                let _ = write!(lines, "\n{indent}");
                length = indent.len();
            } else if index > 0 {
                lines.push(' ');
                length += 1;
            }
            lines.push_str(word);
            length += size;
        }
        lines
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// The words of a paragraph; text between two backticks is one word.
fn unbreakable(paragraph: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut inside = false;
    for word in paragraph.split_whitespace() {
        match words.last_mut() {
            Some(last) if inside => *last = format!("{last} {word}"),
            _ => words.push(word.to_owned()),
        }
        inside ^= word.matches('`').count() % 2 == 1;
    }
    words
}

/// A rule in the form for documents.
#[derive(Serialize)]
struct RuleView {
    code: Code,
    severity: Severity,
    concern: &'static str,
    fixed_by_repair: bool,
    summary: &'static str,
    explanation: &'static str,
    symptom: Option<&'static str>,
    fix: &'static str,
    source: &'static str,
}

impl RuleView {
    fn of(rule: &Rule) -> Self {
        Self {
            code: rule.code,
            severity: rule.severity,
            concern: match rule.concern {
                Concern::Loading => "loading",
                Concern::Packaging => "packaging",
            },
            fixed_by_repair: rule.fixed_by_repair,
            summary: rule.summary,
            explanation: rule.explanation,
            symptom: rule.symptom,
            fix: rule.fix,
            source: rule.source,
        }
    }
}

/// The document about one rule.
///
/// # Errors
///
/// If the value cannot be expressed in JSON, which is the case for no value of this library.
pub fn rule_document(rule: &Rule) -> Result<Value, serde_json::Error> {
    document("rule", &RuleView::of(rule))
}

/// The document about all rules.
///
/// # Errors
///
/// If the value cannot be expressed in JSON, which is the case for no value of this library.
pub fn rules_document() -> Result<Value, serde_json::Error> {
    #[derive(Serialize)]
    struct Rules {
        rules: Vec<RuleView>,
    }
    document("rules", &Rules { rules: RULES.iter().map(|rule| RuleView::of(rule)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_broken_at_the_width_and_stays_a_paragraph() {
        let word = "x".repeat(60);
        let text = format!("{word}\n{word} y\n\nz");
        assert_eq!(wrapped(&text, "  "), format!("  {word}\n  {word} y\n\n  z"));
        assert_eq!(wrapped(&format!("{word} (`a {word}`)"), ""), format!("{word}\n(`a {word}`)"));
        let long = "x".repeat(WIDTH + 1);
        assert_eq!(wrapped(&format!("{long} {long}"), ""), format!("{long}\n{long}"));
    }
}
