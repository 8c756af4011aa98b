//! `manylinux-tag-on-musl`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "manylinux-tag-on-musl",
    breaks: || found_in(&with_module("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")),
    keeps: || found_in(&with_module(SOUND)),
};

#[test]
fn tags_for_glibc_on_code_for_musl_are_one_error() {
    let filename = "demo-1.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
    let found = found_in_of("manylinux-tag-on-musl", &with_module(filename));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    let message = "`manylinux2014_x86_64`, `manylinux_2_17_x86_64` are for glibc, but `demo/_core.so` was built for musl";
    assert_eq!(found[0].message, message);
}

#[test]
fn a_wheel_without_code_for_musl_may_be_for_glibc() {
    let wheel = WheelBuilder::new("demo-1.0-py3-none-manylinux_2_17_x86_64.whl").file("demo/a.py", "");
    assert_eq!(found_in_of("manylinux-tag-on-musl", &wheel), []);
}
