//! `unlisted`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "unlisted",
    breaks: || found_in(&with_module(SOUND).unlisted("demo/_core.so")),
    keeps: || found_in(&with_module(SOUND)),
};

#[test]
fn a_repair_lists_files_of_wheels_with_elf_files_only() {
    let found = found_in(&with_module(SOUND).unlisted("demo/_core.so"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "`demo/_core.so` is not listed in `demo-1.0.dist-info/RECORD`");
    assert_eq!((found[0].object.as_str(), found[0].fixed_by_repair), ("demo/_core.so", true));

    let pure = WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/a.py", "").unlisted("demo/a.py");
    let found = found_in_of("unlisted", &pure);
    assert!(
        !found[0].fixed_by_repair && !found[0].hint.as_ref().unwrap().contains("muslrepair"),
        "{found:?}"
    );
}

#[test]
fn files_that_are_not_listed_are_one_finding() {
    let record = "demo-1.0.dist-info/RECORD,,\n";
    let found = found_in_of("unlisted", &with_module(SOUND).file("demo/a.py", "").record(record));
    assert_eq!((found.len(), found[0].count), (1, 4), "{found:?}");
    assert!(found[0].message.contains(" and 1 more are not listed in"), "{found:?}");
}
