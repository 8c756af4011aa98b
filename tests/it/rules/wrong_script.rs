//! `wrong-script`.

use muslrepair::audit::{Finding, Severity};

use crate::support::sandbox::Sandbox;
use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in_of, with_module};

pub const CASE: Case = Case {
    code: CODE,
    breaks: || found_with("[console_scripts]\na = demo:x\na = demo:y\n", &[]),
    keeps: || found_with("[console_scripts]\na = demo:x\nb = demo:y\n", &["demo-1.0.data/scripts/c"]),
};

const CODE: &str = "wrong-script";

fn wheel(text: &str, files: &[&str]) -> WheelBuilder {
    let wheel = with_module(SOUND).metadata("entry_points.txt", text);
    files.iter().fold(wheel, |wheel, file| wheel.file(file, "#!python\n"))
}

fn found_with(text: &str, files: &[&str]) -> Vec<Finding> {
    found_in_of(CODE, &wheel(text, files))
}

fn says(text: &str, files: &[&str], message: &str) {
    let found = found_with(text, files);
    assert_eq!(found.len(), 1, "{text:?} {files:?}: {found:?}");
    assert_eq!(found[0].severity, Severity::Error);
    assert!(found[0].message.contains(message), "{found:?}");
}

#[test]
fn a_line_that_installers_read_differently_is_an_error_that_names_it() {
    let start = "`demo-1.0.dist-info/entry_points.txt`, line ";
    for (text, message) in [
        ("[console_scripts]\na = demo:x\na = demo:y\n", "3: a name must not appear twice"),
        ("[console_scripts]\na = demo:x\n  b = demo:y\n", "3: a line must not begin with white space"),
        ("[console_scripts]\n;a = demo:x\n", "2: a comment must begin with `#`"),
        ("[console_scripts]\na = demo\n", "2: a script must have the form `module:function`"),
        ("a = demo:x\n", "1: an entry must be in a section"),
    ] {
        says(text, &[], &format!("{start}{message}"));
    }
}

#[test]
fn a_script_has_a_bare_name_that_is_no_interpreters() {
    for name in ["../../x", "/bin/x", "a/b", "..", "."] {
        says(&format!("[gui_scripts]\n{name} = demo:x\n"), &[], "whose names point to another directory");
    }
    for name in ["python", "Python3", "python3.12", "pypy3"] {
        says(&format!("[console_scripts]\n{name} = demo:x\n"), &[], "the names of interpreters");
    }
}

#[test]
fn a_file_is_not_installed_over_a_script_or_an_interpreter() {
    let text = "[console_scripts]\nrun = demo:x\n";
    for file in ["scripts/run", "scripts/RUN", "data/bin/run"] {
        says(text, &[&format!("demo-1.0.data/{file}")], "has the name of a script in `entry_points.txt`");
    }
    for file in ["scripts/python3", "scripts/Python", "data/bin/python3.11", "scripts/python.exe"] {
        says("", &[&format!("demo-1.0.data/{file}")], "has the name of an interpreter");
    }
    says("", &["demo-1.0.data/scripts/sub/tool"], "is in a directory of its own");
    let files = [
        "demo-1.0.data/data/bin/sub/python",
        "demo-1.0.data/data/share/run",
        "demo-1.0.data/scripts/ipython",
    ];
    assert_eq!(found_with(text, &files), []);
}

#[test]
fn a_repair_writes_no_wheel_of_which_installers_make_different_scripts() {
    let wrong = wheel("[console_scripts]\na = demo:x\na = demo:y\n", &[]);
    let pure = WheelBuilder::new("demo-1.0-py3-none-any.whl").purelib();
    for wheel in [wrong, pure.metadata("entry_points.txt", "[console_scripts]\n../x = demo:y\n")] {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel);
        sandbox.repair(&[]).failure(1, &["entry_points.txt"]);
        assert_eq!(sandbox.outputs(), [""; 0]);
        sandbox.repair(&["--allow", "wrong-script"]).success();
    }
}
