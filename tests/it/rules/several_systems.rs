//! `several-systems`.

use super::Case;
use super::foreign_elf::for_machine;
use super::scene::PLAIN;
use super::wheels::{found_in, found_in_of, with_module};
use crate::support::wheel_builder::WheelBuilder;

const ANY: &str = "demo-1.0-py3-none-any.whl";

pub const CASE: Case = Case {
    code: "several-systems",
    breaks: || found_in(&with_library().file("demo/arm/libx.so", for_machine(183))),
    keeps: || found_in(&with_library()),
};

fn with_library() -> WheelBuilder {
    WheelBuilder::new(ANY).file("demo/x86/libx.so", PLAIN)
}

/// The first bytes of a program for Windows, and its header.
pub fn windows_program() -> Vec<u8> {
    let mut bytes = vec![0; 0x100];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes
}

#[test]
fn programs_of_other_systems_count_and_files_that_look_like_them_do_not() {
    let macos = b"\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07";
    for (program, count) in [
        (&windows_program()[..], 1),
        (macos, 1),
        (b"MZ is text", 0),
        (b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10", 0),
    ] {
        let found = found_in_of("several-systems", &with_library().file("demo/x", program));
        assert_eq!(found.len(), count, "{found:?}");
    }
    let tagged = with_module("demo-1.0-py3-none-linux_x86_64.whl").file("demo/x.exe", windows_program());
    assert_eq!(found_in_of("several-systems", &tagged), []);
    let pure = WheelBuilder::new(ANY).file("demo/x.exe", windows_program());
    assert_eq!(found_in_of("several-systems", &pure), []);
}
