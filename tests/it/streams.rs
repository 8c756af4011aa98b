//! Runs whose output nobody reads, and their reports.

use std::fs::File;

use crate::support::sandbox::{Sandbox, object, without_time};
use crate::support::wheel_builder::WheelBuilder;
use serde_json::Value;

const BAD: &str = "a-1.0-cp312-cp312-linux_x86_64.whl";
const SOUND: &str = "b-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const LATER: &str = "c-1.0-cp312-cp312-linux_x86_64.whl";

fn wheel(name: &str, file: &str) -> WheelBuilder {
    WheelBuilder::new(name).file_with_mode("demo/_core.so", object(file), 0o755)
}

/// A wheel that fails, a valid one, and one that fails for another reason.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(BAD, "x86_64/ext_missing.so"));
    sandbox.wheel(&wheel(SOUND, "x86_64/ext_zlib.so"));
    sandbox.wheel(&wheel(LATER, "x86_64/ext_missing.so"));
    sandbox
}

/// Every command that writes to standard output; the last word is the status.
const CALLS: [&str; 21] = [
    "verify . --annotations github = 1",
    "verify . --annotations github --format json = 1",
    "verify . --annotations github --report - = 1",
    "verify b-1.0-cp312-cp312-musllinux_1_2_x86_64.whl = 0",
    "repair . -w out --format json = 1",
    "repair . -w out --report - = 1",
    "repair . -w out --dry-run = 1",
    "repair . -w out --dry-run --plat musllinux_1_2_aarch64 = 2",
    "repair b-1.0-cp312-cp312-musllinux_1_2_x86_64.whl -w out --format json = 0",
    "show . = 0",
    "show broken.whl b-1.0-cp312-cp312-musllinux_1_2_x86_64.whl --json = 1",
    "show b-1.0-cp312-cp312-musllinux_1_2_x86_64.whl broken.whl --format json = 1",
    "needs . = 0",
    "needs broken.whl --format json = 1",
    "needs . --format pkg = 1",
    "lddtree x.so = 0",
    "lddtree x.so --json --limit lookups=0 = 1",
    "man repair = 0",
    "completions bash = 0",
    "verify --help = 0",
    " = 0",
];

fn calls() -> impl Iterator<Item = (Vec<&'static str>, i32)> {
    CALLS.iter().map(|call| {
        let (arguments, status) = call.rsplit_once(" = ").unwrap();
        (arguments.split_whitespace().collect(), status.parse().unwrap())
    })
}

/// A sandbox for any of these calls; it has an invalid archive only if `broken` is named.
fn sandbox_for(arguments: &[&str]) -> Sandbox {
    let sandbox = sandbox();
    std::fs::write(sandbox.path().join("x.so"), object("x86_64/ext_chain.so")).unwrap();
    if arguments.contains(&"broken.whl") {
        std::fs::write(sandbox.path().join("broken.whl"), "").unwrap();
    }
    sandbox
}

#[test]
fn a_reader_that_went_away_changes_nothing_but_the_output() {
    for (arguments, status) in calls() {
        let sandbox = sandbox_for(&arguments);
        let read = sandbox.run(&arguments);
        assert_eq!(read.status, status, "{arguments:?}\n{}{}", read.stdout, read.stderr);
        let unread = sandbox.run_unread(&arguments);
        let stderr = (without_time(&unread.stderr), without_time(&read.stderr));
        assert_eq!((unread.status, stderr.0), (status, stderr.1), "{arguments:?}");
    }
}

#[test]
fn a_reader_of_standard_error_that_went_away_changes_nothing_either() {
    let usage =
        [(vec!["verify", "absent.whl"], 2), (vec!["verify", "--absent"], 2), (vec!["addtag", "x"], 2)];
    for (arguments, status) in calls().chain(usage) {
        let sandbox = sandbox_for(&arguments);
        let read = sandbox.run(&arguments);
        for reader in [std::io::pipe().unwrap().1.into(), File::create("/dev/full").unwrap().into()] {
            let mut command = sandbox.command();
            let command = command.args(&arguments).stderr::<std::process::Stdio>(reader);
            let unread = command.output().unwrap();
            assert_eq!(unread.status.code(), Some(status), "{arguments:?}");
            assert_eq!(String::from_utf8(unread.stdout).unwrap(), read.stdout, "{arguments:?}");
        }
    }
}

