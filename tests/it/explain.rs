//! `explain`: the explanation of a finding, from the registry of rules.

use std::process::{Child, Command, Output, Stdio};

use muslrepair::audit::rules::RULES;
use serde::Deserialize;

/// The terminal width for which texts are made.
const WIDTH: usize = 100;

fn explain(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_muslrepair")).arg("explain").args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_rule_is_explained_with_symptom_fix_and_source() {
    for rule in RULES {
        let text = stdout(&explain(&[rule.code.as_str()]));
        assert_eq!(text.lines().next().unwrap(), format!("{} ({})", rule.code, rule.severity));
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let flat = words(&text);
        for part in [rule.summary, rule.explanation, rule.fix, rule.source] {
            assert!(flat.contains(&words(part)), "{part}\nis missing in\n{text}");
        }
        assert_eq!(text.contains("What you see:\n"), rule.symptom.is_some(), "{text}");
        if let Some(symptom) = rule.symptom {
            assert!(text.lines().any(|line| line == format!("  {symptom}")), "{text}");
        }
        // `cargo xtask docs` makes a page of this name from the same registry.
        let page = format!("Page: https://muslrepair.github.io/muslrepair/rules/{}.html", rule.code);
        assert_eq!(text.lines().last(), Some(page.as_str()));
        let fixes = text.lines().any(|line| line == "`muslrepair repair` fixes it.");
        assert_eq!(fixes, rule.fixed_by_repair, "{text}");
        let wide = text.lines().find(|line| {
            line.chars().count() > WIDTH && rule.symptom.is_none_or(|symptom| line.trim() != symptom)
        });
        assert_eq!(wide, None, "{}", rule.code);
    }
}

#[test]
fn without_a_code_every_line_is_a_code_and_its_summary_and_fits_100_columns() {
    let text = stdout(&explain(&[]));
    let lines: Vec<(&str, &str)> = text.lines().map(|line| line.split_once("  ").unwrap()).collect();
    let rules: Vec<(&str, &str)> = RULES.iter().map(|rule| (rule.code.as_str(), rule.summary)).collect();
    assert_eq!(lines.iter().map(|(code, summary)| (*code, summary.trim_start())).collect::<Vec<_>>(), rules);
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
}

#[test]
fn quiet_does_not_leave_out_what_was_asked_for() {
    for arguments in [&["relr"][..], &[]] {
        let quiet = [arguments, &["--quiet"]].concat();
        assert_eq!(stdout(&explain(&quiet)), stdout(&explain(arguments)));
    }
}

#[test]
fn an_unknown_code_is_a_usage_error_whose_hint_has_the_nearest_one_and_the_list() {
    for (code, hint) in [
        ("rlr", "did you mean `relr`? `muslrepair explain` lists all rules"),
        ("unresolved_symbols", "did you mean `unresolved-symbol`? `muslrepair explain` lists all rules"),
        ("0815", "`muslrepair explain` lists all rules"),
    ] {
        let output = explain(&[code]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert_eq!(said, format!("error: there is no rule `{code}`\nhint: {hint}\n"));
    }
}

#[test]
fn an_unknown_code_of_allow_is_a_usage_error_that_names_explain_and_does_not_list_all_codes() {
    for command in ["verify", "show", "repair"] {
        let output = Command::new(env!("CARGO_BIN_EXE_muslrepair"))
            .args([command, "--allow", "rlr", "x.whl"])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let about = "there is no rule `rlr`; did you mean `relr`? `muslrepair explain` lists all rules";
        assert!(said.contains(about), "{said}");
        assert!(!said.contains("inherited-run-path"), "{said}");
    }
}

#[test]
fn completions_know_every_code_and_help_lists_none() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_muslrepair")).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]);
        for rule in RULES {
            // `--allow` of `repair`, `show` and `verify`; bash and zsh also complete the code of `explain`.
            assert!(script.matches(rule.code.as_str()).count() >= 3, "{shell}: {}", rule.code);
        }
    }
    for command in ["repair", "show", "verify", "explain"] {
        for text in [run(&[command, "--help"]), run(&["man", command])] {
            assert!(!text.contains("inherited-run-path"), "{text}");
        }
    }
    assert!(run(&["verify", "--help"]).contains("`muslrepair explain` lists the rules"));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    code: String,
    severity: String,
    concern: String,
    fixed_by_repair: bool,
    summary: String,
    explanation: String,
    symptom: Option<String>,
    fix: String,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    schema: String,
    kind: String,
    rules: Vec<Rule>,
}

#[test]
fn json_has_every_field_of_a_rule() {
    let text = stdout(&explain(&["--format", "json"]));
    assert_eq!(text.lines().count(), 1);
    let document: Rules = serde_json::from_str(&text).unwrap();
    assert_eq!((document.schema.as_str(), document.kind.as_str()), ("muslrepair/1", "rules"));
    assert_eq!(document.rules.len(), RULES.len());
    for (found, rule) in document.rules.iter().zip(RULES) {
        assert_eq!(found.code, rule.code.as_str());
        assert_eq!(found.severity, rule.severity.to_string());
        assert!(["loading", "packaging"].contains(&found.concern.as_str()));
        assert_eq!(found.fixed_by_repair, rule.fixed_by_repair);
        assert_eq!((found.summary.as_str(), found.explanation.as_str()), (rule.summary, rule.explanation));
        assert_eq!((found.symptom.as_deref(), found.fix.as_str()), (rule.symptom, rule.fix));
        assert_eq!(found.source, rule.source);
    }
}

#[test]
fn json_about_one_rule_is_that_rule() {
    let mut document: serde_json::Value =
        serde_json::from_str(&stdout(&explain(&["relr", "--format", "json"]))).unwrap();
    let fields = document.as_object_mut().unwrap();
    assert_eq!(fields.remove("schema").unwrap(), "muslrepair/1");
    assert_eq!(fields.remove("kind").unwrap(), "rule");
    let rule: Rule = serde_json::from_value(document).unwrap();
    assert_eq!((rule.code.as_str(), rule.fixed_by_repair), ("relr", true));
}

#[test]
fn the_schema_knows_exactly_the_codes_of_the_registry() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../docs/schema/muslrepair-1.json")).unwrap();
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code.as_str()).collect();
    assert_eq!(schema["$defs"]["code"]["enum"], serde_json::json!(codes));
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_status() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_muslrepair"))
        .arg("explain")
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(Child::wait_with_output)
        .unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
}
