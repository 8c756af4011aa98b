//! `unknown-platform-tag`.

use muslrepair::audit::Severity;

use crate::support::wheel_builder::WheelBuilder;

use super::Case;
use super::wheels::{SOUND, found_in, found_in_of, with_module};

pub const CASE: Case = Case {
    code: "unknown-platform-tag",
    breaks: || found_in(&with_module("demo-1.0-cp312-cp312-alpine_3_18_x86_64.musllinux_1_2_x86_64.whl")),
    keeps: || found_in(&with_module(SOUND)),
};

#[test]
fn a_wheel_that_only_has_unknown_platform_tags_is_an_error() {
    let found = |tags: &str| {
        let found =
            found_in_of("unknown-platform-tag", &with_module(&format!("demo-1.0-cp312-cp312-{tags}.whl")));
        found.first().map(|finding| (finding.severity, finding.fixed_by_repair))
    };
    for tags in ["linux", "linux_amd64", "musllinux_1_2_amd64", "linux.linux_amd64"] {
        assert_eq!(found(tags), Some((Severity::Error, true)), "{tags}");
    }
    assert_eq!(found("linux.musllinux_1_2_x86_64"), Some((Severity::Warning, true)));
    for tags in ["linux_x86_64", "macosx_11_0_arm64.musllinux_1_2_x86_64", "musllinux_1_2_x86_64.win32"] {
        assert_eq!(found(tags), None, "{tags}");
    }
    let without = WheelBuilder::new("demo-1.0-py3-none-linux.whl").file("demo/a.py", "");
    let found = found_in_of("unknown-platform-tag", &without);
    assert_eq!((found.len(), found[0].fixed_by_repair), (1, false), "{found:?}");
}
