//! `show --json`, by auditwheel's `show-schema.json`: three shapes, no other keys.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::support::sandbox::{Sandbox, object};
use crate::support::wheel_builder::WheelBuilder;

const NAME: &str = "demo-1.0-cp312-cp312-linux_x86_64.whl";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    version: u32,
    wheel: String,
    pure: bool,
    overall_tag: String,
    sym_tag: String,
    pyfpe: bool,
    ucs2: bool,
    unsupported_isa: bool,
    versioned_symbols: BTreeMap<String, Vec<String>>,
    external_libs: BTreeMap<String, Option<String>>,
    policy_upgrades: BTreeMap<String, Upgrade>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Upgrade {
    libs_to_eliminate: Option<Vec<String>>,
    blacklisted_symbols: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pure {
    version: u32,
    wheel: String,
    pure: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    version: u32,
    wheel: String,
    error: String,
}

fn show(builder: &WheelBuilder, arguments: &[&str]) -> (i32, String) {
    let sandbox = Sandbox::new();
    let path = sandbox.wheel(builder);
    let root = crate::support::sandbox::testdata("rootfs");
    let start = ["show", "--json", path.to_str().unwrap(), "--sysroot", root.to_str().unwrap()];
    let run = sandbox.run(&[&start[..], arguments].concat());
    // The same under auditwheel's name.
    let all = [&start[..], arguments].concat();
    assert_eq!(sandbox.run_as_auditwheel(&all).stdout, run.stdout);
    (run.status, run.stdout)
}

fn platform(extension: &str) -> Platform {
    let (status, json) = show(&WheelBuilder::new(NAME).file("demo/_core.so", object(extension)), &[]);
    assert_eq!(status, 0);
    assert!(json.starts_with("{\n    \"version\": 1,\n    \"wheel\": \""), "{json}");
    let shown: Platform = serde_json::from_str(&json).unwrap();
    assert_eq!((shown.version, shown.wheel.as_str(), shown.pure), (1, NAME, false));
    assert_eq!((shown.pyfpe, shown.ucs2, shown.unsupported_isa), (false, false, false));
    shown
}

#[test]
fn a_platform_wheel_that_needs_a_library() {
    let shown = platform("x86_64/core.so");
    assert_eq!(
        (shown.overall_tag.as_str(), shown.sym_tag.as_str()),
        ("linux_x86_64", "musllinux_1_2_x86_64")
    );
    assert_eq!(shown.external_libs["libgreet.so.3"].as_deref(), Some("/usr/lib/libgreet.so.3.1"));
    let upgrade = &shown.policy_upgrades["musllinux_1_2_x86_64"];
    assert_eq!(upgrade.libs_to_eliminate.as_deref(), Some(&["libgreet.so.3".to_owned()][..]));
    assert!(upgrade.blacklisted_symbols.is_none());
    assert!(shown.versioned_symbols.is_empty());
}

#[test]
fn a_platform_wheel_that_needs_nothing() {
    let shown = platform("x86_64/ext_plain.so");
    assert_eq!(shown.overall_tag, "musllinux_1_2_x86_64");
    assert!(shown.external_libs.is_empty() && shown.policy_upgrades.is_empty());
}

#[test]
fn a_platform_wheel_with_forbidden_symbols_and_one_with_missing_libraries() {
    let shown = platform("x86_64/ext_zlib_private.so");
    let forbidden = shown.policy_upgrades["musllinux_1_2_x86_64"].blacklisted_symbols.as_ref().unwrap();
    assert_eq!(forbidden["libz.so.1"], ["inflate_table"]);
    assert_eq!(platform("x86_64/ext_missing.so").external_libs["libabsent.so.7"], None);
}

#[test]
fn a_pure_wheel() {
    let builder = WheelBuilder::new("six-1.0-py3-none-any.whl").purelib().file("six.py", "");
    let (status, json) = show(&builder, &["--allow-pure-python-wheel"]);
    let shown: Pure = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (status, shown.version, shown.wheel.as_str(), shown.pure),
        (0, 1, "six-1.0-py3-none-any.whl", true)
    );
    let (status, json) = show(&builder, &[]);
    let shown: Failure = serde_json::from_str(&json).unwrap();
    assert_eq!((status, shown.version, shown.wheel.as_str()), (1, 1, "six-1.0-py3-none-any.whl"));
    assert!(shown.error.starts_with("This does not look like a platform wheel"));
}

#[test]
fn a_broken_wheel() {
    let broken = WheelBuilder::new(NAME).file("demo/_core.abi3.so", b"\x7fELF\x02\x01\x01\0 and no more");
    let (status, json) = show(&broken, &[]);
    let shown: Failure = serde_json::from_str(&json).unwrap();
    assert_eq!((status, shown.version, shown.wheel.as_str()), (1, 1, NAME));
    assert!(shown.error.contains("`demo/_core.abi3.so`"), "{}", shown.error);
}
