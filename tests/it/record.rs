//! What the commands do with a wheel whose `RECORD` is wrong.

use muslrepair::wheel::Sha256Digest;

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const MUSL: &str = "demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl";
const PURE: &str = "demo-1.0-py3-none-any.whl";

/// A wheel with a `RECORD` in which this text is another one.
fn wheel(name: &str, old: &str, new: &str) -> WheelBuilder {
    let builder = WheelBuilder::new(name).file("demo/__init__.py", "");
    let builder = match name {
        MUSL => builder.file_with_mode("demo/_core.so", object("x86_64/ext_plain.so"), 0o755),
        _ => builder,
    };
    let record = String::from_utf8(builder.files().pop().unwrap().1).unwrap();
    builder.record(&record.replacen(old, new, 1))
}

/// What makes `RECORD` wrong, and whether `verify` takes it for an error.
fn wrong() -> Vec<(String, String, bool)> {
    let empty = Sha256Digest::of(b"").record_form();
    let row = format!("demo/__init__.py,{empty},0\n");
    [
        (empty.as_str(), "sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true),
        (&row, &row.replace(",0", ",7"), true),
        (&row, "", true),
        (&row, &format!("{row}demo/gone.py,{empty},0\n"), true),
        (&row, &format!("{row}{row}"), false),
        (&row, &format!("demo/,{empty},0\n{row}"), false),
        (&empty, "", false),
        (&empty, "md5=1B2M2Y8AsgTpgAmY7PhCfg", false),
    ]
    .map(|(old, new, is_error)| (old.to_owned(), new.to_owned(), is_error))
    .to_vec()
}

#[test]
fn verify_reports_it_and_allow_turns_it_off() {
    let allow = ["--allow", "record-mismatch", "--allow", "unlisted", "--allow", "unreadable-record"];
    let unreadable = ("demo/__init__.py,".to_owned(), "../up,,\ndemo/__init__.py,".to_owned(), true);
    for (old, new, is_error) in wrong().into_iter().chain([unreadable]) {
        for name in [MUSL, PURE] {
            let sandbox = Sandbox::new();
            sandbox.wheel(&wheel(name, &old, &new));
            let run = sandbox.run(&["verify", name]);
            assert_eq!(run.status, i32::from(is_error), "{new:?}: {}{}", run.stdout, run.stderr);
            assert!(run.stdout.contains("RECORD`") && run.stdout.contains("--allow"), "{}", run.stdout);
            let run = sandbox.run(&[&["verify", name][..], &allow].concat()).success();
            assert!(!run.stdout.contains("RECORD"), "{}", run.stdout);
        }
    }
}

#[test]
fn a_repair_warns_and_writes_a_right_one() {
    for (old, new, _) in wrong() {
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(MUSL, &old, &new));
        let run = sandbox.repair(&["--published", "fix"]).success();
        assert!(run.stderr.contains("warning: ") && !run.stderr.contains("error"), "{new:?}: {}", run.stderr);
        assert!(run.stderr.contains("; the result has a right `RECORD`"), "{new:?}: {}", run.stderr);
        sandbox.result();
    }
}

#[test]
fn a_copy_warns_and_keeps_it() {
    for (old, new, _) in wrong() {
        let sandbox = Sandbox::new();
        let input = sandbox.wheel(&wheel(PURE, &old, &new));
        let run = sandbox.repair(&[]).success();
        assert!(run.stderr.contains("warning[") && !run.stderr.contains("error"), "{new:?}: {}", run.stderr);
        assert!(run.stderr.contains("--allow"), "{new:?}: {}", run.stderr);
        assert_eq!(std::fs::read(sandbox.out().join(PURE)).unwrap(), std::fs::read(input).unwrap());
    }
}

#[test]
fn rows_that_cannot_be_read_are_dropped_by_a_repair_and_refused_by_a_copy() {
    for row in ["", "a,b", "\"a,,", "/etc/passwd,,", "../../x,,", "demo/a\u{2028}/etc/x,,", "demo/a,,\u{1c}"]
    {
        let new = format!("{row}\ndemo/__init__.py,");
        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(MUSL, "demo/__init__.py,", &new));
        let run = sandbox.repair(&[]).success();
        assert!(run.stderr.contains("; the result has a right `RECORD`"), "{row:?}: {}", run.stderr);
        sandbox.result();

        let sandbox = Sandbox::new();
        sandbox.wheel(&wheel(PURE, "demo/__init__.py,", &new));
        sandbox.repair(&[]).failure(1, &["RECORD`, line 1", "--allow unreadable-record"]);
        assert_eq!(sandbox.outputs(), [""; 0], "{row:?}");
        sandbox.repair(&["--allow", "unreadable-record"]).success();
    }
}

#[test]
fn an_empty_record_lists_nothing() {
    let sandbox = Sandbox::new();
    sandbox.wheel(&wheel(MUSL, "", "").record(""));
    sandbox.run(&["verify", MUSL]).failure(1, &[]);
    let run = sandbox.repair(&["--published", "fix"]).success();
    assert!(run.stderr.contains("are not listed in"), "{}", run.stderr);
    sandbox.result();
}
