//! `record-mismatch`.

use muslrepair::audit::{Finding, Severity};
use muslrepair::wheel::Sha256Digest;

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::linked::of;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "record-mismatch",
    breaks: || found_in(&changed("__init__.py,", ",0", ",1")),
    keeps: || found_in(&wheel()),
};

const CODE: &str = "record-mismatch";

fn wheel() -> WheelBuilder {
    with_module(SOUND).file("demo/__init__.py", "")
}

/// The wheel with a `RECORD` in which `new` replaces `old` in the first row that contains `row`.
fn changed(row: &str, old: &str, new: &str) -> WheelBuilder {
    let record = String::from_utf8(wheel().files().pop().unwrap().1).unwrap();
    let line = record.lines().find(|line| line.contains(row)).unwrap();
    wheel().record(&record.replace(line, &line.replace(old, new)))
}

fn only(found: Vec<Finding>) -> (Severity, String) {
    let found = of(CODE, found);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].hint.as_ref().unwrap().contains("--allow record-mismatch"), "{found:?}");
    (found[0].severity, found[0].message.clone())
}

#[test]
fn rows_that_differ_from_their_files_are_errors() {
    let record = "`demo-1.0.dist-info/RECORD`";
    let (empty, other) = (Sha256Digest::of(b"").record_form(), Sha256Digest::of(b"x").record_form());
    let hash = format!("`demo/__init__.py` does not have the hash that {record} gives");
    for new in [other.as_str(), "sha256=00"] {
        assert_eq!(
            only(found_in(&changed("__init__", &empty, new))),
            (Severity::Error, hash.clone()),
            "{new}"
        );
    }
    let size = format!("`demo/__init__.py` has 0 bytes, and {record} says 7");
    assert_eq!(only(found_in(&changed("__init__", ",0", ",7"))), (Severity::Error, size));
    let found = found_in(&changed("__init__", "__init__", "gone"));
    let absent = format!("{record} lists files that the wheel does not have: `demo/gone.py`");
    assert_eq!(only(found.clone()), (Severity::Error, absent));
    assert_eq!(of("unlisted", found).len(), 1);
}

/// dukpy 0.6.0 lists directories; installers accept all of these.
#[test]
fn rows_that_pep427_does_not_allow_and_installers_take_are_warnings() {
    let empty = Sha256Digest::of(b"").record_form();
    let hexadecimal = format!("sha256={}", Sha256Digest::of(b"").hex());
    for (old, new, said) in [
        ("demo/__init__", "demo/,,\ndemo/__init__", "`demo` is a directory, which is not listed"),
        (&empty, "", "`demo/__init__.py` must have a hash"),
        (&empty, "md5=1B2M2Y8AsgTpgAmY7PhCfg", "`md5` is not a hash that PEP 427 allows"),
        (&empty, &hexadecimal, "is not spelt as PEP 427 has it"),
        ("demo/__init__", &format!("demo/__init__.py,{empty},0\ndemo/__init__"), "is already listed on line"),
    ] {
        let (severity, message) = only(found_in(&changed("__init__", old, new)));
        assert_eq!(severity, Severity::Warning, "{message}");
        assert!(message.contains(said), "{message}");
    }
    let directory = format!("demo,{empty},0\ndemo/__init__");
    let (severity, message) = only(found_in(&changed("__init__", "demo/__init__", &directory)));
    assert_eq!(severity, Severity::Warning, "{message}");
    assert!(message.ends_with("lists directories: `demo`"), "{message}");
}

#[test]
fn of_a_member_that_is_listed_twice_each_row_is_checked() {
    let wrong = format!("demo/__init__.py,{},0\ndemo/__init__", Sha256Digest::of(b"x").record_form());
    let found = of(CODE, found_in(&changed("__init__", "demo/__init__", &wrong)));
    let severities: Vec<Severity> = found.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Warning], "{found:?}");
}

#[test]
fn many_rows_of_one_kind_are_one_finding() {
    let mut wheel = wheel();
    for index in 0..20 {
        wheel = wheel.file(&format!("demo/{index}.py"), "");
    }
    let record = String::from_utf8(wheel.files().pop().unwrap().1).unwrap();
    let found = found_in_of(CODE, &wheel.record(&record.replace(".py,sha256=47", ".py,sha256=48")));
    assert_eq!((found.len(), found[0].count), (1, 21), "{found:?}");
    assert!(found[0].message.contains(" and 18 more do not have the hash"), "{found:?}");
}

#[test]
fn a_repair_writes_a_right_record_where_there_are_elf_files_only() {
    let pure = WheelBuilder::new("demo-1.0-py3-none-any.whl").record("demo-1.0.dist-info/METADATA,,\n");
    let fixed =
        |wheel| of(CODE, found_in(wheel)).iter().map(|finding| finding.fixed_by_repair).collect::<Vec<_>>();
    assert_eq!((fixed(&pure), fixed(&changed("__init__", ",0", ",1"))), (vec![false], vec![true]));
}