#[test]
fn standard_output_that_is_full_is_an_error_and_hides_none() {
    for (arguments, status) in calls() {
        let sandbox = sandbox_for(&arguments);
        let read = sandbox.run(&arguments);
        let full = File::create("/dev/full").unwrap();
        let unwritten = sandbox.command().args(&arguments).stdout(full).output().unwrap();
        let status = if read.stdout.is_empty() { status } else { status.max(1) };
        assert_eq!(unwritten.status.code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn reports_are_written_whatever_becomes_of_standard_output() {
    let sandbox = sandbox();
    for command in [
        &["verify", ".", "--format", "json", "--report", "r.json"][..],
        &["verify", ".", "--report", "r.json"],
        &["repair", ".", "-w", "out", "--format", "json", "--report", "r.json"],
        &["repair", ".", "-w", "out", "--dry-run", "--report", "r.json"],
    ] {
        let report = || {
            let text = std::fs::read_to_string(sandbox.path().join("r.json")).unwrap();
            std::fs::remove_file(sandbox.path().join("r.json")).unwrap();
            text
        };
        assert_eq!(sandbox.run(command).status, 1);
        let read = report();
        assert_eq!(serde_json::from_str::<Value>(&read).unwrap()["wheels"].as_array().unwrap().len(), 3);
        assert_eq!(sandbox.run_unread(command).status, 1);
        assert_eq!(report(), read, "{command:?}");
        let full = File::create("/dev/full").unwrap();
        assert_eq!(sandbox.command().args(command).stdout(full).output().unwrap().status.code(), Some(1));
        assert_eq!(report(), read, "{command:?}");
    }
}

#[test]
fn a_report_of_verify_holds_the_documents_of_all_subjects() {
    let sandbox = sandbox();
    std::fs::write(sandbox.path().join("broken.whl"), "").unwrap();
    let lines = sandbox.run(&["verify", ".", "--format", "json"]).failure(1, &[]).stdout;
    let documents: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 4);
    let run = sandbox.run(&["verify", ".", "--report", "reports/r.json"]).failure(1, &[]);
    assert!(run.stdout.contains(&format!("ok      ./{SOUND}")), "{}", run.stdout);
    let text = std::fs::read_to_string(sandbox.path().join("reports/r.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["kind"], &report["wheels"]), (&"report".into(), &documents.into()));
    // On standard output, only the report is printed.
    assert_eq!(sandbox.run(&["verify", ".", "--report", "-"]).failure(1, &[]).stdout, text);
    sandbox
        .run(&["verify", ".", "--report", "-", "--format", "json"])
        .failure(2, &["`--report -`: standard output has the documents already", "hint: "]);
}

#[test]
fn a_report_takes_the_place_of_no_input_and_no_result() {
    let sandbox = sandbox();
    let result = "out/c-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, sandbox.path().join(name)).unwrap();
    };
    link(LATER, "input.json");
    link(result, "result.json");
    std::fs::rename(sandbox.path().join(SOUND), sandbox.path().join("blob")).unwrap();
    link("blob", SOUND);
    std::fs::write(sandbox.path().join("x.so"), object("x86_64/core.so")).unwrap();
    let contents = || -> Vec<(String, Vec<u8>)> {
        let names = sandbox.names(".").into_iter();
        names
            .filter_map(|name| Some((name.clone(), std::fs::read(sandbox.path().join(name)).ok()?)))
            .collect()
    };
    let before = contents();
    let absolute = sandbox.path().join("out/../").join(LATER).display().to_string();
    std::fs::create_dir(sandbox.path().join("out")).unwrap();
    for report in [BAD, &absolute, "input.json", "blob", result, "result.json", "new.WHL", "x.so"] {
        for command in [&["verify", "."][..], &["repair", ".", "-w", "out"]] {
            let run = sandbox.run(&[command, &["--report", report]].concat());
            run.failure(2, &[&format!("`--report {report}` names "), "hint: "]);
        }
        assert_eq!((contents(), sandbox.outputs().len()), (before.clone(), 0), "{report}");
    }
}
