//! `purelib`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, with_module};

pub const CASE: Case = Case {
    code: "purelib",
    breaks: || found_in(&with_module(SOUND).purelib()),
    keeps: || found_in(&WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/a.py", "").purelib()),
};

#[test]
fn a_wheel_with_elf_files_is_no_pure_library() {
    let found = found_in(&with_module(SOUND).purelib());
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    assert_eq!(found[0].message, "`Root-Is-Purelib` is true, but the wheel has ELF files");
    assert_eq!(found_in(&with_module(SOUND)), []);
}
