//! `wrong-tag`.

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "wrong-tag",
    breaks: || found_in(&with_module(SOUND).metadata("WHEEL", text("cp312-cp312-linux_x86_64"))),
    keeps: || found_in(&with_module(SOUND).metadata("WHEEL", text("cp312-cp312-musllinux_1_2_x86_64"))),
};

fn text(tag: &str) -> String {
    format!("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n")
}

#[test]
fn tags_of_a_renamed_wheel_are_fixed_by_a_repair() {
    let found = found_in(&with_module(SOUND).metadata("WHEEL", text("cp312-cp312-linux_x86_64")));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    let message = "`demo-1.0.dist-info/WHEEL` says cp312-cp312-linux_x86_64, the file name \
        cp312-cp312-musllinux_1_2_x86_64";
    assert_eq!(found[0].message, message);
}

#[test]
fn a_repair_copies_pure_wheels_with_their_tags() {
    let pure =
        WheelBuilder::new("demo-1.0-py3-none-any.whl").metadata("WHEEL", text("py3-none-linux_x86_64"));
    let found = found_in_of("wrong-tag", &pure);
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
}

#[test]
fn build_tags_agree() {
    let named = "demo-1.0-7-cp312-cp312-musllinux_1_2_x86_64.whl";
    assert_eq!(found_in(&with_module(named)), []);
    let without = text("cp312-cp312-musllinux_1_2_x86_64");
    let found = found_in(&with_module(named).metadata("WHEEL", without));
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, true), "{found:?}");
    assert_eq!(found[0].message, "`demo-1.0.dist-info/WHEEL` has the build tag none, the file name `7`");
    let with = text("cp312-cp312-musllinux_1_2_x86_64") + "Build: 7\n";
    let found = found_in(&with_module(SOUND).metadata("WHEEL", with));
    // The name of the result has none, and `Build` is not changed.
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
}
