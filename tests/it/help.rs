//! What `-h`, `--help` and the manual pages say, and in what shape.

use std::process::Command;

use crate::support::sandbox::Sandbox;

/// Every command that help lists, and the program itself.
const COMMANDS: [&str; 10] =
    ["", "repair", "show", "verify", "needs", "lddtree", "explain", "unbundle", "completions", "man"];

/// The headings of options, in their order.
const HEADINGS: [&str; 8] =
    ["Output", "Grafting", "Tags", "Searching", "Checks", "Compatibility", "Advanced", "Global"];

/// What the program prints on a terminal of so many columns.
fn printed(columns: usize, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muslrepair"));
    command.args(arguments.iter().filter(|argument| !argument.is_empty()));
    let output = command.env("COLUMNS", columns.to_string()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines that begin an option.
fn options(help: &str) -> Vec<&str> {
    help.lines().filter(|line| line.trim_start().starts_with('-')).collect()
}

#[test]
fn short_help_has_at_most_25_options_of_one_line_each_in_80_columns() {
    for command in COMMANDS {
        let help = printed(80, &[command, "-h"]);
        let options = options(&help);
        assert!((5..=25).contains(&options.len()), "{command}: {} options\n{help}", options.len());
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
            // Whatever is indented is a command, an argument or an option, and has its text beside it.
            let text = line.trim_start();
            let has_text = text.split_once("  ").is_some_and(|(_, text)| !text.trim().is_empty());
            assert!(text.len() == line.len() || has_text, "{command}: {line}\n{help}");
        }
    }
}

#[test]
fn short_help_leaves_out_what_few_calls_need() {
    for command in COMMANDS {
        let (short, long) = (printed(80, &[command, "-h"]), printed(80, &[command, "--help"]));
        for hidden in ["\nCompatibility:\n", "\nAdvanced:\n", "\nExamples:\n"] {
            assert!(!short.contains(hidden), "{command}: {short}");
        }
        assert!(long.contains("\nExamples:\n") && long.contains("\nExit status:\n"), "{command}: {long}");
    }
    let help = printed(80, &["repair", "--help"]);
    assert!(help.contains("\nCompatibility:\n") && help.contains("\nAdvanced:\n"), "{help}");
}

#[test]
fn options_stand_below_the_same_headings_in_the_same_order() {
    for command in COMMANDS {
        let help = printed(100, &[command, "--help"]);
        let found: Vec<&str> = (help.lines())
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.strip_suffix(':'))
            .filter(|heading| !["Commands", "Arguments", "Examples", "Exit status"].contains(heading))
            .collect();
        let expected: Vec<&str> = HEADINGS.into_iter().filter(|heading| found.contains(heading)).collect();
        assert_eq!(found, expected, "{command}: {help}");
        assert_eq!(found.last(), Some(&"Global"), "{command}");
    }
}

#[test]
fn examples_of_the_help_are_calls_that_are_understood() {
    let sandbox = Sandbox::new();
    let mut count = 0;
    for command in COMMANDS {
        let help = printed(200, &[command, "--help"]);
        let (_, examples) = help.split_once("\nExamples:\n").unwrap();
        let calls: Vec<&str> = (examples.lines().take_while(|line| !line.is_empty()))
            .filter_map(|line| line.trim().strip_prefix("muslrepair "))
            .collect();
        assert_eq!(calls.len(), 3, "{command}: {help}");
        for call in calls {
            let call = call.split(['|', '>']).next().unwrap();
            let arguments: Vec<&str> = call.split_whitespace().collect();
            let run = sandbox.run(&arguments);
            // The files of the examples are not there; everything else of the call is understood.
            let understood = run.status == 0 || run.stderr.contains("No such file");
            let no_root = run.stderr.contains("is not a directory");
            assert!(understood || no_root, "{call}: {}", run.stderr);
            count += 1;
        }
    }
    assert_eq!(count, 3 * COMMANDS.len());
}

#[test]
fn manual_pages_have_examples_exit_status_and_environment() {
    for command in COMMANDS {
        let page = printed(80, &["man", command]);
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "GLOBAL", "\"EXIT STATUS\"", "EXAMPLES"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{command}: no {section} in\n{page}");
        }
        let reads = !["completions", "man"].contains(&command);
        assert_eq!(page.contains(".SH ENVIRONMENT\n"), reads, "{command}: {page}");
    }
    assert!(printed(80, &["man", "repair"]).contains("SOURCE_DATE_EPOCH"));
}

#[test]
fn every_variable_that_is_read_is_in_the_manual() {
    let source = include_str!("../../src/cli/env.rs");
    let pages: String = COMMANDS.iter().map(|command| printed(80, &["man", command])).collect();
    let names: Vec<&str> = (source.split('`').skip(1).step_by(2))
        .filter(|name| name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        // Read so that nobody wonders, and used for nothing; and what every program of a terminal looks at.
        .filter(|name| !name.ends_with("_ARCH") && !["TERM", "TMPDIR", "CLICOLOR"].contains(name))
        .filter(|name| !name.ends_with("_X"))
        .collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(pages.contains(name), "{name} is in no manual page");
    }
}
