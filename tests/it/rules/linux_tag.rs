//! `linux-tag`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "linux-tag",
    breaks: || found_in(&with_module("demo-1.0-cp312-cp312-linux_x86_64.whl")),
    keeps: || found_in(&with_module(SOUND)),
};

#[test]
fn a_linux_tag_is_replaced_by_a_repair_where_there_are_elf_files() {
    let found = found_in(&with_module("demo-1.0-cp312-cp312-linux_x86_64.whl"));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    let message = "`linux_x86_64` promises nothing about the C library, and PyPI refuses it";
    assert_eq!(found[0].message, message);
    let without = WheelBuilder::new("demo-1.0-py3-none-linux_x86_64.whl").file("demo/a.py", "");
    let found = found_in_of("linux-tag", &without);
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
    assert!(found[0].hint.as_ref().unwrap().contains("wheel tags --platform-tag any"), "{found:?}");
}

#[test]
fn pypi_accepts_the_linux_tags_of_32_bit_arm() {
    let filename = "demo-1.0-py3-none-linux_armv6l.linux_armv7l.linux_i686.whl";
    let found = found_in_of("linux-tag", &WheelBuilder::new(filename).file("demo/a.py", ""));
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    let arm = "`linux_armv6l`, `linux_armv7l` promise nothing about the C library, and PyPI accepts them nevertheless";
    assert_eq!(messages, [arm, "`linux_i686` promises nothing about the C library, and PyPI refuses it"]);
}
